"""Sink: Elasticsearch. Bulk requests of serialised documents, and a verdict for each document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from pipeline.failures import Failure, PermanentError
from pipeline.index.revisions import Revisions, Search, Trace, when_to_search
from schemas.documents import TEMPLATE_NAME, document, index_name

_WAIT: Final = frozenset({408, 429, 502, 503, 504})
_LEAST_FAILURES_TO_HALT: Final = 50  # one bad event alone must not stop a quiet stream

_Operation = tuple[int, bytes, str, Search]
"""A payload's place in the batch, its bulk lines, its id, and when to search other months."""


class ElasticsearchSink:
    """Writes enriched payloads as documents; the same payload twice is one document."""

    def __init__(self, client: Any, *, bulk_bytes: int) -> None:
        self._client = client
        self._revisions = Revisions(client)
        self._bulk_bytes = bulk_bytes
        self._set_up = False

    async def write(self, payloads: Sequence[bytes | None]) -> list[Failure]:
        """Index or delete every payload's document; returns those that were not taken.

        What the server could not take now (no answer, load, a block on writing) is retryable.
        Raises :class:`PermanentError` on refused credentials, without the index template, or when
        more than a fifth is refused for good.
        """
        failures: list[Failure] = []
        operations: list[_Operation] = []
        for index, payload in enumerate(payloads):
            try:
                fields = orjson.loads(payload or b"")
                operations.append(
                    (index, _lines(fields), fields["event_id"], when_to_search(fields))
                )
            except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
                kind = type(error).__name__
                reason = f"reading enriched feedback: {kind}"
                failures.append(Failure(index, reason, kind, retryable=False))
        for chunk in self._chunks(operations):
            failures.extend(await self._guarded(chunk))
        halt_if_too_many(failures, len(payloads))
        return sorted(failures, key=lambda failure: failure.index)

    def _chunks(self, operations: list[_Operation]) -> list[list[_Operation]]:
        chunks: list[list[_Operation]] = []
        room = 0
        for operation in operations:
            size = len(operation[1])
            if size > room:
                chunks.append([])
                room = self._bulk_bytes
            chunks[-1].append(operation)
            room -= size
        return chunks

    async def _guarded(self, chunk: list[_Operation]) -> list[Failure]:
        """Write a chunk; what fails as a whole becomes a verdict too."""
        from elasticsearch import ApiError, TransportError

        try:
            await self._check_set_up()
            failures, moved = await self._bulk(chunk)
        except ApiError as error:
            return await self._refused(chunk, error.meta.status)
        except TransportError as error:
            return _later([operation[0] for operation in chunk], type(error).__name__)
        return failures + await self._settle(moved) if moved else failures

    async def _settle(self, moved: list[Trace]) -> list[Failure]:
        """Leave one document of each record that moved; where it can't be done now, write again."""
        from elasticsearch import ApiError, TransportError

        try:
            return await self._revisions.settle(moved)
        except ApiError as error:
            status = error.meta.status
            if not _passes(status):
                raise _refusal(status) from None
            return _later([trace.index for trace in moved], f"status {status}")
        except TransportError as error:
            return _later([trace.index for trace in moved], type(error).__name__)

    async def _check_set_up(self) -> None:
        # Without the template, Elasticsearch would guess a mapping and take anything.
        if self._set_up:
            return
        if not await self._client.indices.exists_index_template(name=TEMPLATE_NAME):
            raise PermanentError(
                f"writing to Elasticsearch: there is no index template {TEMPLATE_NAME!r}; "
                "run `feedback setup`"
            )
        self._set_up = True

    async def _bulk(self, chunk: list[_Operation]) -> tuple[list[Failure], list[Trace]]:
        """What was not taken, and of the rest what has to be looked for in other months."""
        response = await self._client.bulk(
            operations=[operation[1] for operation in chunk],
            filter_path="errors,items.*.status,items.*.error.type",
        )
        failures: list[Failure] = []
        if response.get("errors"):
            failures = verdicts([operation[0] for operation in chunk], response["items"])
        failed = {failure.index for failure in failures}
        due = self._revisions.is_due
        moved = [
            Trace.of(index, lines)
            for (index, lines, event_id, search), item in zip(chunk, response["items"], strict=True)
            if due(search, event_id, item) and index not in failed
        ]
        return failures, moved

    async def _refused(self, chunk: list[_Operation], status: int) -> list[Failure]:
        """What follows from a refused request as a whole."""
        if _passes(status):
            return _later([operation[0] for operation in chunk], f"status {status}")
        if status == 413 and len(chunk) > 1:
            middle = len(chunk) // 2
            return await self._guarded(chunk[:middle]) + await self._guarded(chunk[middle:])
        if status == 413:
            reason = "writing to Elasticsearch: the document is too large for the server"
            return [Failure(chunk[0][0], reason, "DocumentTooLarge", retryable=False)]
        raise _refusal(status)


def _passes(status: int) -> bool:
    return status in _WAIT or status >= 500


def _refusal(status: int) -> PermanentError:
    return PermanentError(f"writing to Elasticsearch: the server refuses with status {status}")


def _later(indexes: Iterable[int], error: str) -> list[Failure]:
    reason = f"writing to Elasticsearch: {error}"
    return [Failure(index, reason, error, retryable=True) for index in indexes]


def bulk_operation(payload: bytes | None) -> bytes:
    """The bulk lines of one enriched payload: index or delete, versioned by its revision.

    Raises ``ValueError``, ``KeyError``, ``TypeError`` or ``AttributeError`` for what is no
    enriched feedback.
    """
    return _lines(orjson.loads(payload or b""))


def _lines(fields: Mapping[str, Any]) -> bytes:
    action = {
        "_index": _index_of_month(fields["created_at"][:7]),
        "_id": fields["event_id"],
        "version": fields["revision"],
        "version_type": "external_gte",
    }
    if fields["operation"] == "delete":
        return orjson.dumps({"delete": action})
    return orjson.dumps({"index": action}) + b"\n" + orjson.dumps(document(fields))


@lru_cache(maxsize=1_024)
def _index_of_month(month: str) -> str:
    return index_name(datetime.strptime(month, "%Y-%m"))


def verdicts(indexes: Sequence[int], items: Sequence[dict[str, Any]]) -> list[Failure]:
    """The failures among a bulk response's items.

    Done: 2xx; 409, since a newer revision is there; 404 of a delete. Raises
    :class:`PermanentError` on refused credentials.
    """
    failures: list[Failure] = []
    for index, item in zip(indexes, items, strict=True):
        ((action, verdict),) = item.items()
        status = verdict["status"]
        if status < 300 or status == 409 or (status == 404 and action == "delete"):
            continue
        kind = verdict.get("error", {}).get("type", "unknown")
        reason = f"writing to Elasticsearch: {kind}"
        retryable = _passes(status) or kind == "cluster_block_exception"
        if status in {401, 403} and not retryable:
            raise PermanentError(reason)
        failures.append(Failure(index, reason, kind, retryable))
    return failures


def halt_if_too_many(failures: Sequence[Failure], written: int) -> None:
    """Raise ``PermanentError`` if too many were refused to blame the documents."""
    refused = [failure for failure in failures if not failure.retryable]
    if len(refused) >= _LEAST_FAILURES_TO_HALT and len(refused) * 5 > written:
        raise PermanentError(
            f"writing to Elasticsearch: {len(refused)} of {written} documents are refused "
            f"({refused[0].error}); is the index template current? (feedback setup)"
        )
