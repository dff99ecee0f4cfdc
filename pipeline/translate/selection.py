"""Selection of the enriched records to translate. Pure.

Every record of the stream passes here and few are in another language, so bytes are looked at
before anything is parsed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from pipeline.stages.detect_language import UNDETERMINED
from pipeline.stages.score_sentiment import SCORED_LANGUAGES
from schemas.feedback import EnrichedFeedback, Label, Operation

_MARK: Final = Label.NOT_SCORED.encode()
_MIN_CONFIDENCE: Final = 0.5
"""A less certain language is a guess by a few words."""

_REASONS: Final = frozenset({"language", "script"})


def may_need_translation(payload: bytes) -> bool:
    """Return False for a payload that needs none, without parsing it."""
    return _MARK in payload


def needs_translation(record: EnrichedFeedback, languages: Collection[str]) -> bool:
    """Return True for a comment that was not scored because of its language.

    ``languages`` are those to translate; empty for all. Texts of an undetermined language are
    translated only with all.
    """
    sentiment, code = record.sentiment, record.detected_language.code
    if (
        record.operation is Operation.DELETE
        or record.translation is not None
        or sentiment.label is not Label.NOT_SCORED
        or not record.text.strip()
    ):
        return False
    # Records of an earlier version do not have the reason.
    is_foreign = code not in SCORED_LANGUAGES
    if sentiment.not_scored not in _REASONS and not (sentiment.not_scored is None and is_foreign):
        return False
    return not languages or code in languages


def source_language(record: EnrichedFeedback) -> str | None:
    """Return the detected language, or None for the service to detect it."""
    code, confidence = record.detected_language.code, record.detected_language.confidence
    return None if code == UNDETERMINED.code or confidence < _MIN_CONFIDENCE else code
