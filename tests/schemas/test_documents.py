"""The document of a record, against a real and strict index."""

from datetime import UTC, datetime
from typing import Any

import orjson

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from schemas.documents import TOPIC_LISTS, document, document_version, index_name, mappings
from schemas.feedback import (
    EnrichedFeedback,
    Label,
    Language,
    Level,
    Priority,
    Sentiment,
    TopicSentiment,
    Translation,
)

GIVEN = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)
FULL = EnrichedFeedback.collect(
    source="file",
    native_id="documents/1",
    created_at=GIVEN,
    family="review",
    text="Waited four hours.",
    question="What could we do better?",
    stars={"value": 2},
    nps={"value": 3},
    csat={"value": 4},
    ces={"value": 1},
    fft={"value": 6},
    organization="Trust",
    site="North",
    service="A&E",
    author="0" * 32,
    language="en-GB",
    url="https://example.org/r/1",
    attributes={"ward": "7"},
    enriched_at=GIVEN,
    detected_language=Language(code="en", confidence=0.9),
    sentiment=Sentiment(
        label=Label.NEGATIVE,
        method="m",
        probability=0.9,
        level=Level.VERY_NEGATIVE,
        level_probability=0.6,
        contradicts_rating=False,
        mixed=True,
        head="survey",
        not_scored="language",
        by_translation=True,
        compound=-0.4,
        positive=0.0,
        neutral=0.4,
        negative=0.6,
    ),
    topics=("waiting_time",),
    themes=("efficiency_and_responsiveness",),
    topic_probabilities={"waiting_time": 0.8},
    interactions=("appointment_scheduling",),
    priority=Priority.HIGH,
    urgent=True,
    urgent_reasons=("self_harm",),
    maybe_urgent=True,
    maybe_urgent_reasons=("safeguarding",),
    topic_sentiments=(
        TopicSentiment(
            topic="waiting_time", label=Label.NEGATIVE, probability=0.75, evidence=((0, 6),)
        ),
    ),
    translation=Translation(text="Waited four hours.", language="pl", service="libretranslate"),
    redactions={"email": 2},
    evidence={"sentiment": ((0, 6),), "topic:waiting_time": ((0, 6), (12, 17))},
    versions={"sentiment": "m"},
)


def test_the_index_is_the_month_in_which_feedback_was_given() -> None:
    assert index_name(GIVEN) == "feedback-2026.08.01"


def test_a_translation_and_a_deletion_are_later_than_their_revision_and_an_edit_than_all() -> None:
    record = {"operation": "upsert", "revision": 10}
    translated = {**record, "translation": {"text": "Thanks."}}
    deleted = {**record, "operation": "delete"}
    edited = {**record, "revision": 11}
    versions = [document_version(each) for each in (record, translated, deleted, edited)]
    assert versions[0] < versions[1] == versions[2] < versions[3]


def test_don_t_know_has_a_value_and_no_score() -> None:
    body = document(orjson.loads(FULL.to_payload()))
    assert body["feedback"]["measures"]["fft"] == {"value": 6.0}
    assert body["feedback"]["measures"]["stars"] == {"value": 2.0, "score": 0.25}


def test_a_record_of_an_earlier_version_is_not_urgent_and_has_no_empty_fields() -> None:
    fields = orjson.loads(FULL.to_payload())
    new = ("topic_probabilities", "interactions", "priority", "urgent_reasons", "redactions",
           "evidence", "maybe_urgent", "maybe_urgent_reasons", "translation",
           "topic_sentiments")  # fmt: skip
    body = document({k: v for k, v in fields.items() if k not in {*new, "urgent"}})
    assert body["feedback"]["urgent"] is False
    assert set(new) & set(body["feedback"]) == set()


def _topic_lists(**fields: Any) -> dict[str, list[str]]:
    """The topics by label in the document of the example with other fields."""
    feedback = document({**orjson.loads(FULL.to_payload()), **fields})["feedback"]
    names = {label: f"{label}_topics" for label in ("positive", "neutral", "negative")}
    return {label: feedback[name] for label, name in names.items() if name in feedback}


def test_topics_are_listed_by_their_own_sentiment_and_not_by_the_comments() -> None:
    own = [("staff", "positive"), ("waiting_time", "negative"), ("food", "negative")]
    lists = _topic_lists(
        topics=[topic for topic, _ in own],
        topic_sentiments=[
            {"topic": topic, "label": label, "probability": 0.9, "evidence": []}
            for topic, label in own
        ],
    )
    assert lists == {"positive": ["staff"], "negative": ["waiting_time", "food"]}


def test_topics_of_a_record_of_an_earlier_version_have_the_comments_label() -> None:
    lists = _topic_lists(topics=["staff", "food"], topic_sentiments=[])
    assert lists == {"negative": ["staff", "food"]}


def test_topics_of_a_comment_that_was_not_scored_are_in_no_list() -> None:
    fields = {"sentiment": {"label": "not_scored"}, "topic_sentiments": []}
    assert _topic_lists(topics=["staff"], **fields) == {}


def test_every_list_of_topics_is_mapped_as_the_topics_are() -> None:
    mapped = mappings()["properties"]["feedback"]["properties"]
    for label, field in TOPIC_LISTS.items():
        assert field == f"feedback.{label}_topics"
        assert mapped[field.removeprefix("feedback.")] == mapped["topics"]


def test_the_example_has_every_field_of_a_record() -> None:
    unset = {name for name, value in FULL if value is None or value in ((), {})}
    unset |= {name for name, value in FULL.sentiment if value is None}
    assert unset == set()


def test_the_strict_mapping_takes_every_field_of_a_record(settings: Settings) -> None:
    body = document(orjson.loads(FULL.to_payload()))
    with connect(settings) as client:
        index = index_name(GIVEN)
        client.index(index=index, id=FULL.event_id, document=body, refresh=True)
        source = client.get(index=index, id=FULL.event_id)["_source"]
        client.delete(index=index, id=FULL.event_id, refresh=True)
    assert source == orjson.loads(orjson.dumps(body))
