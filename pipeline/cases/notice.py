"""Notices about cases; pure.

A case of high priority that is opened causes a notice, and any case that is assigned, overdue or
reopened. A notice never contains the text of the feedback, which is shown with the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from pipeline.notify.notice import Notice, Urgency
from pipeline.terminal import humanize
from schemas.case import Case, CaseEvent, CaseEventType
from schemas.feedback import Priority

SHORT_ID: Final = 8
"""Digits of a case's id that are shown, and suffice on the command line."""


def create_case_notice(event: CaseEvent, case: Case) -> Notice | None:
    """Return the notice of an event, or None if it needs none; ``case`` includes the event.

    The notice's id is the event's, so an event that is read again is delivered once.
    """
    template = _NOTICES.get(event.type)
    if template is None:
        return None
    if event.type is CaseEventType.OPENED and case.priority is not Priority.HIGH:
        return None
    urgency, title = template
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


def describe_case(case: Case) -> str:
    """Return the case as part of a sentence: "complaint 1a2b3c4d, Eastgate, Ward 5"."""
    place = (part for part in (case.organization, case.site, case.service) if part)
    return ", ".join((f"{humanize(case.type)} {case.case_id[:SHORT_ID]}", *place))


def format_time(at: datetime) -> str:
    """Return a time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _lines(event: CaseEvent, case: Case) -> Iterator[str]:
    owner = f"owner {case.owner}" if case.owner else "unassigned"
    yield f"Priority {case.priority}, due {format_time(case.due_at)}, {owner}."
    if case.topics:
        yield f"About {', '.join(map(humanize, case.topics))}."
    if case.urgent_reasons:
        yield f"Urgent: {', '.join(map(humanize, case.urgent_reasons))}."
    yield f"Given {format_time(case.given_at)} through {case.source}."
    if event.by is not None:
        yield f"By {event.by}."
    if event.type is CaseEventType.REOPENED and event.text:
        yield event.text
    yield f"`feedback cases show {case.case_id[:SHORT_ID]}`"


_NOTICES: Final = MappingProxyType[CaseEventType, tuple[Urgency, Callable[[Case], str]]](
    {
        CaseEventType.OPENED: (Urgency.WARNING, lambda case: f"New {describe_case(case)}"),
        CaseEventType.OVERDUE: (Urgency.WARNING, lambda case: f"Overdue: {describe_case(case)}"),
        CaseEventType.REOPENED: (
            Urgency.WARNING,
            lambda case: f"Reopened: {describe_case(case)}",
        ),
        CaseEventType.ASSIGNED: (
            Urgency.INFO,
            lambda case: f"Assigned to {case.owner}: {describe_case(case)}",
        ),
    }
)
