"""Cases in Elasticsearch: reading, writing and searching them.

A case's version is its number of events. The same events always make the same case, so a repeated
or concurrent write either writes the same document or is rejected as outdated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pipeline.elasticsearch.client import AsyncElasticsearch
from pipeline.elasticsearch.document_index import Document, DocumentIndex
from pipeline.elasticsearch.errors import role_errors
from pipeline.failures import PermanentError
from schemas.case import Case, CaseStatus, LinkState
from schemas.case_documents import CASES_INDEX, CASES_TEMPLATE, case_document, case_from_document
from schemas.documents import READ_ALIAS

_PAGE_SIZE: Final = 500
_RESOLVED: Final = {"term": {"case.status": CaseStatus.RESOLVED}}


class CaseStore:
    """The index of cases. Every method raises ``TransientError`` or ``PermanentError``."""

    def __init__(self, client: AsyncElasticsearch) -> None:
        """The caller closes the client."""
        self._client = client
        self._index = DocumentIndex(client, CASES_INDEX, CASES_TEMPLATE, title="cases")

    async def get(self, case_ids: Iterable[str]) -> dict[str, Case]:
        """Return the current cases by id, without those that do not exist."""
        documents = await self._index.get(case_ids)
        return {case_id: case_from_document(body) for case_id, body in documents.items()}

    async def write(self, cases: Iterable[Case]) -> None:
        """Write cases; one that exists in the same or a later revision stays."""
        failures = await self._index.write(
            [Document(case.case_id, case.revision, case_document(case)) for case in cases]
        )
        if failures:
            raise PermanentError(failures[0].reason)

    async def find_past_due(self, now: datetime) -> list[Case]:
        """Return unresolved cases past their due time and not yet marked overdue, oldest first."""
        past_due = {"range": {"case.due_at": {"lt": now.isoformat()}}}
        is_new = {"term": {"case.overdue": False}}
        return await self._search([past_due, is_new], but=_RESOLVED, sort="case.due_at")

    async def find_unlinked(self, tracker: str, filters: list[dict[str, Any]]) -> list[Case]:
        """Return unresolved cases that match a tracker's filters and have no link to it."""
        states = [f"{tracker}:{state}" for state in LinkState]
        linked = {"terms": {"case.linked": states}}
        return await self._search(filters, but={"bool": {"should": [_RESOLVED, linked]}})

    async def find_linked(self, tracker: str, state: LinkState, *, resolved: bool) -> list[Case]:
        """Return cases whose link to a tracker has this state: resolved ones, or the others."""
        linked = {"term": {"case.linked": f"{tracker}:{state}"}}
        if resolved:
            return await self._search([linked, _RESOLVED])
        return await self._search([linked], but=_RESOLVED)

    async def read_feedback_text(self, feedback_id: str) -> str:
        """Return the feedback's current text, personal data hidden; empty if it was deleted."""
        with role_errors("reading feedback"):
            response = await self._client.search(
                index=READ_ALIAS,
                query={"ids": {"values": [feedback_id]}},
                source_includes=["message"],
                size=1,
                ignore_unavailable=True,
            )
        hits = response["hits"]["hits"]
        return str(hits[0]["_source"].get("message", "")) if hits else ""

    async def _search(
        self,
        required: list[dict[str, Any]],
        *,
        but: Mapping[str, Any] | None = None,
        sort: str = "@timestamp",
    ) -> list[Case]:
        query = {"bool": {"filter": required, "must_not": [but] if but else []}}
        documents = await self._index.search(query, sort=sort, size=_PAGE_SIZE)
        return [case_from_document(body) for body in documents]
