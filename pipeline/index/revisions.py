"""Sink: one document a record. Months are indices, so a record that moved may stand in two.

A source that tells only the time of the last edit moves its record from month to month, and a
delete often knows no time but its own. For those alone every month is searched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from pipeline.failures import Failure
from schemas.documents import INDEX_PATTERN

_MOST_HITS: Final = 10_000  # what a search gives at most, by the server's default
_MOST_REMEMBERED: Final = 10_000

Search = Literal["never", "where missing", "always"]
"""When to search other months for a record's revisions."""


def when_to_search(fields: Mapping[str, Any]) -> Search:
    """Of an enriched record given as its JSON object."""
    if fields.get("redated"):
        return "always"
    return "where missing" if fields["operation"] == "delete" else "never"


@dataclass(frozen=True, slots=True)
class Trace:
    """A record whose other revisions may stand in other months."""

    index: int
    """Its place in the batch."""
    event_id: str
    revision: int
    deletes: bool
    month: str
    """The index that it was written to."""

    @classmethod
    def of(cls, index: int, lines: bytes) -> Trace:
        """The trace of a bulk operation."""
        ((name, action),) = orjson.loads(lines.partition(b"\n")[0]).items()
        return cls(index, action["_id"], action["version"], name == "delete", action["_index"])


class Revisions:
    """Leaves one document of each record that moved: the newest, or none after its delete."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # An earlier revision may be written after a later one, in a repetition or in a request
        # beside it. It asks for no search itself, so the later one is remembered for it.
        self._last: dict[str, Trace] = {}

    def is_due(self, search: Search, event_id: str, item: Mapping[str, Any]) -> bool:
        """Whether to search for a record, given its item of the bulk response."""
        if search == "always" or event_id in self._last:
            return True
        return search == "where missing" and item["delete"]["status"] == 404

    async def settle(self, traces: Sequence[Trace]) -> list[Failure]:
        """Remove what the traced records replace in any month, and those replaced themselves.

        One refresh, one search and at most one bulk request. A document that changes meanwhile is
        a retryable failure of its records. Raises the client's ``ApiError`` and
        ``TransportError``.
        """
        by_id: dict[str, list[Trace]] = {}
        for trace in traces:
            by_id.setdefault(trace.event_id, []).append(trace)
        last = {trace.event_id: self._remember(trace) for trace in traces}
        replaced = [
            hit
            for event_id, hits in (await self._standing(list(by_id))).items()
            for hit in _replaced(hits, last[event_id])
        ]
        return await _remove(self._client, replaced, by_id) if replaced else []

    def _remember(self, trace: Trace) -> Trace:
        """The trace of the last revision there was, of this record."""
        last = self._last.pop(trace.event_id, trace)
        if trace.revision >= last.revision:
            last = trace
        self._last[trace.event_id] = last
        if len(self._last) > _MOST_REMEMBERED:
            del self._last[next(iter(self._last))]
        return last

    async def _standing(self, event_ids: list[str]) -> dict[str, list[Any]]:
        """The documents of these records in every month, as index, id and version."""
        # Without a refresh, a search sees nothing of the last second.
        await self._client.indices.refresh(index=INDEX_PATTERN, ignore_unavailable=True)
        found = await self._client.search(
            index=INDEX_PATTERN,
            query={"ids": {"values": event_ids}},
            size=_MOST_HITS,
            version=True,
            source=False,
            ignore_unavailable=True,
            allow_partial_search_results=False,
            filter_path="hits.hits._index,hits.hits._id,hits.hits._version",
        )
        standing: dict[str, list[Any]] = {}
        for hit in found.get("hits", {}).get("hits", ()):
            standing.setdefault(hit["_id"], []).append(hit)
        return standing


def _replaced(hits: Iterable[Any], last: Trace) -> list[Any]:
    """Which documents of one record go, given the trace of its last revision."""
    if last.deletes:
        return [hit for hit in hits if hit["_version"] <= last.revision]
    return sorted(hits, key=lambda hit: (hit["_version"], hit["_index"] == last.month))[:-1]


async def _remove(client: Any, hits: list[Any], by_id: Mapping[str, list[Trace]]) -> list[Failure]:
    operations = [
        {
            "delete": {
                "_index": hit["_index"],
                "_id": hit["_id"],
                "version": hit["_version"],  # and no later one
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
        verdict = item["delete"]
        if verdict["status"] < 300 or verdict["status"] == 404:
            continue
        kind = verdict.get("error", {}).get("type", "unknown")
        reason = f"removing an earlier revision from Elasticsearch: {kind}"
        for trace in by_id[hit["_id"]]:
            failures[trace.index] = Failure(trace.index, reason, kind, retryable=True)
    return list(failures.values())
