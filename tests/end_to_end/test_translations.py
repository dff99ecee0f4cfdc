"""Comments in other languages, through Kafka, a translation service and Elasticsearch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.elasticsearch.client import connect
from pipeline.scores.drivers import answers_query, read_answers
from pipeline.scores.measures import MEASURES
from pipeline.settings import Settings
from pipeline.streams.lag import count_waiting_records, group_lags
from pipeline.streams.roles import CONSUMER_GROUPS, Role
from schemas.documents import READ_ALIAS
from schemas.feedback import Feedback, Operation
from schemas.kafka_topics import DEAD, ENRICHED, SIGNALS, TRANSLATIONS
from schemas.score import MeasureName, Period, PeriodName
from tests.support.fake_service import Served
from tests.support.kafka import Arrivals, read_all
from tests.support.pipeline import comments, patient, publish, wait_until
from tests.support.translators import ENGLISH, KEY, FakeDeepL, FakeLibreTranslate, FakeTranslator
from tests.support.worker import running_roles

pytestmark = pytest.mark.slow

THANKS, WAITED, SUICIDAL, POLISH = list(ENGLISH)[1:5]
ROLES = (Role.ENRICH, Role.INDEX, Role.TRANSLATE)


def make(source: str, *texts: str, **fields: Any) -> list[Feedback]:
    return [
        record.model_copy(update={"text": text, **fields})
        for record, text in zip(comments(source, len(texts)), texts, strict=True)
    ]


@contextmanager
def translating(settings: Settings, folder: Path, fake: FakeTranslator) -> Iterator[Settings]:
    """Serve the fake, and yield settings whose file names it."""
    with Served(fake.app) as served:
        table = fake.settings(served.url)
        lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in table.items()]
        config = folder / "feedback.toml"
        config.write_text("\n".join(["[translate]", *lines]))
        yield settings.model_copy(update={"config": config})


def find(settings: Settings, record: Feedback) -> dict[str, Any]:
    """The document of a record, or an empty one."""
    with connect(settings) as client:
        client = patient(client)
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        response = client.search(
            index=READ_ALIAS, query={"ids": {"values": [record.event_id]}}, ignore_unavailable=True
        )
    hits = response["hits"]["hits"]
    assert len(hits) <= 1
    return dict(hits[0]["_source"]) if hits else {}


def is_translated(settings: Settings, record: Feedback) -> bool:
    return "translation" in find(settings, record).get("feedback", {})


def wait_for_translation(settings: Settings, record: Feedback) -> dict[str, Any]:
    """The document of a record once it has its translation."""
    wait_until(lambda: is_translated(settings, record), seconds=60, what="a translation")
    return find(settings, record)


def wait_for_rest(settings: Settings) -> None:
    """Wait until every role has read everything, twice in a row."""
    for _ in range(2):
        wait_until(lambda: count_waiting_records(settings, ROLES) == 0, seconds=60, what="rest")


def test_a_comment_is_published_at_once_and_again_with_its_translation(
    settings: Settings, tmp_path: Path
) -> None:
    fake = FakeLibreTranslate()
    thanks, waited, polish, english = make(
        "translate", f"{THANKS} Rufen Sie mich an: jane.roe82@example.org", WAITED, POLISH,
        "The nurses were lovely and explained everything.",
    )  # fmt: skip
    suicidal = make("translate_urgent", SUICIDAL)[0]
    enriched, signals = Arrivals(settings, ENRICHED), Arrivals(settings, SIGNALS)
    with translating(settings, tmp_path, fake) as translated_settings:
        publish(settings, [thanks, waited, polish, english, suicidal])
        with running_roles(translated_settings, *ROLES):
            document = wait_for_translation(settings, waited)
            for record in (thanks, polish, suicidal):
                wait_for_translation(settings, record)
            wait_for_rest(translated_settings)
        groups = {lag["group"] for lag in group_lags(translated_settings) or ()}
    feedback = document["feedback"]
    assert document["message"] == WAITED
    assert feedback["translation"] == {
        "text": ENGLISH[WAITED], "language": "de", "service": "libretranslate",
    }  # fmt: skip
    assert feedback["sentiment"]["label"] == "negative"
    assert feedback["sentiment"]["by_translation"] is True
    assert feedback["language"]["detected"] == "de"
    assert not is_translated(settings, english)
    # Redacted before it leaves.
    assert "jane.roe82" not in str(fake.texts)
    assert any("[EMAIL]" in text for text in fake.texts)
    # Twice: first not scored, then with the translation, as events of their own.
    events = [orjson.loads(each.value or b"") for each in enriched.read()]
    own = [each for each in events if each["event_id"] == waited.event_id]
    assert [each["sentiment"]["label"] for each in own] == ["not_scored", "negative"]
    assert [each["revision"] for each in own] == [waited.revision] * 2
    # Alerts count each comment once, and never one by its translation.
    sources = {thanks.source, suicidal.source}
    counted = [orjson.loads(each.value or b"") for each in signals.read()]
    counted = [each for each in counted if each["source"] in sources]
    assert sorted(each["event_id"] for each in counted) == sorted(
        each.event_id for each in (thanks, waited, polish, english, suicidal)
    )
    assert suicidal.event_id not in {each["event_id"] for each in counted if each["urgent"]}
    # Scores leave translations out.
    measure = MEASURES[MeasureName.SHARE_NEGATIVE]
    period = Period(
        name=PeriodName.CUSTOM,
        start=datetime(2020, 1, 1, tzinfo=UTC),
        end=datetime(2030, 1, 1, tzinfo=UTC),
    )
    query = answers_query(measure, {"term": {"event.dataset": "translate"}}, period, None)
    with connect(settings) as client:
        arguments = {name.removeprefix("_"): value for name, value in query.items()}
        hits = client.search(index=READ_ALIAS, **arguments)["hits"]["hits"]
    assert len(read_answers(measure, hits)) == 1
    urgent = find(settings, suicidal)["feedback"]
    assert (urgent["urgent"], urgent["maybe_urgent_reasons"]) == (False, ["self_harm"])
    assert CONSUMER_GROUPS[Role.TRANSLATE] in groups
    assert CONSUMER_GROUPS[Role.TRANSLATE] not in {
        each["group"] for each in group_lags(settings) or ()
    }
    assert KEY not in str([each.value for each in read_all(settings, TRANSLATIONS)])


def test_a_translation_outlives_repeats_and_gives_way_to_an_edit(
    settings: Settings, tmp_path: Path
) -> None:
    fake = FakeDeepL()
    (first,) = make("translate_edit", "Wir haben vier Stunden auf den Arzt gewartet, schlimm.")
    edited = first.model_copy(
        update={"revision": first.revision + 1, "text": "It was all right after all."}
    )
    with (
        translating(settings, tmp_path, fake) as translated_settings,
        running_roles(translated_settings, *ROLES),
    ):
        publish(settings, [first])
        wait_for_translation(settings, first)
        publish(settings, [first])  # at least once
        wait_for_rest(translated_settings)
        assert is_translated(settings, first)
        assert len(fake.texts) == 1  # from the cache
        publish(settings, [edited])
        wait_until(
            lambda: find(settings, first)["message"] == edited.text, seconds=30, what="the edit"
        )
        publish(settings, [first])  # a late translation of the old edit
        wait_for_rest(translated_settings)
        assert find(settings, first)["message"] == edited.text
        assert not is_translated(settings, first)


def test_what_is_deleted_while_the_service_is_away_stays_deleted(
    settings: Settings, tmp_path: Path
) -> None:
    fake = FakeDeepL()
    gone, stays = make(
        "translate_deleted", "Das Essen war kalt und die Schwestern unfreundlich.", WAITED + " Ja."
    )
    deletion = gone.model_copy(
        update={"revision": gone.revision + 1, "operation": Operation.DELETE, "text": ""}
    )
    enriched = Arrivals(settings, ENRICHED)
    fake.answers.extend([(503, {"Retry-After": "1"})] * 6)
    with (
        translating(settings, tmp_path, fake) as translated_settings,
        running_roles(translated_settings, *ROLES),
    ):
        publish(settings, [gone, stays])
        # Nothing waits for the service: the comments are in the index, not scored.
        wait_until(lambda: bool(find(settings, gone)), seconds=30, what="the comment")
        assert find(settings, gone)["feedback"]["sentiment"]["label"] == "not_scored"
        publish(settings, [deletion])
        wait_until(lambda: not find(settings, gone), seconds=30, what="the deletion")
        wait_for_translation(settings, stays)
        wait_for_rest(translated_settings)
        assert find(settings, gone) == {}
    events = [orjson.loads(each.value or b"") for each in enriched.read()]
    own = [each for each in events if each["event_id"] == gone.event_id]
    assert [each["operation"] for each in own] == ["upsert", "delete"]


def test_a_text_that_the_service_refuses_is_dead_lettered_and_harms_no_other(
    settings: Settings, tmp_path: Path
) -> None:
    fake = FakeDeepL()
    refused, fine = make(
        "translate_refused", "Diesen Satz kann der Dienst leider nicht übersetzen.", WAITED + " !"
    )
    fake.refused = {refused.text}
    with (
        translating(settings, tmp_path, fake) as translated_settings,
        running_roles(translated_settings, *ROLES),
    ):
        publish(settings, [refused, fine])
        wait_for_translation(settings, fine)
        wait_for_rest(translated_settings)
    letters = [orjson.loads(each.value or b"") for each in read_all(settings, DEAD)]
    (letter,) = (each for each in letters if each["stage"] == "translate")
    assert letter["key"] == refused.event_id
    assert letter["reason"] == "translating a comment: the service refuses the text"
    assert find(settings, refused)["feedback"]["sentiment"]["label"] == "not_scored"
