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

from pipeline.search.highlights import MARK, UNMARK, Spans, evidence_spans, match_spans
from schemas.feedback import Level
from schemas.field_types import parse_duration

MAX_HITS: Final = 10_000
"""Elasticsearch's default limit of one search (``index.max_result_window``)."""

Filters = Mapping[str, Sequence[str] | None]
"""Values by field, or None for any value."""

_LABEL: Final = "feedback.sentiment.label"
_LEVEL: Final = "feedback.sentiment.level"
_URGENT: Final = "feedback.urgent"
_FILTER_FIELDS: Final = {
    "organizations": ("organization.name",),
    "sites": ("feedback.site",),
    "services": ("feedback.service",),
    "topics": ("feedback.topics",),
    "themes": ("feedback.themes",),
    "labels": (_LABEL,),
    "levels": (_LEVEL,),
    "reasons": ("feedback.urgent_reasons",),
    "interactions": ("feedback.interactions",),
    "priorities": ("feedback.priority",),
    "sources": ("event.dataset",),
    "families": ("feedback.family",),
    "languages": ("feedback.language.detected", "feedback.language.declared"),
}
_FLAG_FIELDS: Final = {
    "urgent": _URGENT,
    "contradicts_rating": "feedback.sentiment.contradicts_rating",
}


class Sort(StrEnum):
    """Order of the hits."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    NEGATIVITY = "most-negative"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Words and filters. All filters must match, each by any of its values.

    A value may contain ``*`` for any characters; case does not matter. A flag that is False does
    not filter.
    """

    words: str = ""
    organizations: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
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
    contradicts_rating: bool = False
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A document; ``spans`` are (start, end) offsets in ``text`` to highlight."""

    source: dict[str, Any]
    text: str
    spans: Spans = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The total count, by label and of urgent ones, the duration, and the first hits."""

    total: int
    took_ms: int
    labels: dict[str, int]
    hits: tuple[Hit, ...]
    urgent: int = 0


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
    """Return the search body: query, order, highlights, counts by label and of urgent hits."""
    body: dict[str, Any] = {
        "size": min(request.limit, MAX_HITS),
        "track_total_hits": True,
        "query": {"bool": _clauses(request)},
        "sort": _order(request),
        "aggs": {
            "labels": {"terms": {"field": _LABEL, "size": 10}},
            "urgent": {"filter": {"term": {_URGENT: True}}},
        },
    }
    if request.words.strip():
        # The whole text with its matches; ``message.*`` is the language's subfield, if indexed.
        # Only the words are highlighted, not values of filters that occur in the text.
        body["highlight"] = {
            "number_of_fragments": 0,
            "require_field_match": False,
            "highlight_query": _words(request.words),
            "pre_tags": [MARK],
            "post_tags": [UNMARK],
            "fields": {"message": {}, "message.*": {}},
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
        hits=tuple(_hit(hit, wanted) for hit in hits["hits"]),
        urgent=counted["urgent"]["doc_count"],
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
            "fields": ["message^2", "message.*"],
            "default_operator": "and",
            "lenient": True,
        }
    }


def _filters(request: SearchRequest) -> list[dict[str, Any]]:
    filters = [
        _any_match([_matches(field, value) for value in values for field in fields])
        for name, fields in _FILTER_FIELDS.items()
        if (values := getattr(request, name))
    ]
    filters += [
        {"term": {field: True}} for name, field in _FLAG_FIELDS.items() if getattr(request, name)
    ]
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
        _any_match([_matches(field, value) for value in values])
        for field, values in filters.items()
        if values
    ]


def _any_match(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries}}


def _matches(field: str, value: str) -> dict[str, Any]:
    kind = "wildcard" if "*" in value else "term"
    return {kind: {field: {"value": value, "case_insensitive": True}}}


def _order(request: SearchRequest) -> list[dict[str, Any]]:
    newest = [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}]
    if request.sort is Sort.NEGATIVITY:
        # "negative" is alphabetically the first label. The level's score orders within it, and the
        # compound score within the level or without one.
        return [
            {_LABEL: {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}},
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


def _wanted_evidence(request: SearchRequest) -> tuple[str, ...]:
    """Return the keys of ``feedback.evidence`` that show why a text passed the filters.

    Empty if there are words: their own matches are highlighted instead.
    """
    if request.words.strip():
        return ()
    reasons = request.reasons or (("*",) if request.urgent else ())
    judged = request.labels or request.levels or request.contradicts_rating
    return (
        *(f"topic:{topic}" for topic in request.topics),
        *(f"urgent:{reason}" for reason in reasons),
        *(("sentiment",) if judged else ()),
    )


def _hit(hit: dict[str, Any], wanted: tuple[str, ...]) -> Hit:
    source = hit["_source"]
    text = source.get("message", "")
    if wanted:
        return Hit(
            source, text, evidence_spans(source.get("feedback", {}).get("evidence"), wanted, text)
        )
    return Hit(source, text, match_spans(map("".join, hit.get("highlight", {}).values()), text))
