"""What `feedback cases` gathers: cases from their index, and the feedback that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pipeline.commands.shared.elasticsearch import asking, checked_prefix, listed, the_one
from pipeline.errors import CommandError
from pipeline.search.query import filters_of
from pipeline.settings import Settings
from schemas.case import Case, CaseStatus
from schemas.case_documents import CASES_INDEX, case_from_document
from schemas.documents import READ_ALIAS

_UNRESOLVED: Final = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """Which cases. Values of one filter are alternatives, filters add up; a text may hold ``*``
    for any characters and matches in any case."""

    statuses: tuple[str, ...] = _UNRESOLVED
    types: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    unassigned: bool = False
    overdue: bool = False
    limit: int = 100


def find_cases(settings: Settings, request: CaseRequest) -> tuple[list[Case], int]:
    """The cases, those that are due first in front, and how many there are beyond the limit too.

    Raises ``Unavailable`` or ``CommandError``.
    """
    found, total = listed(
        settings,
        "listing cases",
        CASES_INDEX,
        _clauses(request),
        by="case.due_at",
        order="asc",
        limit=request.limit,
    )
    return [case_from_document(document) for document in found], total


def case_named(settings: Settings, prefix: str) -> Case:
    """The one case whose id, or whose feedback's id, begins like this.

    Raises ``Unavailable``, or ``CommandError`` where there is none or more than one.
    """
    prefix = checked_prefix(prefix, "case")
    with asking(settings, f"finding case {prefix}") as client:
        answer = client.search(
            index=CASES_INDEX,
            ignore_unavailable=True,
            query=_begins(prefix, "event.id", "case.feedback_id"),
            size=5,
        )
        hits = answer["hits"]["hits"]
        case_id = the_one(
            [hit["_id"] for hit in hits], [hit["_id"] for hit in hits], prefix, "case"
        )
        # The search is a second behind, this is not.
        return case_from_document(client.get(index=CASES_INDEX, id=case_id)["_source"])


def case_as_it_is(settings: Settings, case_id: str) -> Case | None:
    """The case now; None where there is none."""
    with asking(settings, f"reading case {case_id[:8]}") as client:
        answer = client.options(ignore_status=404).get(index=CASES_INDEX, id=case_id)
    return case_from_document(answer["_source"]) if answer.get("found") else None


def feedback_of(settings: Settings, feedback_id: str) -> dict[str, Any] | None:
    """The document of a piece of feedback; None where its author took it back."""
    with asking(settings, "reading the feedback") as client:
        answer = client.search(
            index=READ_ALIAS,
            ignore_unavailable=True,
            query={"ids": {"values": [feedback_id]}},
            size=1,
        )
    return next((hit["_source"] for hit in answer["hits"]["hits"]), None)


def feedback_named(settings: Settings, prefix: str) -> dict[str, Any]:
    """The document of the one piece of feedback whose id begins like this.

    Raises ``Unavailable``, or ``CommandError`` where there is none or more than one.
    """
    prefix = checked_prefix(prefix, "feedback")
    with asking(settings, f"finding feedback {prefix}") as client:
        answer = client.search(
            index=READ_ALIAS, ignore_unavailable=True, query=_begins(prefix, "event.id"), size=5
        )
    found: dict[str, dict[str, Any]] = {
        hit["_source"]["event"]["id"]: hit["_source"] for hit in answer["hits"]["hits"]
    }
    if not found:
        raise CommandError(
            f"finding feedback {prefix}: there is none; `feedback search --json` shows event.id"
        )
    return found[the_one(list(found), list(found), prefix, "feedback")]


def _begins(prefix: str, *fields: str) -> dict[str, Any]:
    return {"bool": {"should": [{"prefix": {field: prefix}} for field in fields]}}


def _clauses(request: CaseRequest) -> dict[str, Any]:
    fields = {
        "case.status": request.statuses,
        "case.type": request.types,
        "case.priority": request.priorities,
        "case.owner": request.owners,
        "organization.name": request.organizations,
        "case.site": request.sites,
        "case.service": request.services,
        "case.topics": request.topics,
        "event.dataset": request.sources,
    }
    filters = filters_of(fields)
    if request.overdue:
        filters.append({"term": {"case.overdue": True}})
    owned = [{"exists": {"field": "case.owner"}}] if request.unassigned else []
    return {"filter": filters, "must_not": owned}
