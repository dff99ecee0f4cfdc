"""What an event makes of a case; pure.

Events of a case are applied in the order of their Kafka offsets, which is one for all since they
share a partition. One that is known already changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC
from types import MappingProxyType
from typing import Any, Final

from schemas.case import Case, CaseEvent, CaseEventType, CaseNote, CaseStatus

Changes = dict[str, Any]


class NoSuchCase(ValueError):
    """An event of a case that was never opened."""


def apply(case: Case | None, event: CaseEvent) -> Case:
    """The case after an event; raises :class:`NoSuchCase`."""
    if case is None:
        return _opened(event)
    if event.event_id in case.events or event.type is CaseEventType.OPENED:
        return case
    return case.model_copy(
        update={
            "revision": case.revision + 1,
            "events": (*case.events, event.event_id),
            "updated_at": max(case.updated_at, event.at),
            "notes": (*case.notes, *_story(event)),
            **_CHANGES[event.type](case, event),
        }
    )


def _opened(event: CaseEvent) -> Case:
    if event.opening is None:
        raise NoSuchCase("reading a case's event: its case was never opened")
    return Case(
        case_id=event.case_id,
        revision=1,
        events=(event.event_id,),
        opened_at=event.at,
        updated_at=event.at,
        notes=tuple(_story(event)),
        **dict(event.opening),
    )


def _story(event: CaseEvent) -> Iterator[CaseNote]:
    if event.type is CaseEventType.LINKED:
        return
    text = event.text or event.resolution
    if event.type is CaseEventType.ASSIGNED:
        text = f"to {event.owner}"
    elif event.type is CaseEventType.DUE_CHANGED and event.due_at is not None:
        text = f"to {event.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield CaseNote(at=event.at, type=event.type, by=event.by, text=text)


def _assigned(case: Case, event: CaseEvent) -> Changes:
    return {"owner": event.owner}


def _noted(case: Case, event: CaseEvent) -> Changes:
    # Somebody who writes a note has begun; the pipeline's own do not count.
    begun = {} if event.by is None else _begun(case)
    return {**begun, "withdrawn": case.withdrawn or event.withdrawn}


def _replied(case: Case, event: CaseEvent) -> Changes:
    if case.first_answered_at is not None:
        return {**_begun(case), **_due(event)}
    next_due = {"due_at": case.resolve_by, "overdue": False} if case.resolve_by else {}
    return {**_begun(case), "first_answered_at": event.at, **next_due, **_due(event)}


def _resolved(case: Case, event: CaseEvent) -> Changes:
    return {
        "status": CaseStatus.RESOLVED,
        "resolved_at": event.at,
        "resolution": event.resolution,
        "changed": event.changed,
        "overdue": False,
    }


def _reopened(case: Case, event: CaseEvent) -> Changes:
    if case.status is not CaseStatus.RESOLVED:
        return {}
    return {
        "status": CaseStatus.IN_PROGRESS,
        "resolved_at": None,
        "reopened": case.reopened + 1,
        **_due(event),
    }


def _overdue(case: Case, event: CaseEvent) -> Changes:
    # It may have been resolved, or have got another due time, while this was on its way.
    if case.status is CaseStatus.RESOLVED or event.due_at != case.due_at:
        return {}
    return {"overdue": True, "first_overdue_at": case.first_overdue_at or event.at}


def _linked(case: Case, event: CaseEvent) -> Changes:
    assert event.link is not None  # noqa: S101 -- the record refuses one without
    others = tuple(link for link in case.links if link.outlet != event.link.outlet)
    return {"links": (*others, event.link)}


def _due(event: CaseEvent) -> Changes:
    return {} if event.due_at is None else {"due_at": event.due_at, "overdue": False}


def _begun(case: Case) -> Changes:
    return {"status": CaseStatus.IN_PROGRESS} if case.status is CaseStatus.OPEN else {}


_CHANGES: Final = MappingProxyType[CaseEventType, Callable[[Case, CaseEvent], Changes]](
    {
        CaseEventType.ASSIGNED: _assigned,
        CaseEventType.NOTED: _noted,
        CaseEventType.REPLIED: _replied,
        CaseEventType.RESOLVED: _resolved,
        CaseEventType.REOPENED: _reopened,
        CaseEventType.OVERDUE: _overdue,
        CaseEventType.LINKED: _linked,
        CaseEventType.DUE_CHANGED: lambda case, event: _due(event),
    }
)
