"""Signals: the part of an enriched record that the spike alerts read."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.signals import content_words, signal_payload, site_key, to_signal
from schemas.feedback import (
    EnrichedFeedback,
    Feedback,
    Label,
    Operation,
    Sentiment,
    TopicSentiment,
)
from schemas.signal import Signal

COLLECTED = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def enrichment() -> Enricher:
    return Enricher()


def enrich(
    enrichment: Enricher, text: str = "Terrible, dirty ward.", **fields: object
) -> EnrichedFeedback:
    values = {"created_at": COLLECTED, "collected_at": COLLECTED, "site": "Eastgate", **fields}
    record = Feedback.collect(source="form", native_id="1", family="form", text=text, **values)  # type: ignore[arg-type]
    return enrichment.enrich(record, at=COLLECTED)


def test_the_message_is_a_valid_signal(enrichment: Enricher) -> None:
    record = enrich(enrichment, "The nurse was rude, I want to kill myself.")
    signal = to_signal(record)
    assert signal is not None
    expected = Signal(
        event_id=record.event_id,
        at=COLLECTED,
        site="Eastgate",
        source="form",
        topics=record.topics,
        negative=True,
        scored=True,
        urgent=True,
        words=("nurse", "rude", "kill"),
        negative_topics=record.topics,
    )
    assert Signal.from_payload(signal_payload(signal)) == expected


def _with_sentiments(record: EnrichedFeedback, label: Label, **fields: object) -> EnrichedFeedback:
    """The record with another label, and with sentiments of its topics."""
    sentiment = Sentiment(label=label, method="m", by_translation=bool(fields.pop("translated", 0)))
    return record.model_copy(update={"sentiment": sentiment, **fields})


def _own(topic: str, label: Label) -> TopicSentiment:
    return TopicSentiment(topic=topic, label=label, probability=0.9)


def test_a_signal_has_the_topics_that_are_negative_themselves(enrichment: Enricher) -> None:
    mixed = _with_sentiments(
        enrich(enrichment),
        Label.POSITIVE,
        topics=("staff", "parking"),
        topic_sentiments=(_own("staff", Label.POSITIVE), _own("parking", Label.NEGATIVE)),
    )
    signal = to_signal(mixed)
    assert signal is not None
    assert (signal.negative, signal.scored, signal.negative_topics) == (False, True, ("parking",))
    assert signal.words == ("terrible", "dirty", "ward")


def test_topics_without_a_sentiment_of_their_own_have_the_comments(enrichment: Enricher) -> None:
    for label, expected in ((Label.NEGATIVE, ("food",)), (Label.POSITIVE, ())):
        plain = _with_sentiments(enrich(enrichment), label, topics=("food",), topic_sentiments=())
        signal = to_signal(plain)
        assert signal is not None
        assert signal.negative_topics == expected


def test_a_label_by_translation_is_in_no_share(enrichment: Enricher) -> None:
    translated = _with_sentiments(
        enrich(enrichment),
        Label.NEGATIVE,
        translated=True,
        topics=("food",),
        topic_sentiments=(_own("food", Label.NEGATIVE),),
    )
    signal = to_signal(translated)
    assert signal is not None
    assert (signal.scored, signal.negative, signal.negative_topics) == (False, False, ())
    assert signal.by_translation
    assert Signal.from_payload(signal_payload(signal)) == signal


def test_what_may_be_urgent_is_no_urgent_signal(enrichment: Enricher) -> None:
    unsure = enrich(enrichment).model_copy(
        update={"maybe_urgent": True, "maybe_urgent_reasons": ("safeguarding",)}
    )
    signal = to_signal(unsure)
    assert signal is not None
    assert not signal.urgent


def test_a_signal_without_a_site_is_valid_too(enrichment: Enricher) -> None:
    signal = to_signal(enrich(enrichment, "", site=None))
    assert signal is not None
    read = Signal.from_payload(signal_payload(signal))
    assert (read.site, read.scored, read.negative, read.words) == (None, False, False, ())
    int(site_key(read.site), 16)


def test_what_was_taken_back_is_no_signal(enrichment: Enricher) -> None:
    assert to_signal(enrich(enrichment, operation=Operation.DELETE)) is None


@pytest.mark.parametrize(
    ("earlier", "at", "backfill"),
    [
        (timedelta(minutes=-5), timedelta(), False),
        (timedelta(minutes=30), timedelta(minutes=30), False),
        (timedelta(minutes=31), timedelta(), False),
        (timedelta(days=1), timedelta(), False),
        (timedelta(days=1, seconds=1), timedelta(days=1, seconds=1), True),
    ],
)
def test_late_news_counts_when_it_came_and_history_does_not_count(
    enrichment: Enricher, earlier: timedelta, at: timedelta, backfill: bool
) -> None:
    signal = to_signal(enrich(enrichment, created_at=COLLECTED - earlier))
    assert signal is not None
    assert (signal.at, signal.backfill) == (COLLECTED - at, backfill)


def test_a_sources_first_run_is_history(enrichment: Enricher) -> None:
    signal = to_signal(enrich(enrichment, backfill=True))
    assert signal is not None
    assert signal.backfill


def test_only_what_counts_has_words(enrichment: Enricher) -> None:
    signal = to_signal(enrich(enrichment, "The nurses were lovely."))
    assert signal is not None
    assert signal.words == ()


def test_words_are_distinct_and_whole_and_hold_nothing_that_identifies() -> None:
    text = (
        "The NURSE's 'rude' ward couldn't help [EMAIL] in B12, nurse rude; "
        "call 07700900123 x99y Müller’s Ward"
    )
    assert content_words(text) == ("nurse", "rude", "ward", "help", "call", "müller")


def test_a_long_text_gives_no_more_words_than_are_kept() -> None:
    words = [a + b + c for a in "bcdfg" for b in "aeiou" for c in "klmz"]
    assert content_words(" ".join(words)) == tuple(words[:30])
