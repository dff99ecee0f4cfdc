"""A batch of payloads through all stages."""

from datetime import UTC, datetime

import orjson
import pytest

from pipeline.enrichment import Enrichment, UnreadablePayload, read_feedback
from schemas.feedback import EnrichedFeedback, Feedback, Label

ENRICHMENT = Enrichment()
RAW = Feedback.collect(
    source="file",
    native_id="enrichment/1",
    created_at=datetime(2026, 8, 3, tzinfo=UTC),
    family="form",
    text="The receptionist was rude and I waited two hours.",
    fft={"value": 4},
)


def test_an_enriched_record_keeps_what_was_collected_and_reads_back_the_same() -> None:
    ((_, enriched),), refusals = ENRICHMENT.enrich_payloads([RAW.to_payload()])
    assert refusals == []
    assert Feedback(**{name: getattr(enriched, name) for name in Feedback.model_fields}) == RAW
    assert EnrichedFeedback.from_payload(enriched.to_payload()) == enriched
    assert enriched.sentiment.label is Label.NEGATIVE
    assert "waiting_time" in enriched.topics
    assert set(enriched.versions) == {"language", "sentiment", "topics"}


def test_what_cannot_be_read_is_refused_and_harms_nobody_else() -> None:
    off_scale = orjson.loads(RAW.to_payload()) | {"stars": {"value": 9}}
    payloads = [b"{", RAW.to_payload(), None, orjson.dumps(off_scale), b"\xff\xfe", b"[]"]
    enriched, refusals = ENRICHMENT.enrich_payloads(payloads)
    assert [index for index, _ in enriched] == [1]
    assert [refusal.index for refusal in refusals] == [0, 2, 3, 4, 5]


def test_a_refusal_does_not_repeat_what_a_person_wrote() -> None:
    written = "my name is Zebedee"
    fields = orjson.loads(RAW.to_payload()) | {"author": written, "text": written}
    with pytest.raises(UnreadablePayload) as refusal:
        read_feedback(orjson.dumps(fields))
    assert "author" in str(refusal.value)
    assert "Zebedee" not in str(refusal.value)
