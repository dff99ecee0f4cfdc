"""The record with its translation: what the stages find in the translation, beside the original.

Pure. Translations err, and an error must wake no one: what is urgent by the translation alone
may be urgent, and what the original's own words make urgent stays so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pipeline.enrich.analyzer import CommentAnalyzer
from schemas.cached_translation import CachedTranslation
from schemas.feedback import EnrichedFeedback, Sentiment, Span, Translation

_JUDGED: Final = (
    "topics",
    "themes",
    "topic_probabilities",
    "interactions",
    "priority",
    "topic_sentiments",
)
"""Fields that are taken from the analysis of the translation as they are."""


def judge_translation(
    analyzer: CommentAnalyzer, record: EnrichedFeedback, entry: CachedTranslation, at: datetime
) -> EnrichedFeedback:
    """Return the record with its translation and its results; the original's text is kept."""
    (findings,) = analyzer.analyze([record.model_copy(update={"text": entry.text})])
    maybe = (
        ()
        if record.urgent
        else _merge(
            record.maybe_urgent_reasons,
            findings["urgent_reasons"],
            findings.get("maybe_urgent_reasons", ()),
        )
    )
    changes: dict[str, Any] = {
        **{name: findings[name] for name in _JUDGED if name in findings},
        "enriched_at": at,
        "sentiment": _mark_sentiment(findings["sentiment"]),
        "maybe_urgent": bool(maybe),
        "maybe_urgent_reasons": maybe,
        # Redacted again: a value may be recognised in English only.
        "translation": Translation(
            text=findings["text"], language=entry.language, service=entry.service
        ),
        "redactions": dict(Counter(record.redactions) + Counter(findings["redactions"])),
        "evidence": _select_evidence(findings["evidence"], record),
        "versions": {**record.versions, **analyzer.versions, "translation": entry.service},
    }
    return record.model_copy(update=changes)


def _mark_sentiment(sentiment: Sentiment) -> Sentiment:
    fields = {name: value for name, value in sentiment.__dict__.items() if value is not None}
    return Sentiment.model_validate({**fields, "by_translation": True})


def _merge(*reasons: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for group in reasons for reason in group))


def _select_evidence(
    evidence: Mapping[str, tuple[Span, ...]], record: EnrichedFeedback
) -> dict[str, tuple[Span, ...]]:
    """Return the evidence by the names under which the record has its results."""
    selected: dict[str, tuple[Span, ...]] = {}
    for name, spans in evidence.items():
        kind, _, reason = name.partition(":")
        if kind not in ("urgent", "maybe_urgent"):
            selected[name] = spans
        elif not record.urgent:
            selected.setdefault(f"maybe_urgent:{reason}", spans)
        elif reason in record.urgent_reasons:
            selected[f"urgent:{reason}"] = spans
    return selected
