"""Cases in Elasticsearch: read, written, and looked for. Errors are the worker's verdicts.

A case's version is its number of events. The same events always make the same case, so that
whoever writes it, again or beside another, writes the same or is refused as late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

from pipeline.failures import PermanentError, TransientError
from pipeline.index.sink import verdicts
from schemas.case import Case, CaseEvent, CaseStatus, LinkState
from schemas.case_documents import CASES_INDEX, CASES_TEMPLATE, case_document, case_from_document
from schemas.documents import READ_ALIAS

_PAGE: Final = 500
_POLL_S: Final = 0.1
_PASSING: Final = frozenset({408, 429})


class CaseStore:
    """The index of cases. Every method raises ``TransientError`` or ``PermanentError``."""

    def __init__(self, client: Any) -> None:
        """``client`` is an asynchronous one, which the caller closes."""
        self._client = client
        self._set_up = False

    async def get(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """The cases that there are of these, as they are now."""
        wanted = list(dict.fromkeys(case_ids))
        if not wanted:
            return {}
        async with _verdict("reading cases"):
            await self._check_set_up()
            answer = await self._client.mget(index=CASES_INDEX, ids=wanted)
        _require_whole(answer["docs"])
        found = (case_from_document(doc["_source"]) for doc in answer["docs"] if doc.get("found"))
        return {case.case_id: case for case in found}

    async def after(self, event: CaseEvent, *, within_s: float = 10.0) -> Case | None:
        """The case once the event is part of it; None where it is not within that time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while True:
            case = (await self.get([event.case_id])).get(event.case_id)
            if case is not None and event.event_id in case.events:
                return case
            if loop.time() >= end:
                return None
            await asyncio.sleep(_POLL_S)

    async def write(self, cases: Iterable[Case]) -> None:
        """Write cases; one that is there in the same or a later revision stays."""
        operations: list[Mapping[str, Any]] = []
        for case in cases:
            action = {"_id": case.case_id, "version": case.revision, "version_type": "external"}
            operations += [{"index": action}, case_document(case)]
        if not operations:
            return
        async with _verdict("writing cases"):
            await self._check_set_up()
            answer = await self._client.bulk(index=CASES_INDEX, operations=operations)
        failures = verdicts(range(len(answer["items"])), answer["items"])
        if failures:
            first = min(failures, key=lambda failure: failure.retryable)
            raise (TransientError if first.retryable else PermanentError)(first.reason)

    async def past_due(self, now: datetime) -> list[Case]:
        """Cases that are due, not resolved, and not told as overdue; the oldest first."""
        return await self._search(
            [
                {"range": {"case.due_at": {"lt": now.isoformat()}}},
                {"term": {"case.overdue": False}},
            ],
            but={"term": {"case.status": CaseStatus.RESOLVED}},
            sort="case.due_at",
        )

    async def unlinked(self, outlet: str, wanted: list[dict[str, Any]]) -> list[Case]:
        """Cases that are open and that an outlet wants, and was not told of."""
        told = [f"{outlet}:{state}" for state in LinkState]
        resolved = {"term": {"case.status": CaseStatus.RESOLVED}}
        known = {"terms": {"case.linked": told}}
        return await self._search(wanted, but={"bool": {"should": [resolved, known]}})

    async def linked(self, outlet: str, state: LinkState, *, resolved: bool) -> list[Case]:
        """Cases whose last word to an outlet was that one, resolved ones or the others."""
        is_resolved = {"term": {"case.status": CaseStatus.RESOLVED}}
        told = {"term": {"case.linked": f"{outlet}:{state}"}}
        if resolved:
            return await self._search([told, is_resolved])
        return await self._search([told], but=is_resolved)

    async def text_of(self, feedback_id: str) -> str:
        """The feedback's text as it is now, personal data hidden; empty where it is gone."""
        async with _verdict("reading feedback"):
            answer = await self._client.search(
                index=READ_ALIAS,
                query={"ids": {"values": [feedback_id]}},
                source=["message"],
                size=1,
                ignore_unavailable=True,
            )
        hits = answer["hits"]["hits"]
        return str(hits[0]["_source"].get("message", "")) if hits else ""

    async def _search(
        self,
        required: list[dict[str, Any]],
        *,
        but: dict[str, Any] | None = None,
        sort: str = "@timestamp",
    ) -> list[Case]:
        query = {"bool": {"filter": required, "must_not": [but] if but else []}}
        async with _verdict("searching cases"):
            answer = await self._client.search(
                index=CASES_INDEX,
                query=query,
                size=_PAGE,
                sort=[{sort: "asc"}],
                ignore_unavailable=True,
            )
        return [case_from_document(hit["_source"]) for hit in answer["hits"]["hits"]]

    async def _check_set_up(self) -> None:
        # Without the template, Elasticsearch would guess a mapping and take anything.
        if self._set_up:
            return
        if not await self._client.indices.exists_index_template(name=CASES_TEMPLATE):
            raise PermanentError(
                f"using cases in Elasticsearch: there is no index template {CASES_TEMPLATE!r}; "
                "run `feedback setup`"
            )
        self._set_up = True


def _require_whole(docs: Iterable[Mapping[str, Any]]) -> None:
    """Raise ``TransientError`` if a shard did not answer: the case may exist."""
    for doc in docs:
        kind = doc.get("error", {}).get("type")
        if kind is not None and kind != "index_not_found_exception":
            raise TransientError(f"reading cases: {kind}")


@asynccontextmanager
async def _verdict(doing: str) -> AsyncIterator[None]:
    from elasticsearch import ApiError, TransportError

    try:
        yield
    except ApiError as error:
        status = error.meta.status
        if status in _PASSING or status >= 500:
            raise TransientError(f"{doing}: status {status}") from None
        raise PermanentError(f"{doing}: the server refuses with status {status}") from None
    except TransportError as error:
        raise TransientError(f"{doing}: {type(error).__name__}") from None
