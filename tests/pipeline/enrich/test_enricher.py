"""A batch of payloads through all stages."""

import time
from datetime import UTC, datetime

import orjson
import pytest

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.enricher import Enricher, UnreadablePayload, read_feedback
from pipeline.stages.redact import Redactor
from schemas.feedback import EnrichedFeedback, Feedback, Label

ENRICHMENT = Enricher()
RAW = Feedback.collect(
    source="file",
    native_id="enrichment/1",
    created_at=datetime(2026, 8, 3, tzinfo=UTC),
    family="form",
    text="The receptionist was rude and I waited two hours.",
    question="What could we do better?",
    fft={"value": 4},
    attributes={"ward": "A4"},
)


def test_an_enriched_record_keeps_what_was_collected_and_reads_back_the_same() -> None:
    ((_, enriched),), refusals = ENRICHMENT.enrich_payloads([RAW.to_payload()])
    assert refusals == []
    assert Feedback(**{name: getattr(enriched, name) for name in Feedback.model_fields}) == RAW
    assert EnrichedFeedback.from_payload(enriched.to_payload()) == enriched
    assert enriched.sentiment.label is Label.NEGATIVE
    assert "waiting_time" in enriched.topics
    assert enriched.versions == ENRICHMENT.versions
    assert enriched.versions.keys() == {
        *("redaction", "language", "vader", "sentiment", "topics", "taxonomy", "urgency")
    }


@pytest.mark.parametrize("text", ["", "La espera fue horrible y nadie me explicó nada", "👍", "ok"])
def test_an_enriched_record_is_valid_whatever_was_found(text: str) -> None:
    record = RAW.model_copy(update={"text": text, "question": None, "fft": None})
    at = datetime(2026, 8, 4, tzinfo=UTC)
    enriched = ENRICHMENT.enrich(record, at=at)
    assert EnrichedFeedback.from_payload(enriched.to_payload()) == enriched
    assert enriched.enriched_at == at


def test_personal_data_does_not_leave_with_an_enriched_record() -> None:
    question = "Ask jane@example.org"
    record = RAW.model_copy(
        update={"text": question, "question": question, "attributes": {"who": question}}
    )
    enriched = ENRICHMENT.enrich(record, at=datetime.now(UTC))
    assert b"jane" not in enriched.to_payload()


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


class Stumbling:
    """Finds no names, and stumbles over one."""

    def find(self, text: str) -> list[tuple[int, int]]:
        if "Zebedee" in text:
            raise RecursionError(text)
        return []


def test_a_record_that_a_stage_stumbles_over_is_refused_and_the_others_go_on() -> None:
    enrichment = Enricher(CommentAnalyzer.load(redactor=Redactor(names=Stumbling())))
    texts = ["Kind nurses", "Zebedee was kind", "I waited"]
    payloads = [RAW.model_copy(update={"text": text}).to_payload() for text in texts]
    enriched, refusals = enrichment.enrich_payloads([*payloads, b"{"])
    assert [(index, record.text) for index, record in enriched] == [(0, texts[0]), (2, texts[2])]
    assert [(refusal.index, refusal.error) for refusal in refusals] == [
        (1, "RecursionError"),
        (3, "ValidationError"),
    ]
    assert refusals[0].reason == "enriching feedback: RecursionError"


def seconds(words: int) -> float:
    sentence = "the nurse was not rude, but I waited 2 hours on the ward for him. "
    record = RAW.model_copy(update={"text": (sentence * words)[: words * 5]})
    rounds = []
    for _ in range(5):
        began = time.process_time()
        ENRICHMENT.enrich(record, at=RAW.created_at)
        rounds.append(time.process_time() - began)
    return min(rounds)


def test_twenty_thousand_words_take_milliseconds_and_twice_as_many_twice_the_time() -> None:
    half, whole = seconds(10_000), seconds(20_000)
    assert whole < 0.3
    assert whole < 3 * half
