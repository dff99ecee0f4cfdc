"""Comments that wait for a translation: the query, and how many characters they have. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pipeline.stages.score_sentiment import SCORED_LANGUAGES
from schemas.feedback import Label

_NOT_SCORED: Final = "feedback.sentiment.not_scored"
_DETECTED: Final = "feedback.language.detected"


def untranslated_query(since: datetime, languages: Sequence[str], *, size: int) -> dict[str, Any]:
    """Return the search body of the comments collected since then that have no translation.

    ``languages`` are those to translate; empty for all.
    """
    by_reason = {"terms": {_NOT_SCORED: ["language", "script"]}}
    # Documents of an earlier version do not have the reason.
    by_language = {
        "bool": {
            "must_not": [
                {"exists": {"field": _NOT_SCORED}},
                {"terms": {_DETECTED: sorted(SCORED_LANGUAGES)}},
            ]
        }
    }
    filters: list[dict[str, Any]] = [
        {"term": {"feedback.sentiment.label": Label.NOT_SCORED}},
        {"range": {"event.created": {"gte": since.isoformat()}}},
        {"bool": {"should": [by_reason, by_language]}},
    ]
    if languages:
        filters.append({"terms": {_DETECTED: list(languages)}})
    translated = {"exists": {"field": "feedback.translation.text"}}
    return {
        "size": size,
        "query": {"bool": {"filter": filters, "must_not": [translated]}},
        "sort": [{"event.id": "asc"}],
        "_source": ["message", _DETECTED],
    }


def count_characters(
    documents: Iterable[Mapping[str, Any]], *, max_length: int
) -> tuple[Counter[str], int]:
    """Return the comments by language, and the characters to send for them.

    A text that occurs several times is sent once, one that is longer than ``max_length`` not at
    all.
    """
    comments: Counter[str] = Counter()
    lengths: dict[int, int] = {}
    for document in documents:
        text = document.get("message", "")
        if text.strip() and len(text) <= max_length:
            comments[document["feedback"]["language"]["detected"]] += 1
            lengths[hash(text)] = len(text)
    return comments, sum(lengths.values())
