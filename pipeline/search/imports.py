"""Imports of files in the index: which there are, and the records that each brought. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from schemas.feedback import IMPORT, IMPORT_NAME

_ID: Final = f"feedback.attributes.{IMPORT}"
_NAME: Final = f"feedback.attributes.{IMPORT_NAME}"
_SHOWN_VALUES: Final = 20


@dataclass(frozen=True, slots=True)
class Import:
    """The records of one file, as far as no later import brought them again."""

    import_id: str
    name: str
    records: int
    dates: tuple[datetime, datetime]
    """When the earliest and the latest of the comments were given."""
    imported: tuple[datetime, datetime]
    """When the first and the last of them were read."""
    sites: dict[str, int]
    """Records by site, most first."""
    services: dict[str, int]
    """Records by service, most first."""
    labels: dict[str, int]
    """Records by sentiment."""


MAX_IMPORTS: Final = 1_000
"""Imports of one response: each has up to 50 buckets, and Elasticsearch allows 65,536."""


def imports_query(*, limit: int, import_id: str | None = None) -> dict[str, Any]:
    """Return the search body that counts the records of each import, or of one, latest first."""
    exists = {"exists": {"field": _ID}}
    return _count_imports(exists if import_id is None else {"term": {_ID: import_id}}, limit)


def named_imports_query(name: str, *, limit: int) -> dict[str, Any]:
    """Return the search body that counts the records of the imports of files of a name."""
    return _count_imports({"term": {_NAME: name}}, limit)


def prefixed_imports_query(prefix: str, *, limit: int) -> dict[str, Any]:
    """Return the search body that counts the records of the imports whose id begins so."""
    return _count_imports({"prefix": {_ID: prefix}}, limit)


def _count_imports(query: Mapping[str, Any], limit: int) -> dict[str, Any]:
    return {
        "size": 0,
        "query": query,
        "aggs": {
            "imports": {
                "terms": {"field": _ID, "size": limit, "order": {"last": "desc"}},
                "aggs": {
                    "name": {"terms": {"field": _NAME, "size": 1}},
                    "first": {"min": {"field": "event.created"}},
                    "last": {"max": {"field": "event.created"}},
                    "earliest": {"min": {"field": "@timestamp"}},
                    "latest": {"max": {"field": "@timestamp"}},
                    "sites": {"terms": {"field": "feedback.site", "size": _SHOWN_VALUES}},
                    "services": {"terms": {"field": "feedback.service", "size": _SHOWN_VALUES}},
                    "labels": {"terms": {"field": "feedback.sentiment.label"}},
                },
            }
        },
    }


def read_imports(response: Mapping[str, Any]) -> list[Import]:
    """Return the imports from the response to :func:`imports_query`."""
    # Without any index there are no aggregations.
    buckets = response.get("aggregations", {}).get("imports", {}).get("buckets", ())
    return [_read_import(bucket) for bucket in buckets]


def _read_import(bucket: Mapping[str, Any]) -> Import:
    names = _counts(bucket["name"])
    return Import(
        import_id=bucket["key"],
        name=next(iter(names), ""),
        records=bucket["doc_count"],
        dates=(_time(bucket["earliest"]), _time(bucket["latest"])),
        imported=(_time(bucket["first"]), _time(bucket["last"])),
        sites=_counts(bucket["sites"]),
        services=_counts(bucket["services"]),
        labels=_counts(bucket["labels"]),
    )


def _counts(buckets: Mapping[str, Any]) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets["buckets"]}


def _time(aggregation: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(aggregation["value"] / 1_000, UTC)


def records_query(import_id: str, *, size: int) -> dict[str, Any]:
    """Return the search body that reads the records of an import, page by page by ``event.id``."""
    return {
        "size": size,
        "query": {"term": {_ID: import_id}},
        "sort": [{"event.id": "asc"}],
        "_source": [
            "@timestamp", "event.id", "event.dataset", "feedback.native_id", "feedback.revision",
            "feedback.family",
        ],
    }  # fmt: skip
