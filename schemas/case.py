"""``CaseEvent``: a change of a case; ``Case``: its current state.

A case is a piece of feedback that the staff must handle. Events are kept forever and don't hold the
text of the feedback, which its author may still delete: it is looked up in the index.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.feedback import EventId, Name, Priority
from schemas.record import Record, deterministic_id

CaseId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
CaseType = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class CaseEventType(StrEnum):
    """Types of a case's changes."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    NOTED = "noted"
    REPLIED = "replied"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    OVERDUE = "overdue"
    LINKED = "linked"
    DUE_CHANGED = "due_changed"


class CaseStatus(StrEnum):
    """Progress of a case."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"


class LinkState(StrEnum):
    """State of the counterpart in an issue tracker."""

    OPENED = "opened"
    RESOLVED = "resolved"
    REFUSED = "refused"


class Link(Record):
    """The case's counterpart in another service: an issue, a ticket, a delivered webhook."""

    outlet: Name = Field(
        description="The issue tracker: NAME in [cases.trackers.NAME] of the settings file."
    )
    state: LinkState = Field(description="Last state sent to the tracker, or refused by it.")
    reference: str | None = Field(
        default=None, max_length=512, description="The service's identifier of it."
    )
    url: str | None = Field(default=None, max_length=2_083, description="Web page of it.")


class Opening(Record):
    """The facts about a case at its opening."""

    feedback_id: EventId = Field(description="The feedback's event_id.")
    type: CaseType = Field(
        description="complaint, urgent, contact_request, review_reply, or one of the settings'."
    )
    priority: Priority
    rule: str | None = Field(
        default=None, description="The rule that opened it; absent if opened by hand."
    )
    owner: Name | None = Field(default=None, description="Assignee.")
    due_at: AwareDatetime = Field(description="Deadline of the first answer.")
    resolve_by: AwareDatetime | None = Field(
        default=None, description="Deadline of the resolution, once it is answered."
    )
    source: Name
    organization: Name | None = None
    site: Name | None = None
    service: Name | None = None
    topics: tuple[str, ...] = ()
    urgent_reasons: tuple[str, ...] = ()
    given_at: AwareDatetime = Field(description="Time when the feedback was given.")


_NEEDS: Final = {
    CaseEventType.OPENED: "opening",
    CaseEventType.ASSIGNED: "owner",
    CaseEventType.NOTED: "text",
    CaseEventType.RESOLVED: "resolution",
    CaseEventType.OVERDUE: "due_at",
    CaseEventType.LINKED: "link",
    CaseEventType.DUE_CHANGED: "due_at",
}


class CaseEvent(Record):
    """One change of a case. Each type has its required fields.

    An event that is published twice has the same ``event_id``; events of the pipeline itself
    (opened, overdue, linked) derive it from their content.
    """

    event_id: EventId
    case_id: CaseId
    type: CaseEventType
    at: AwareDatetime
    by: str | None = Field(
        default=None, max_length=200, description="Person who did it; absent for the pipeline."
    )
    opening: Opening | None = Field(default=None, description="Of opened.")
    owner: Name | None = Field(default=None, description="Of assigned: the new assignee.")
    text: Said | None = Field(
        default=None, description="A note, an answer or a reason; personal data hidden."
    )
    sent: bool | None = Field(
        default=None, description="Of replied: true if published through the source."
    )
    resolution: Said | None = Field(default=None, description="Of resolved: the outcome.")
    changed: Said | None = Field(
        default=None, description="Of resolved: the improvement that was made because of it."
    )
    due_at: AwareDatetime | None = Field(
        default=None, description="The deadline that passed, or the new deadline."
    )
    link: Link | None = Field(default=None, description="Of linked.")
    withdrawn: bool = Field(default=False, description="Of noted: the author deleted the feedback.")

    @model_validator(mode="after")
    def _check_required_fields(self) -> Self:
        needed = _NEEDS.get(self.type)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"an event of type {self.type} needs {needed}")
        return self

    @classmethod
    def identify(cls, case_id: str, kind: CaseEventType, *about: str, **fields: Any) -> Self:
        """Return an event with an id derived from ``about``; raise ``pydantic.ValidationError``."""
        event_id = deterministic_id("case event", case_id, kind, *about)
        return cls(event_id=event_id, case_id=case_id, type=kind, **fields)


def derive_case_id(feedback_id: str) -> str:
    """Return the id of the one case that a piece of feedback can have."""
    return deterministic_id("case", feedback_id)


class CaseNote(Record):
    """An entry of a case's history: a note, an answer or an action, but not a link."""

    at: AwareDatetime
    type: CaseEventType
    by: str | None = None
    text: str | None = None


class Case(Record):
    """The current state of a case, reduced from all of its events in order.

    ``revision`` is the number of events, so that the same events always give the same record.
    """

    case_id: CaseId
    revision: int = Field(ge=1)
    events: tuple[EventId, ...] = Field(description="Its events, in order.")
    feedback_id: EventId
    type: CaseType
    priority: Priority
    rule: str | None = None
    owner: Name | None = None
    status: CaseStatus = CaseStatus.OPEN
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    due_at: AwareDatetime
    resolve_by: AwareDatetime | None = None
    first_answered_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = Field(
        default=None, description="Time of the last resolution; absent while it is open."
    )
    resolution: str | None = None
    changed: str | None = Field(
        default=None, description="The improvement that was made because of it."
    )
    overdue: bool = Field(default=False, description="True if past due_at and not resolved.")
    first_overdue_at: AwareDatetime | None = Field(
        default=None, description="Time when it was first overdue."
    )
    reopened: int = Field(default=0, ge=0, description="Number of times.")
    withdrawn: bool = Field(default=False, description="The author deleted the feedback.")
    source: Name
    organization: Name | None = None
    site: Name | None = None
    service: Name | None = None
    topics: tuple[str, ...] = ()
    urgent_reasons: tuple[str, ...] = ()
    given_at: AwareDatetime
    notes: tuple[CaseNote, ...] = ()
    links: tuple[Link, ...] = ()

    def find_link(self, tracker: str) -> Link | None:
        """Return the counterpart in a tracker, or None."""
        return next((link for link in self.links if link.outlet == tracker), None)

    def is_past_due(self, now: datetime) -> bool:
        """Return True if it is past due at ``now`` but not yet marked as overdue."""
        return self.status is not CaseStatus.RESOLVED and not self.overdue and self.due_at < now
