"""Sink: Elasticsearch. Bulk requests of serialised documents, with a result for each document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from pipeline.elasticsearch.bulk import failed_items
from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.elasticsearch.document_index import RequiredTemplate
from pipeline.elasticsearch.errors import RequestTooLarge, role_errors
from pipeline.failures import Failure, PermanentError, TransientError
from pipeline.index.revisions import Revisions, Search, Trace, when_to_search
from schemas.documents import TEMPLATE_NAME, document, document_version, index_name

_ACTION: Final = "writing to Elasticsearch"
_MIN_REFUSED_TO_STOP: Final = 50  # a single bad event must not stop a quiet stream


@dataclass(frozen=True, slots=True)
class _Operation:
    """One payload's part of a bulk request."""

    index: int
    """Position of the payload in the batch."""
    lines: bytes
    event_id: str
    search: Search


class ElasticsearchSink:
    """Writes enriched payloads as documents; the same payload twice is one document."""

    def __init__(self, client: AsyncElasticsearch, *, bulk_bytes: int) -> None:
        """``bulk_bytes``: maximum size of one bulk request. The caller closes the client."""
        self._client = client
        self._revisions = Revisions(client)
        self._bulk_bytes = bulk_bytes
        self._template = RequiredTemplate(client, TEMPLATE_NAME)

    async def write(self, payloads: Sequence[bytes | None]) -> list[Failure]:
        """Index or delete every payload's document; returns those that were refused.

        A document is retryable if the server is unavailable, overloaded or blocks writing.
        Raises ``PermanentError`` on refused credentials, without the index template, or if more
        than a fifth is refused permanently.
        """
        failures: list[Failure] = []
        operations: list[_Operation] = []
        for index, payload in enumerate(payloads):
            try:
                operations.append(_read_operation(index, payload))
            except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
                kind = type(error).__name__
                reason = f"reading enriched feedback: {kind}"
                failures.append(Failure(index, reason, kind, retryable=False))
        for chunk in self._chunks(operations):
            failures.extend(await self._write_chunk(chunk))
        stop_if_too_many(failures, len(payloads))
        return sorted(failures, key=lambda failure: failure.index)

    def _chunks(self, operations: list[_Operation]) -> list[list[_Operation]]:
        chunks: list[list[_Operation]] = []
        room = 0
        for operation in operations:
            size = len(operation.lines)
            if size > room:
                chunks.append([])
                room = self._bulk_bytes
            chunks[-1].append(operation)
            room -= size
        return chunks

    async def _write_chunk(self, chunk: list[_Operation]) -> list[Failure]:
        """Write a chunk; a request that fails as a whole is a failure of each of its documents."""
        try:
            with role_errors(_ACTION):
                await self._template.check(_ACTION)
                failures, moved = await self._bulk(chunk)
        except RequestTooLarge:
            return await self._write_halves(chunk)
        except TransientError as error:
            return _retryable((operation.index for operation in chunk), error)
        return failures + await self._remove_replaced(moved) if moved else failures

    async def _write_halves(self, chunk: list[_Operation]) -> list[Failure]:
        if len(chunk) == 1:
            reason = f"{_ACTION}: the document is too large for the server"
            return [Failure(chunk[0].index, reason, "DocumentTooLarge", retryable=False)]
        middle = len(chunk) // 2
        return await self._write_chunk(chunk[:middle]) + await self._write_chunk(chunk[middle:])

    async def _remove_replaced(self, moved: list[Trace]) -> list[Failure]:
        """Leave one document of each moved record; those that must be written again fail."""
        try:
            with role_errors(_ACTION):
                return await self._revisions.remove_replaced(moved)
        except TransientError as error:
            return _retryable((trace.index for trace in moved), error)

    async def _bulk(self, chunk: list[_Operation]) -> tuple[list[Failure], list[Trace]]:
        """Return the failures, and the written records to look for in other months."""
        response: Any = await self._client.bulk(
            operations=[operation.lines for operation in chunk],  # type: ignore[misc] # serialised
            filter_path="errors,items.*.status,items.*.error.type",
        )
        failures: list[Failure] = []
        if response.get("errors"):
            indexes = [operation.index for operation in chunk]
            failures = failed_items(_ACTION, indexes, response["items"])
        failed = {failure.index for failure in failures}
        moved = [
            Trace.from_lines(operation.index, operation.lines)
            for operation, item in zip(chunk, response["items"], strict=True)
            if self._revisions.needs_search(operation.search, operation.event_id, item)
            and operation.index not in failed
        ]
        return failures, moved


def _read_operation(index: int, payload: bytes | None) -> _Operation:
    fields = orjson.loads(payload or b"")
    return _Operation(index, _bulk_lines(fields), fields["event_id"], when_to_search(fields))


def _retryable(indexes: Iterable[int], error: TransientError) -> list[Failure]:
    return [Failure(index, str(error), "TransientError", retryable=True) for index in indexes]


def bulk_operation(payload: bytes | None) -> bytes:
    """Return the bulk lines of one enriched payload: index or delete, versioned by its revision.

    Raises ``ValueError``, ``KeyError``, ``TypeError`` or ``AttributeError`` if the payload is not
    enriched feedback.
    """
    return _bulk_lines(orjson.loads(payload or b""))


def _bulk_lines(fields: Mapping[str, Any]) -> bytes:
    action = {
        "_index": _month_index(fields["created_at"][:7]),
        "_id": fields["event_id"],
        "version": document_version(fields),
        "version_type": "external_gte",
    }
    if fields["operation"] == "delete":
        return orjson.dumps({"delete": action})
    return orjson.dumps({"index": action}) + b"\n" + orjson.dumps(document(fields))


@lru_cache(maxsize=1_024)
def _month_index(month: str) -> str:
    return index_name(datetime.strptime(month, "%Y-%m"))


def stop_if_too_many(failures: Sequence[Failure], written: int) -> None:
    """Raise ``PermanentError`` if too many documents were refused to blame the documents."""
    refused = [failure for failure in failures if not failure.retryable]
    if len(refused) >= _MIN_REFUSED_TO_STOP and len(refused) * 5 > written:
        raise PermanentError(
            f"{_ACTION}: {len(refused)} of {written} documents are refused "
            f"({refused[0].error}); is the index template current? (feedback setup)"
        )
