"""Search requests: builds Elasticsearch queries and reads their responses. Pure.

Fields are those of ``schemas.documents``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final

from pipeline.scores.own_sentiment import (
    LABEL_FIELD,
    match_any,
    match_topic_sentiment,
    match_value,
)
from pipeline.search.highlights import MARK, UNMARK
from pipeline.search.hits import TEXT, TRANSLATION, Hit, WantedEvidence, read_hit
from schemas.feedback import Label, Level
from schemas.field_types import parse_duration

MAX_HITS: Final = 10_000
"""Elasticsearch's default limit of one search (``index.max_result_window``)."""

Filters = Mapping[str, Sequence[str] | None]
"""Values by field, or None for any value."""

_LEVEL: Final = "feedback.sentiment.level"
_FILTER_FIELDS: Final = {
    "organizations": ("organization.name",),
    "sites": ("feedback.site",),
    "services": ("feedback.service",),
    "topics": ("feedback.topics",),
    "themes": ("feedback.themes",),
    "labels": (LABEL_FIELD,),
    "levels": (_LEVEL,),
    "reasons": ("feedback.urgent_reasons", "feedback.maybe_urgent_reasons"),
    "interactions": ("feedback.interactions",),
    "priorities": ("feedback.priority",),
    "sources": ("event.dataset",),
    "families": ("feedback.family",),
    "languages": ("feedback.language.detected", "feedback.language.declared"),
}
_FLAG_FIELDS: Final = {
    "urgent": "feedback.urgent",
    "maybe_urgent": "feedback.maybe_urgent",
    "mixed": "feedback.sentiment.mixed",
    "by_translation": "feedback.sentiment.by_translation",
    "contradicts_rating": "feedback.sentiment.contradicts_rating",
}
_COUNTED_FLAGS: Final = ("urgent", "maybe_urgent", "mixed", "by_translation")


class Sort(StrEnum):
    """Order of the hits."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    NEGATIVITY = "most-negative"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Words and filters. All filters must match, each by any of its values.

    A value may contain ``*`` for any characters; case does not matter. A flag that is False does
    not filter. ``topic_sentiments`` are topics with their own sentiment; ``reasons`` are those of
    both levels of urgency.
    """

    words: str = ""
    organizations: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    topic_sentiments: tuple[tuple[str, Label], ...] = ()
    themes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    interactions: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    urgent: bool = False
    maybe_urgent: bool = False
    mixed: bool = False
    by_translation: bool = False
    contradicts_rating: bool = False
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The total count, by label and of some kinds, the duration, and the first hits."""

    total: int
    took_ms: int
    labels: dict[str, int]
    hits: tuple[Hit, ...]
    urgent: int = 0
    maybe_urgent: int = 0
    mixed: int = 0
    by_translation: int = 0


def parse_time(
    text: str, *, now: datetime, end_of_day: bool = False, zone: tzinfo = UTC
) -> datetime:
    """Return the time ``7d``, ``24h``, ``30m`` or ``2w`` before ``now``, or of an ISO date or time.

    A date, or a time without a zone, is one in ``zone``. With ``end_of_day`` a bare date means the
    midnight after it. Raises ``ValueError``.
    """
    text = text.strip()
    try:
        with suppress(ValueError):
            return now - parse_duration(text)
        if len(text) <= len("2026-08-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), zone)
            return day + timedelta(days=1) if end_of_day else day
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError("expected a date like 2026-08-01, or 7d, 24h, 30m, 2w ago") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def build_query(request: SearchRequest) -> dict[str, Any]:
    """Return the search body: query, order, highlights, counts by label and of some kinds."""
    body: dict[str, Any] = {
        "size": min(request.limit, MAX_HITS),
        "track_total_hits": True,
        "query": {"bool": _clauses(request)},
        "sort": _order(request),
        "aggs": {
            "labels": {"terms": {"field": LABEL_FIELD, "size": 10}},
            **{name: {"filter": {"term": {_FLAG_FIELDS[name]: True}}} for name in _COUNTED_FLAGS},
        },
    }
    if request.words.strip():
        # The whole texts with their matches; ``.*`` is the language's subfield, if indexed.
        # Only the words are highlighted, not values of filters that occur in the text.
        body["highlight"] = {
            "number_of_fragments": 0,
            "require_field_match": False,
            "highlight_query": _words(request.words),
            "pre_tags": [MARK],
            "post_tags": [UNMARK],
            "fields": {f: {} for text in (TEXT, TRANSLATION) for f in _with_subfields(text)},
        }
    return body


def read_response(response: dict[str, Any], request: SearchRequest) -> SearchResult:
    """Return the result from the response to :func:`build_query` of the request."""
    hits = response["hits"]
    counted = response["aggregations"]
    wanted = _wanted_evidence(request)
    return SearchResult(
        total=hits["total"]["value"],
        took_ms=response["took"],
        labels={bucket["key"]: bucket["doc_count"] for bucket in counted["labels"]["buckets"]},
        hits=tuple(read_hit(hit, wanted) for hit in hits["hits"]),
        **{name: counted[name]["doc_count"] for name in _COUNTED_FLAGS},
    )


def _clauses(request: SearchRequest) -> dict[str, Any]:
    if request.sort is not Sort.NEGATIVITY:
        return {"must": [_words(request.words)], "filter": _filters(request)}
    # The levels' names do not sort by meaning, so each level is a score. Nothing else adds to it,
    # and a document without a level has none.
    levels = [
        {"constant_score": {"filter": {"term": {_LEVEL: level}}, "boost": rank}}
        for rank, level in enumerate(Level, start=1)  # from very positive to very negative
    ]
    return {"filter": [_words(request.words), *_filters(request)], "should": levels}


def _words(words: str) -> dict[str, Any]:
    if not words.strip():
        return {"match_all": {}}
    return {
        "simple_query_string": {
            "query": words,
            # The wildcard matches the language's subfield if the server has its analyzer.
            "fields": [f"{TEXT}^2", f"{TEXT}.*", *_with_subfields(TRANSLATION)],
            "default_operator": "and",
            "lenient": True,
        }
    }


def _with_subfields(field: str) -> tuple[str, str]:
    return field, f"{field}.*"


def _filters(request: SearchRequest) -> list[dict[str, Any]]:
    filters = [
        match_any([match_value(field, value) for value in values for field in fields])
        for name, fields in _FILTER_FIELDS.items()
        if (values := getattr(request, name))
    ]
    filters += [
        {"term": {field: True}} for name, field in _FLAG_FIELDS.items() if getattr(request, name)
    ]
    if request.topic_sentiments:
        filters.append(
            match_any([match_topic_sentiment(*each) for each in request.topic_sentiments])
        )
    bounds: dict[str, str] = {}
    if request.since is not None:
        bounds["gte"] = request.since.isoformat()
    if request.until is not None:
        bounds["lt"] = request.until.isoformat()
    if bounds:
        filters.append({"range": {"@timestamp": bounds}})
    return filters


def build_filters(filters: Filters) -> list[dict[str, Any]]:
    """Return one filter per field with values, matching any of them as :class:`SearchRequest`."""
    return [
        match_any([match_value(field, value) for value in values])
        for field, values in filters.items()
        if values
    ]


def _order(request: SearchRequest) -> list[dict[str, Any]]:
    newest = [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}]
    if request.sort is Sort.NEGATIVITY:
        # "negative" is alphabetically the first label. The level's score orders within it, and the
        # compound score within the level or without one.
        return [
            {LABEL_FIELD: {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}},
            {"_score": {"order": "desc"}},
            {
                "feedback.sentiment.compound": {
                    "order": "asc",
                    "missing": "_last",
                    "unmapped_type": "half_float",
                }
            },
            *newest,
        ]
    default = Sort.RELEVANCE if request.words.strip() else Sort.NEWEST
    if (request.sort or default) is Sort.RELEVANCE:
        return [{"_score": {"order": "desc"}}, *newest]
    return newest


def _wanted_evidence(request: SearchRequest) -> WantedEvidence:
    """Return the evidence that shows why a text passed the filters.

    Empty if there are words: their own matches are highlighted instead.
    """
    if request.words.strip():
        return WantedEvidence()
    certain = request.reasons or (("*",) if request.urgent else ())
    unsure = request.reasons or (("*",) if request.maybe_urgent else ())
    judged = request.labels or request.levels or request.contradicts_rating or request.mixed
    keys = (
        *(f"topic:{topic}" for topic in request.topics),
        *(f"urgent:{reason}" for reason in certain),
        *(f"maybe_urgent:{reason}" for reason in unsure),
        *(("sentiment",) if judged else ()),
    )
    return WantedEvidence(keys, request.topic_sentiments)
