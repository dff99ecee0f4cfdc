"""Records with their translations: who needs one, and what is taken from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.enricher import Enricher
from pipeline.translate.batching import match_language
from pipeline.translate.judging import judge_translation
from pipeline.translate.selection import (
    may_need_translation,
    needs_translation,
    source_language,
)
from schemas.cached_translation import CachedTranslation, derive_text_id
from schemas.cloud_events import feedback_headers
from schemas.feedback import EnrichedFeedback, Feedback, Label, Operation, Sentiment
from tests.support.translators import ENGLISH

ANALYZER = CommentAnalyzer.load()
ENRICHER = Enricher(ANALYZER)
AT = datetime(2026, 11, 20, tzinfo=UTC)
THANKS, WAITED, SUICIDAL, POLISH, CALL = list(ENGLISH)[1:]


def enrich(text: str, **fields: Any) -> EnrichedFeedback:
    raw = Feedback.collect(
        source="judging", native_id="1", created_at=AT, collected_at=AT, family="form", text=text
    )
    enriched = ENRICHER.enrich(raw, at=AT)
    return EnrichedFeedback.from_payload(enriched.to_payload()).model_copy(update=fields)


def judge(record: EnrichedFeedback, translation: str | None = None) -> EnrichedFeedback:
    entry = CachedTranslation(
        text_id=derive_text_id(record.text),
        text=translation or ENGLISH[record.text],
        language="de",
        service="deepl",
        characters=9,
        at=AT,
    )
    judged = judge_translation(ANALYZER, record, entry, AT)
    return EnrichedFeedback.from_payload(judged.to_payload())


@pytest.mark.parametrize(("text", "label"), [(THANKS, Label.POSITIVE), (WAITED, Label.NEGATIVE)])
def test_a_translation_is_judged_and_the_original_kept(text: str, label: Label) -> None:
    before = enrich(text)
    assert before.sentiment.label is Label.NOT_SCORED
    after = judge(before)
    assert (after.text, after.event_id, after.revision) == (text, before.event_id, before.revision)
    assert after.detected_language == before.detected_language
    assert (after.sentiment.label, after.sentiment.by_translation) == (label, True)
    assert after.translation is not None
    assert after.translation.text == ENGLISH[text]
    assert (after.translation.language, after.translation.service) == ("de", "deepl")
    assert after.topics
    assert after.versions["translation"] == "deepl"


def test_evidence_points_into_the_translation() -> None:
    after = judge(enrich(WAITED))
    assert after.translation is not None
    spans = [span for spans in after.evidence.values() for span in spans]
    words = {after.translation.text[slice(*span)].lower() for span in spans}
    assert words & {"waited", "four hours", "terrible", "hours"}
    assert all(0 <= start < end <= len(after.translation.text) for start, end in spans)


def test_the_translated_record_is_an_event_of_its_own() -> None:
    before = enrich(THANKS)
    ids = [dict(feedback_headers(each, "t"))["ce_id"] for each in (before, judge(before))]
    assert ids == [f"{before.event_id}.{before.revision}".encode(), ids[0] + b".translated"]


def test_what_is_urgent_by_the_translation_alone_may_be_urgent() -> None:
    before = enrich(SUICIDAL, urgent=False, urgent_reasons=(), evidence={})
    after = judge(before)
    assert (after.urgent, after.urgent_reasons) == (False, ())
    assert (after.maybe_urgent, after.maybe_urgent_reasons) == (True, ("self_harm",))
    assert "maybe_urgent:self_harm" in after.evidence
    assert not any(name.startswith("urgent:") for name in after.evidence)


def test_what_the_original_makes_urgent_stays_so_and_is_not_both() -> None:
    before = enrich(SUICIDAL, urgent=True, urgent_reasons=("self_harm",))
    after = judge(before)
    assert (after.urgent, after.urgent_reasons) == (True, ("self_harm",))
    assert (after.maybe_urgent, after.maybe_urgent_reasons) == (False, ())
    assert "urgent:self_harm" in after.evidence
    calm = judge(before, "Thank you, all was well.")
    assert (calm.urgent, calm.maybe_urgent) == (True, False)
    assert not any("urgent" in name for name in calm.evidence)  # spans point into the translation


def test_a_translation_is_redacted_again() -> None:
    after = judge(enrich(CALL))
    assert after.translation is not None
    assert "jane.roe82" not in after.to_payload().decode()
    assert "[EMAIL]" in after.translation.text
    assert after.redactions == {"email": 1}


def test_a_translation_in_no_language_of_ours_is_shown_and_not_scored() -> None:
    after = judge(enrich(THANKS), "Merci beaucoup à toutes les infirmières de ce service.")
    assert (after.sentiment.label, after.sentiment.by_translation) == (Label.NOT_SCORED, True)
    assert after.translation is not None


@pytest.mark.parametrize("text", [THANKS, POLISH])
def test_a_comment_in_another_language_needs_a_translation(text: str) -> None:
    record = enrich(text)
    assert may_need_translation(record.to_payload())
    assert needs_translation(record, ())


def with_reason(reason: str | None, label: Label = Label.NOT_SCORED) -> dict[str, Any]:
    return {"sentiment": Sentiment(label=label, method="m", not_scored=reason)}


@pytest.mark.parametrize(
    ("record", "languages", "needed"),
    [
        (enrich("The nurses were lovely and explained everything."), (), False),
        (enrich(THANKS), ("de",), True),
        (enrich(THANKS), ("pl", "ro"), False),
        (enrich(THANKS, operation=Operation.DELETE), (), False),
        (enrich(THANKS, **with_reason("language")), (), True),
        (enrich(THANKS, **with_reason("no_words")), (), False),
        (enrich("N/A", **with_reason("no_opinion")), (), False),
        (enrich("Danke", **with_reason("language")), (), True),
        (enrich("Hmm", **with_reason("language")), ("de",), False),
        (enrich("谢谢", **with_reason("script")), (), True),
        (enrich("Hmm", **with_reason(None)), (), False),
        (enrich(THANKS, **with_reason(None, Label.NEUTRAL)), (), False),
        (enrich("   ", **with_reason("language")), (), False),
        (judge(enrich(THANKS)), (), False),
    ],
)
def test_only_comments_that_their_language_kept_from_a_score_need_one(
    record: EnrichedFeedback, languages: tuple[str, ...], needed: bool
) -> None:
    payload = record.to_payload()
    assert (may_need_translation(payload) and needs_translation(record, languages)) == needed


def test_the_detected_language_is_the_source() -> None:
    assert source_language(enrich(THANKS)) == "de"
    assert source_language(enrich("Hmm")) is None


@pytest.mark.parametrize(
    ("code", "match"),
    [("de", "DE"), ("zh", "zh-Hans"), ("no", "nb"), ("pt", "pt"), ("sr", "sr-Cyrl"), ("sw", None)],
)
def test_a_language_is_matched_by_code_name_or_variant(code: str, match: str | None) -> None:
    supported = {"DE", "zh-Hant", "zh-Hans", "nb", "pt-BR", "pt", "sr-Latn", "sr-Cyrl"}
    assert match_language(code, supported) == match
