"""JSON of enriched feedback: the same as pydantic's, whatever the record holds."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.feedback import (
    EnrichedFeedback,
    Family,
    Label,
    Language,
    Level,
    Operation,
    Sentiment,
    TopicSentiment,
    Translation,
)
from schemas.measures import Fft, Nps, Stars
from schemas.quick_json import dump_fields
from schemas.record import Record, deterministic_id

SHARES = st.floats(0, 1)
NAMES = st.text(min_size=1, max_size=20)
TIMES = st.datetimes(
    datetime(1990, 1, 2),
    datetime(2100, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
SPANS = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple)
SENTIMENTS = st.builds(
    Sentiment,
    label=st.sampled_from(Label),
    method=NAMES,
    probability=st.none() | SHARES,
    level=st.none() | st.sampled_from(Level),
    contradicts_rating=st.none() | st.booleans(),
    compound=st.none() | st.floats(-1, 1),
    mixed=st.booleans(),
    not_scored=st.none() | st.sampled_from(["language", "script"]),
)
TOPIC_SENTIMENTS = st.builds(
    TopicSentiment, topic=NAMES, label=st.sampled_from(Label), probability=SHARES, evidence=SPANS
)
TRANSLATIONS = st.builds(Translation, text=st.text(), language=NAMES, service=NAMES)
RECORDS = st.fixed_dictionaries(
    {
        "source": NAMES,
        "family": st.sampled_from(Family),
        "native_id": NAMES,
        "revision": st.integers(0, 2**62),
        "operation": st.sampled_from(Operation),
        "backfill": st.booleans(),
        "collected_at": TIMES,
        "text": st.text(),
        "question": st.none() | st.text(),
        "stars": st.none() | st.builds(Stars, value=st.floats(1, 5)),
        "nps": st.none() | st.builds(Nps, value=st.integers(0, 10)),
        "fft": st.none() | st.builds(Fft, value=st.integers(1, 6)),
        "site": st.none() | NAMES,
        "attributes": st.dictionaries(st.text(), st.text(), max_size=3),
        "enriched_at": TIMES,
        "detected_language": st.builds(Language, code=NAMES, confidence=SHARES),
        "sentiment": SENTIMENTS,
        "topics": st.lists(NAMES, max_size=3).map(tuple),
        "topic_probabilities": st.dictionaries(NAMES, SHARES, max_size=3),
        "topic_sentiments": st.lists(TOPIC_SENTIMENTS, max_size=2).map(tuple),
        "translation": st.none() | TRANSLATIONS,
        "urgent": st.booleans(),
        "redactions": st.dictionaries(NAMES, st.integers(0, 9), max_size=2),
        "evidence": st.dictionaries(NAMES, SPANS, max_size=3),
        "versions": st.dictionaries(NAMES, NAMES, max_size=3),
    }
)


def a_record(**fields: Any) -> EnrichedFeedback:
    return EnrichedFeedback(
        event_id=deterministic_id("a"), created_at=fields["collected_at"], **fields
    )


@given(RECORDS)
@settings(deadline=None, max_examples=200)
def test_the_json_is_pydantics(fields: dict[str, Any]) -> None:
    record = a_record(**fields)
    payload = record.to_payload()
    assert orjson.loads(payload) == orjson.loads(Record.to_payload(record))
    assert EnrichedFeedback.from_payload(payload) == record


def test_what_is_none_is_left_out_at_every_depth() -> None:
    sentiment = Sentiment(label=Label.NEUTRAL, method="m")
    assert dump_fields({"a": None, "b": {"sentiment": sentiment}}) == (
        b'{"b":{"sentiment":{"label":"neutral","method":"m","mixed":false,"by_translation":false}}}'
    )


def test_a_value_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError):
        dump_fields({"a": object()})
    with pytest.raises(TypeError):
        dump_fields({"a": "\ud800"})
