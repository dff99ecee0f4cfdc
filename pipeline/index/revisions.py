"""Removal of replaced revisions. Months are indices, so a record that moved may be in two of them.

A source that reports only the time of the last edit moves its record from month to month, and a
delete often has no time but its own. Only for those are all months searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.failures import Failure
from schemas.documents import INDEX_PATTERN

_MAX_HITS: Final = 10_000  # the server's default limit of a search
_MAX_REMEMBERED: Final = 10_000

Search = Literal["never", "if missing", "always"]
"""When to search other months for a record's revisions."""


def when_to_search(fields: Mapping[str, Any]) -> Search:
    """Return when to search, given an enriched record as its JSON object."""
    if fields.get("redated"):
        return "always"
    return "if missing" if fields["operation"] == "delete" else "never"


@dataclass(frozen=True, slots=True)
class Trace:
    """A written record that may have other revisions in other months."""

    index: int
    """Position in the batch."""
    event_id: str
    version: int
    """Of the document; rises with the record's revision."""
    deletes: bool
    month: str
    """The index that it was written to."""

    @classmethod
    def from_lines(cls, index: int, lines: bytes) -> Trace:
        """Return the trace of a bulk operation."""
        ((name, action),) = orjson.loads(lines.partition(b"\n")[0]).items()
        return cls(index, action["_id"], action["version"], name == "delete", action["_index"])


class Revisions:
    """Leaves one document of each record that moved: the newest, or none after its delete."""

    def __init__(self, client: AsyncElasticsearch) -> None:
        self._client = client
        # An earlier revision may be written after a later one, in a retry or a concurrent request.
        # It does not cause a search itself, so the later one is remembered.
        self._latest: dict[str, Trace] = {}

    def needs_search(self, search: Search, event_id: str, item: Mapping[str, Any]) -> bool:
        """True if other months must be searched, given the record's item of the bulk response."""
        if search == "always" or event_id in self._latest:
            return True
        return search == "if missing" and item["delete"]["status"] == 404

    async def remove_replaced(self, traces: Sequence[Trace]) -> list[Failure]:
        """Remove what the traced records replace in any month, and those replaced themselves.

        One refresh, one search and at most one bulk request. A document that changes meanwhile is
        a retryable failure of its records. Raises the client's errors.
        """
        by_id: dict[str, list[Trace]] = {}
        for trace in traces:
            by_id.setdefault(trace.event_id, []).append(trace)
        latest = {trace.event_id: self._remember(trace) for trace in traces}
        replaced = [
            hit
            for event_id, hits in (await self._find(list(by_id))).items()
            for hit in _select_replaced(hits, latest[event_id])
        ]
        return await _remove(self._client, replaced, by_id) if replaced else []

    def _remember(self, trace: Trace) -> Trace:
        """Return the trace of the record's latest revision so far."""
        latest = self._latest.pop(trace.event_id, trace)
        if trace.version >= latest.version:
            latest = trace
        self._latest[trace.event_id] = latest
        if len(self._latest) > _MAX_REMEMBERED:
            del self._latest[next(iter(self._latest))]
        return latest

    async def _find(self, event_ids: list[str]) -> dict[str, list[Any]]:
        """Return the hits of these records in every month: index, id and version."""
        # Without a refresh, a search misses the last second.
        await self._client.indices.refresh(index=INDEX_PATTERN, ignore_unavailable=True)
        response = await self._client.search(
            index=INDEX_PATTERN,
            query={"ids": {"values": event_ids}},
            size=_MAX_HITS,
            version=True,
            source=False,
            ignore_unavailable=True,
            allow_partial_search_results=False,
            filter_path="hits.hits._index,hits.hits._id,hits.hits._version",
        )
        hits: dict[str, list[Any]] = {}
        for hit in response.get("hits", {}).get("hits", ()):
            hits.setdefault(hit["_id"], []).append(hit)
        return hits


def _select_replaced(hits: Iterable[Any], latest: Trace) -> list[Any]:
    """Return the documents of one record to remove, given the trace of its latest revision."""
    if latest.deletes:
        return [hit for hit in hits if hit["_version"] <= latest.version]
    return sorted(hits, key=lambda hit: (hit["_version"], hit["_index"] == latest.month))[:-1]


async def _remove(
    client: AsyncElasticsearch, hits: list[Any], by_id: Mapping[str, list[Trace]]
) -> list[Failure]:
    operations = [
        {
            "delete": {
                "_index": hit["_index"],
                "_id": hit["_id"],
                "version": hit["_version"],  # no later one
                "version_type": "external_gte",
            }
        }
        for hit in hits
    ]
    response = await client.bulk(
        operations=operations, filter_path="errors,items.*.status,items.*.error.type"
    )
    failures: dict[int, Failure] = {}
    for hit, item in zip(hits, response["items"], strict=True):
        result = item["delete"]
        if result["status"] < 300 or result["status"] == 404:
            continue
        kind = result.get("error", {}).get("type", "unknown")
        reason = f"removing an earlier revision from Elasticsearch: {kind}"
        for trace in by_id[hit["_id"]]:
            failures[trace.index] = Failure(trace.index, reason, kind, retryable=True)
    return list(failures.values())
