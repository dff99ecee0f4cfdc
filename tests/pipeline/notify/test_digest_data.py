"""Data of digests and examples of notices, with a real Elasticsearch and Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from pipeline.elasticsearch.client import connect, connect_async
from pipeline.failures import TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.digest import CommentCounts
from pipeline.notify.digest_data import DigestData
from pipeline.notify.routes import Route, build_routes
from pipeline.settings import Settings
from pipeline.watch.alert_settings import AlertSettings
from schemas.alert import AlertState
from schemas.alert_documents import ALERTS_INDEX
from schemas.case import Case, CaseStatus
from schemas.case_documents import CASES_INDEX, case_document
from schemas.coverage import Coverage
from schemas.documents import document, index_name
from schemas.feedback import Family, Priority
from schemas.kafka_topics import COVERAGE
from schemas.message import Message
from schemas.record import deterministic_id
from schemas.score import Dimensions, MeasureName, Period, PeriodName, Score
from schemas.score_documents import SCORES_INDEX, score_document
from tests.pipeline.notify.receivers import free_port
from tests.pipeline.notify.samples import STARTED, an_alert
from tests.schemas.test_documents import FULL

SINCE = datetime(2026, 8, 3, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=1)


def a_route(**settings: Any) -> Route:
    values = {"apprise": "json://example.org", "digest": "daily", **settings}
    (route,) = build_routes({"notify": {"board": values}}, lambda _: None)
    return route


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Any]:
    """Elasticsearch; the documents of these tests are taken out again, since others count."""
    async with connect_async(settings) as client:
        yield client
        for index, sites in ((ALERTS_INDEX, "feedback.site"), (CASES_INDEX, "case.site")):
            await client.indices.refresh(index=index)
            content = await client.search(index=index, query={"terms": {sites: ["Maple", "Oak"]}})
            for hit in content["hits"]["hits"]:
                await client.delete(index=index, id=hit["_id"], refresh=True)
        for score in (a_score(None, 40), a_score("Maple", 10)):
            await client.options(ignore_status=404).delete(index=SCORES_INDEX, id=score.score_id)


async def put_sources(settings: Settings, sources: dict[str, bytes]) -> None:
    kafka = BatchProducer(settings.kafka)
    await kafka.start()
    await kafka.write(
        [Message(COVERAGE, key.encode(), value, []) for key, value in sources.items()]
    )
    await kafka.stop()


def a_case(number: int, **fields: Any) -> Case:
    values: dict[str, Any] = {
        "case_id": deterministic_id("summaries", str(number)),
        "revision": 1,
        "events": (),
        "feedback_id": FULL.event_id,
        "type": "complaint",
        "priority": Priority.HIGH,
        "opened_at": SINCE,
        "updated_at": SINCE,
        "due_at": UNTIL,
        "source": "rss",
        "site": "Maple",
        "given_at": SINCE,
    }
    return Case(**{**values, **fields})


def a_score(site: str | None, value: float) -> Score:
    return Score.create(
        MeasureName.NPS,
        Period(name=PeriodName.DAY, start=SINCE, end=UNTIL),
        Dimensions(site=site),
        n=20,
        value=value,
        low=value - 9,
        high=value + 9,
        suppressed=False,
        computed_at=UNTIL,
    )


def a_source(instance: str, **fields: Any) -> tuple[str, bytes]:
    values: dict[str, Any] = {
        "source": "rss",
        "instance": instance,
        "site": "Maple",
        "family": Family.SOCIAL,
        "started_at": UNTIL,
        "finished_at": UNTIL,
        "first_at": SINCE,
    }
    return deterministic_id("summaries", instance), Coverage(**{**values, **fields}).to_payload()


async def test_a_digest_gathers_what_its_route_is_for(settings: Settings, client: Any) -> None:
    over, on = an_alert("Maple", state=AlertState.RESOLVED), an_alert("Maple", topic="food")
    long_ago = an_alert(
        "Maple", started_at=SINCE - timedelta(days=9), updated_at=SINCE - timedelta(days=8)
    )
    documents = AlertIndex(client)
    assert await documents.write([over, on, long_ago, an_alert("Oak")]) == []
    with connect(settings) as blocking:
        for case in (
            a_case(1),
            a_case(2, overdue=True),
            a_case(3, status=CaseStatus.RESOLVED, resolved_at=UNTIL),
            a_case(4, site="Oak"),
        ):
            blocking.index(
                index=CASES_INDEX, id=case.case_id, document=case_document(case), refresh=True
            )
        for score in (a_score(None, 40), a_score("Maple", 10)):
            blocking.index(index=SCORES_INDEX, id=score.score_id, document=score_document(score))
    sources = dict(
        [
            a_source("fine"),
            a_source("broken", error="status 500"),
            a_source("elsewhere", error="status 500", site="Oak"),
        ]
    )
    await put_sources(settings, sources)
    summaries = DigestData(client, settings.kafka, AlertSettings())
    content = await summaries.gather(a_route(sites=["map*"]), SINCE, UNTIL)
    assert {alert.alert_id for alert in content.alerts} == {over.alert_id, on.alert_id}
    assert content.cases == (2, 1)
    assert [coverage.instance for coverage in content.troubled] == ["broken"]
    assert content.scores == []
    await put_sources(settings, dict.fromkeys(sources, b""))
    everywhere = await summaries.gather(a_route(), SINCE, UNTIL)
    assert {score.measure: score.value for score in everywhere.scores}[MeasureName.NPS] == 40


def a_comment(number: int, label: str, *, site: str = "Maple", **fields: Any) -> dict[str, Any]:
    """The document of a comment of the digest's day."""
    payload = orjson.loads(FULL.to_payload())
    sentiment = {"label": label, "mixed": fields.pop("mixed", False)}
    sentiment["by_translation"] = fields.pop("by_translation", False)
    new = {"created_at": (SINCE + timedelta(hours=number)).isoformat(), "site": site}
    new["maybe_urgent"] = fields.pop("maybe_urgent", False)
    return document({**payload, "sentiment": sentiment, "topic_sentiments": [], **new, **fields})


async def test_a_digest_counts_what_to_read_soon_and_labels_by_translation_apart(
    settings: Settings, client: Any
) -> None:
    comments = [
        a_comment(1, "negative", mixed=True, maybe_urgent=True),
        a_comment(2, "positive"),
        a_comment(3, "not_scored", maybe_urgent=True),
        a_comment(4, "negative", by_translation=True, mixed=True),
        a_comment(5, "positive", by_translation=True),
        a_comment(6, "negative", site="Oak", maybe_urgent=True),
        a_comment(30, "negative", maybe_urgent=True),
    ]
    with connect(settings) as blocking:
        for number, body in enumerate(comments):
            index = index_name(SINCE)
            blocking.index(index=index, id=f"digest-{number}", document=body, refresh=True)
    try:
        digests = DigestData(client, settings.kafka, AlertSettings())
        content = await digests.gather(a_route(sites=["map*"]), SINCE, UNTIL)
    finally:
        with connect(settings) as blocking:
            for number in range(len(comments)):
                blocking.delete(index=index_name(SINCE), id=f"digest-{number}", refresh=True)
    assert content.comments == CommentCounts(
        maybe_urgent=2, scored=2, mixed=1, by_translation=2, negative_by_translation=1
    )


async def test_a_digest_waits_for_a_server_that_is_away(settings: Settings) -> None:
    away = settings.model_copy(update={"elasticsearch_url": f"http://127.0.0.1:{free_port()}"})
    async with connect_async(away) as client:
        summaries = DigestData(client, settings.kafka, AlertSettings())
        with pytest.raises(TransientError, match="gathering a digest: ConnectionError"):
            await summaries.gather(a_route(), SINCE, UNTIL)


async def test_the_comments_that_an_alert_names_are_looked_up(
    settings: Settings, client: Any
) -> None:
    body = document(orjson.loads(FULL.to_payload()))
    with connect(settings) as blocking:
        blocking.index(index=index_name(STARTED), id=FULL.event_id, document=body, refresh=True)
    alert = an_alert("Maple", example_ids=(FULL.event_id, "f" * 32))
    try:
        assert await AlertIndex(client).read_examples(alert) == [" ".join(FULL.text.split())]
    finally:
        with connect(settings) as blocking:
            blocking.delete(index=index_name(STARTED), id=FULL.event_id)
