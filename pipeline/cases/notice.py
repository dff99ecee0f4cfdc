"""What people are told of cases; pure.

Of an opened case where its priority is high, and of every one that is assigned, overdue or opened
again. A notice has no text of the feedback: that is looked up where the case is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from pipeline.notify.notice import Notice, Urgency
from schemas.case import Case, CaseEvent, CaseEventType
from schemas.feedback import Priority

SHORT_ID: Final = 8
"""Digits of a case's id that people are shown, and may give."""


def notice_of(event: CaseEvent, case: Case) -> Notice | None:
    """What to tell of an event; ``case`` is the case with the event. None: nothing.

    The notice's id is the event's, so that an event read again is told once.
    """
    told = _TOLD.get(event.type)
    if told is None:
        return None
    if event.type is CaseEventType.OPENED and case.priority is not Priority.HIGH:
        return None
    urgency, title = told
    if case.urgent_reasons and event.type is CaseEventType.OPENED:
        urgency = Urgency.CRITICAL
    return Notice(
        notice_id=event.event_id,
        type=f"case.{event.type}",
        at=event.at,
        urgency=urgency,
        title=title(case),
        text="\n".join(_lines(event, case)),
        data=case.to_payload(),
        site=case.site,
        organization=case.organization,
        topics=case.topics,
        source=case.source,
        about=case.case_id,
    )


def named(case: Case) -> str:
    """The case as a sentence has it: complaint 1a2b3c4d, Eastgate, Ward 5."""
    place = (part for part in (case.organization, case.site, case.service) if part)
    return ", ".join((f"{plain(case.type)} {case.case_id[:SHORT_ID]}", *place))


def plain(name: str) -> str:
    """An identifier as people read it."""
    return name.replace("_", " ")


def moment(at: datetime) -> str:
    """A time as people read it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _lines(event: CaseEvent, case: Case) -> Iterator[str]:
    yield f"Priority {case.priority}, due {moment(case.due_at)}, owner {case.owner or 'nobody'}."
    if case.topics:
        yield f"About {', '.join(map(plain, case.topics))}."
    if case.urgent_reasons:
        yield f"It cannot wait: {', '.join(map(plain, case.urgent_reasons))}."
    yield f"Given {moment(case.given_at)} through {case.source}."
    if event.by is not None:
        yield f"By {event.by}."
    if event.type is CaseEventType.REOPENED and event.text:
        yield event.text
    yield f"`feedback cases show {case.case_id[:SHORT_ID]}`"


_TOLD: Final = MappingProxyType[CaseEventType, tuple[Urgency, Callable[[Case], str]]](
    {
        CaseEventType.OPENED: (Urgency.WARNING, lambda case: f"New {named(case)}"),
        CaseEventType.OVERDUE: (Urgency.WARNING, lambda case: f"Overdue: {named(case)}"),
        CaseEventType.REOPENED: (Urgency.WARNING, lambda case: f"Opened again: {named(case)}"),
        CaseEventType.ASSIGNED: (
            Urgency.INFO,
            lambda case: f"For {case.owner}: {named(case)}",
        ),
    }
)
