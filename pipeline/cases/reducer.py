"""Application of events to a case; pure.

The events of a case share a partition and are applied in the order of their offsets. An event that
the case includes already changes nothing.
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


def apply_event(case: Case | None, event: CaseEvent) -> Case:
    """Return the case after an event; raises :class:`NoSuchCase`."""
    if case is None:
        return _open(event)
    if event.event_id in case.events or event.type is CaseEventType.OPENED:
        return case
    return case.model_copy(
        update={
            "revision": case.revision + 1,
            "events": (*case.events, event.event_id),
            "updated_at": max(case.updated_at, event.at),
            "notes": (*case.notes, *_case_notes(event)),
            **_CHANGES[event.type](case, event),
        }
    )


def _open(event: CaseEvent) -> Case:
    if event.opening is None:
        raise NoSuchCase("reading a case's event: its case was never opened")
    return Case(
        case_id=event.case_id,
        revision=1,
        events=(event.event_id,),
        opened_at=event.at,
        updated_at=event.at,
        notes=tuple(_case_notes(event)),
        **dict(event.opening),
    )


def _case_notes(event: CaseEvent) -> Iterator[CaseNote]:
    if event.type is CaseEventType.LINKED:
        return
    text = event.text or event.resolution
    if event.type is CaseEventType.ASSIGNED:
        text = f"to {event.owner}"
    elif event.type is CaseEventType.DUE_CHANGED and event.due_at is not None:
        text = f"to {event.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield CaseNote(at=event.at, type=event.type, by=event.by, text=text)


def _assign(case: Case, event: CaseEvent) -> Changes:
    return {"owner": event.owner}


def _add_note(case: Case, event: CaseEvent) -> Changes:
    # A person who writes a note has started work; the pipeline's own notes do not count.
    status = {} if event.by is None else _begin(case)
    return {**status, "withdrawn": case.withdrawn or event.withdrawn}


def _reply(case: Case, event: CaseEvent) -> Changes:
    if case.first_answered_at is not None:
        return {**_begin(case), **_change_due(event)}
    next_due = {"due_at": case.resolve_by, "overdue": False} if case.resolve_by else {}
    return {**_begin(case), "first_answered_at": event.at, **next_due, **_change_due(event)}


def _resolve(case: Case, event: CaseEvent) -> Changes:
    return {
        "status": CaseStatus.RESOLVED,
        "resolved_at": event.at,
        "resolution": event.resolution,
        "changed": event.changed,
        "overdue": False,
    }


def _reopen(case: Case, event: CaseEvent) -> Changes:
    if case.status is not CaseStatus.RESOLVED:
        return {}
    return {
        "status": CaseStatus.IN_PROGRESS,
        "resolved_at": None,
        "reopened": case.reopened + 1,
        **_change_due(event),
    }


def _mark_overdue(case: Case, event: CaseEvent) -> Changes:
    # The case may have been resolved or given another due time since the event was published.
    if case.status is CaseStatus.RESOLVED or event.due_at != case.due_at:
        return {}
    return {"overdue": True, "first_overdue_at": case.first_overdue_at or event.at}


def _link(case: Case, event: CaseEvent) -> Changes:
    assert event.link is not None  # noqa: S101 -- the record refuses one without
    others = tuple(link for link in case.links if link.outlet != event.link.outlet)
    return {"links": (*others, event.link)}


def _change_due(event: CaseEvent) -> Changes:
    return {} if event.due_at is None else {"due_at": event.due_at, "overdue": False}


def _begin(case: Case) -> Changes:
    return {"status": CaseStatus.IN_PROGRESS} if case.status is CaseStatus.OPEN else {}


_CHANGES: Final = MappingProxyType[CaseEventType, Callable[[Case, CaseEvent], Changes]](
    {
        CaseEventType.ASSIGNED: _assign,
        CaseEventType.NOTED: _add_note,
        CaseEventType.REPLIED: _reply,
        CaseEventType.RESOLVED: _resolve,
        CaseEventType.REOPENED: _reopen,
        CaseEventType.OVERDUE: _mark_overdue,
        CaseEventType.LINKED: _link,
        CaseEventType.DUE_CHANGED: lambda case, event: _change_due(event),
    }
)
