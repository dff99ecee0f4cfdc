"""What the `feedback search` command asks of Elasticsearch and reads from its answer; pure.

Fields are those of ``schemas.documents``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

MAX_HITS: Final = 10_000
"""The window that Elasticsearch opens to one search by default (index.max_result_window)."""

# The marks around a match: private-use characters, which no keyboard writes.
MARK: Final = "\ue000"
UNMARK: Final = "\ue001"

_LABEL: Final = "feedback.sentiment.label"
_FILTER_FIELDS: Final = {
    "organizations": ("organization.name",),
    "sites": ("feedback.site",),
    "services": ("feedback.service",),
    "topics": ("feedback.topics",),
    "themes": ("feedback.themes",),
    "labels": (_LABEL,),
    "sources": ("event.dataset",),
    "families": ("feedback.family",),
    "languages": ("feedback.language.detected", "feedback.language.declared"),
}
_AGO: Final = re.compile(r"(\d{1,6})\s*([mhdw])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Sort(StrEnum):
    """The order of what is found."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    MOST_NEGATIVE = "most-negative"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Words and filters. Values of one filter are alternatives, filters add up; a value may
    hold ``*`` for any characters and matches in any case.
    """

    words: str = ""
    organizations: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A document that was found; ``spans`` are the matches' starts and ends in ``text``."""

    source: dict[str, Any]
    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """How many there are, how they divide by label, how long it took, and the first of them."""

    total: int
    took_ms: int
    labels: dict[str, int]
    hits: tuple[Hit, ...]


def parse_time(text: str, *, now: datetime, end_of_day: bool = False) -> datetime:
    """Read ``7d``, ``24h``, ``30m`` or ``2w`` before ``now``, or an ISO date or time.

    A time without a zone is UTC. With ``end_of_day`` a bare date means the midnight after it.
    Raises ``ValueError``.
    """
    text = text.strip()
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if len(text) <= len("2026-08-01"):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return day + timedelta(days=1) if end_of_day else day
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ValueError("expected a date like 2026-08-01, or 7d, 24h, 30m, 2w ago") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def build_query(request: SearchRequest) -> dict[str, Any]:
    """The body of the search: query, order, highlights, and counts by label."""
    return {
        "size": min(request.limit, MAX_HITS),
        "track_total_hits": True,
        "query": {"bool": {"must": [_words(request.words)], "filter": _filters(request)}},
        "sort": _order(request),
        # The whole text with its matches; ``message.*`` is the language's subfield, where it is.
        "highlight": {
            "number_of_fragments": 0,
            "require_field_match": False,
            "pre_tags": [MARK],
            "post_tags": [UNMARK],
            "fields": {"message": {}, "message.*": {}},
        },
        "aggs": {"labels": {"terms": {"field": _LABEL, "size": 10}}},
    }


def read_response(response: dict[str, Any]) -> SearchResult:
    """What Elasticsearch answered to :func:`build_query`."""
    hits = response["hits"]
    buckets = response.get("aggregations", {}).get("labels", {}).get("buckets", [])
    return SearchResult(
        total=hits["total"]["value"],
        took_ms=response["took"],
        labels={bucket["key"]: bucket["doc_count"] for bucket in buckets},
        hits=tuple(_hit(hit) for hit in hits["hits"]),
    )


def _words(words: str) -> dict[str, Any]:
    if not words.strip():
        return {"match_all": {}}
    return {
        "simple_query_string": {
            "query": words,
            # The wildcard finds the language's subfield where the server has its analyzer.
            "fields": ["message^2", "message.*"],
            "default_operator": "and",
            "lenient": True,
        }
    }


def _filters(request: SearchRequest) -> list[dict[str, Any]]:
    filters = [
        _any_of([_matches(field, value) for value in values for field in fields])
        for name, fields in _FILTER_FIELDS.items()
        if (values := getattr(request, name))
    ]
    bounds: dict[str, str] = {}
    if request.since is not None:
        bounds["gte"] = request.since.isoformat()
    if request.until is not None:
        bounds["lt"] = request.until.isoformat()
    if bounds:
        filters.append({"range": {"@timestamp": bounds}})
    return filters


def _any_of(queries: list[dict[str, Any]]) -> dict[str, Any]:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries}}


def _matches(field: str, value: str) -> dict[str, Any]:
    kind = "wildcard" if "*" in value else "term"
    return {kind: {field: {"value": value, "case_insensitive": True}}}


def _order(request: SearchRequest) -> list[dict[str, Any]]:
    newest = [{"@timestamp": {"order": "desc", "unmapped_type": "date"}}]
    if request.sort is Sort.MOST_NEGATIVE:
        # The label is the better judge and "negative" happens to be the alphabet's first; the
        # compound score orders within it.
        return [
            {_LABEL: {"order": "asc", "missing": "_last", "unmapped_type": "keyword"}},
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


def _hit(hit: dict[str, Any]) -> Hit:
    source = hit["_source"]
    text = source.get("message", "")
    # The field and its subfield mark different words (a stem, an exact form): take them all.
    spans: set[tuple[int, int]] = set()
    for marked in hit.get("highlight", {}).values():
        spans.update(_spans("".join(marked), text))
    return Hit(source, text, _merged(spans))


def _spans(marked: str, text: str) -> list[tuple[int, int]]:
    """Where the marks stand, counted in ``text``; none where the text itself holds marks."""
    if marked.replace(MARK, "").replace(UNMARK, "") != text:
        return []
    before, *pieces = marked.split(MARK)
    spans, position = [], len(before)
    for piece in pieces:
        match, _, rest = piece.partition(UNMARK)
        spans.append((position, position + len(match)))
        position += len(match) + len(rest)
    return spans


def _merged(spans: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
