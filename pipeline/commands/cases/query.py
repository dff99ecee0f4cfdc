"""Data of `feedback cases`: cases from their index, and the feedback they are about."""

from __future__ import annotations

from typing import Any, Final

from pipeline.commands.shared.elasticsearch import open_elasticsearch, search_documents
from pipeline.elasticsearch.short_ids import find_by_prefix, validate_prefix
from pipeline.search.query import Filters, build_filters
from pipeline.settings import Settings
from schemas.case import Case, CaseStatus
from schemas.case_documents import CASES_INDEX, case_from_document
from schemas.documents import READ_ALIAS

_UNRESOLVED: Final = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)


def find_cases(
    settings: Settings,
    filters: Filters,
    *,
    unassigned: bool = False,
    overdue: bool = False,
    limit: int = 100,
) -> tuple[list[Case], int]:
    """Return matching cases, earliest due time first, and their total number.

    ``filters`` are those of :func:`build_filters`; by default only unresolved cases match.
    Raises ``Unavailable`` or ``CommandError``.
    """
    clauses = build_filters({"case.status": _UNRESOLVED, **filters})
    if overdue:
        clauses.append({"term": {"case.overdue": True}})
    owned = [{"exists": {"field": "case.owner"}}] if unassigned else []
    documents, total = search_documents(
        settings,
        "listing cases",
        CASES_INDEX,
        {"filter": clauses, "must_not": owned},
        by="case.due_at",
        order="asc",
        limit=limit,
    )
    return [case_from_document(document) for document in documents], total


def find_case(settings: Settings, prefix: str) -> Case:
    """Return the case whose id, or whose feedback's id, starts with the prefix.

    Raises ``Unavailable``, or ``CommandError`` unless exactly one matches.
    """
    prefix = validate_prefix(prefix, "case")
    fields = ("event.id", "case.feedback_id")
    with open_elasticsearch(settings, f"finding case {prefix}") as client:
        document = find_by_prefix(client, CASES_INDEX, prefix, "case", fields=fields)
        # A search lags behind by up to a second; a read by id does not.
        current = client.get(index=CASES_INDEX, id=document["event"]["id"])
        return case_from_document(current["_source"])


def get_case(settings: Settings, case_id: str) -> Case | None:
    """Return the current state of a case, or None if it does not exist."""
    with open_elasticsearch(settings, f"reading case {case_id[:8]}") as client:
        answer = client.options(ignore_status=404).get(index=CASES_INDEX, id=case_id)
    return case_from_document(answer["_source"]) if answer.get("found") else None


def get_feedback(settings: Settings, feedback_id: str) -> dict[str, Any] | None:
    """Return the document of a piece of feedback, or None if it is not indexed (any more)."""
    with open_elasticsearch(settings, "reading the feedback") as client:
        answer = client.search(
            index=READ_ALIAS,
            ignore_unavailable=True,
            query={"ids": {"values": [feedback_id]}},
            size=1,
        )
    return next((hit["_source"] for hit in answer["hits"]["hits"]), None)


def find_feedback(settings: Settings, prefix: str) -> dict[str, Any]:
    """Return the document of the feedback whose id starts with the prefix.

    Raises ``Unavailable``, or ``CommandError`` unless exactly one matches.
    """
    prefix = validate_prefix(prefix, "feedback")
    hint = "; `feedback search --json` shows event.id"
    with open_elasticsearch(settings, f"finding feedback {prefix}") as client:
        return find_by_prefix(client, READ_ALIAS, prefix, "feedback", hint=hint)
