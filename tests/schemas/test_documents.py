"""The document of a record, against a real and strict index."""

from datetime import UTC, datetime

import orjson

from pipeline.settings import Settings
from pipeline.sinks.elasticsearch_client import connect
from schemas.documents import document, index_name
from schemas.feedback import EnrichedFeedback, Label, Language, Sentiment

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
    sentiment=Sentiment(label=Label.NEGATIVE, method="m", compound=-0.4, neutral=1.0),
    topics=("waiting_time",),
    themes=("efficiency_and_responsiveness",),
    versions={"sentiment": "m"},
)


def test_the_index_is_the_month_in_which_feedback_was_given() -> None:
    assert index_name(GIVEN) == "feedback-2026.08.01"


def test_don_t_know_has_a_value_and_no_score() -> None:
    body = document(orjson.loads(FULL.to_payload()))
    assert body["feedback"]["measures"]["fft"] == {"value": 6.0}
    assert body["feedback"]["measures"]["stars"] == {"value": 2.0, "score": 0.25}


def test_the_strict_mapping_takes_every_field_of_a_record(settings: Settings) -> None:
    body = document(orjson.loads(FULL.to_payload()))
    with connect(settings) as client:
        index = index_name(GIVEN)
        client.index(index=index, id=FULL.event_id, document=body, refresh=True)
        found = client.get(index=index, id=FULL.event_id)["_source"]
        client.delete(index=index, id=FULL.event_id, refresh=True)
    assert found == orjson.loads(orjson.dumps(body))
