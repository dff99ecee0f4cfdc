"""Counts of the index by a real Elasticsearch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from pipeline.elasticsearch.client import connect
from pipeline.search.overview import Overview, overview_query, read_overview
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS, document, index_name
from schemas.feedback import EnrichedFeedback, Label, Language, Sentiment, TopicSentiment

SOURCE = "overview_test"
DAY = datetime(2026, 4, 10, tzinfo=UTC)


def _document(number: int, label: Label, **fields: Any) -> dict[str, Any]:
    record = EnrichedFeedback.collect(
        source=SOURCE,
        native_id=str(number),
        created_at=DAY + timedelta(days=number),
        text="Fine",
        family="form",
        site="Overlook",
        enriched_at=DAY,
        detected_language=Language(code="en", confidence=0.9),
        sentiment=Sentiment(label=label, method="test"),
        **fields,
    )
    return document(orjson.loads(record.to_payload()))


@pytest.fixture(scope="module")
def overview(settings: Settings) -> Overview:
    documents = [
        _document(0, Label.NEGATIVE, urgent=True, urgent_reasons=("self_harm", "safeguarding"),
                  redactions={"email": 1, "phone": 12}),
        _document(1, Label.NEGATIVE, urgent=True, urgent_reasons=("safeguarding",),
                  topics=("food",)),
        _document(2, Label.POSITIVE, redactions={"email": 2}, topics=("food",)),
        _document(3, Label.NOT_SCORED, redactions={"email": 2}),
        _document(4, Label.NEGATIVE, topics=("food",), topic_sentiments=(
            TopicSentiment(topic="food", label=Label.POSITIVE, probability=0.9),)),
        _document(5, Label.NOT_SCORED, topics=("food",)),
    ]  # fmt: skip
    with connect(settings) as client:
        for body in documents:
            created_at = datetime.fromisoformat(body["@timestamp"])
            client.index(index=index_name(created_at), document=body, refresh=True)
        answer = client.search(
            index=READ_ALIAS, body=overview_query(SOURCE, since=DAY + timedelta(days=2))
        )
    return read_overview(answer.body)


def test_urgent_comments_are_counted_once_and_for_each_of_their_reasons(overview: Overview) -> None:
    assert overview.urgent == 2
    assert overview.reasons == {"safeguarding": 2, "self_harm": 1}


def test_hidden_values_are_added_up_by_type_the_most_first(overview: Overview) -> None:
    assert list(overview.hidden.items()) == [("phone", 12), ("email", 5)]


def test_the_share_negative_is_of_what_was_scored(overview: Overview) -> None:
    (site,), late = overview.sites, overview.lately["Overlook"]
    assert (site.count, late.count) == (6, 4)
    assert (site.share_negative, late.share_negative) == (3 / 4, 1 / 2)


def test_the_share_negative_of_a_topic_is_of_its_own_sentiment(overview: Overview) -> None:
    (food,) = overview.topics
    assert (food.name, food.count, food.share_negative) == ("food", 4, 1 / 3)
