"""``CaseEvent``: what happened to a case; ``Case``: what it has come to.

A case is a piece of feedback that somebody has to deal with. Events are kept forever and hold no
text of the feedback, which its author may still take back: that is looked up in the index.
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
    """What can happen to a case."""

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
    """Whether somebody has begun, and whether it is done."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"


class LinkState(StrEnum):
    """What the outlet's last word was."""

    OPENED = "opened"
    RESOLVED = "resolved"
    REFUSED = "refused"


class Link(Record):
    """The case's counterpart in another service: an issue, a ticket, a delivered webhook."""

    outlet: Name = Field(description="The outlet's name in the settings file.")
    state: LinkState = Field(description="What the outlet was told, or that it refuses.")
    reference: str | None = Field(
        default=None, max_length=512, description="The service's own identifier of it."
    )
    url: str | None = Field(default=None, max_length=2_083, description="Where it can be seen.")


class Opening(Record):
    """What a case is about, as known when it is opened."""

    feedback_id: EventId = Field(description="The feedback's event_id.")
    type: CaseType = Field(
        description="complaint, urgent, contact_request, review_reply, or one of the settings'."
    )
    priority: Priority
    rule: str | None = Field(default=None, description="The rule that opened it; absent by hand.")
    owner: Name | None = Field(default=None, description="Who is to deal with it.")
    due_at: AwareDatetime = Field(description="Until when it wants its first answer.")
    resolve_by: AwareDatetime | None = Field(
        default=None, description="Until when it wants to be resolved, once it is answered."
    )
    source: Name
    organization: Name | None = None
    site: Name | None = None
    service: Name | None = None
    topics: tuple[str, ...] = ()
    urgent_reasons: tuple[str, ...] = ()
    given_at: AwareDatetime = Field(description="When the feedback was given.")


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
    """One thing that happened to a case. Each type has the fields that it needs.

    An event that was published twice has the same ``event_id``; what the pipeline makes by itself
    (opened, overdue, linked) gets it from what it says.
    """

    event_id: EventId
    case_id: CaseId
    type: CaseEventType
    at: AwareDatetime
    by: str | None = Field(
        default=None, max_length=200, description="Who did it; absent: the pipeline."
    )
    opening: Opening | None = Field(default=None, description="Of opened.")
    owner: Name | None = Field(default=None, description="Of assigned: who deals with it now.")
    text: Said | None = Field(
        default=None, description="A note, an answer or a reason; personal data hidden."
    )
    sent: bool | None = Field(
        default=None, description="Of replied: whether it was published through the source."
    )
    resolution: Said | None = Field(default=None, description="Of resolved: how it ended.")
    changed: Said | None = Field(
        default=None, description="Of resolved: what was changed because of it."
    )
    due_at: AwareDatetime | None = Field(
        default=None, description="The time that passed, or until when it is due now."
    )
    link: Link | None = Field(default=None, description="Of linked.")
    withdrawn: bool = Field(
        default=False, description="Of noted: the author took the feedback back."
    )

    @model_validator(mode="after")
    def _says_what_it_must(self) -> Self:
        needed = _NEEDS.get(self.type)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"an event of type {self.type} needs {needed}")
        return self

    @classmethod
    def identify(cls, case_id: str, kind: CaseEventType, *about: str, **fields: Any) -> Self:
        """Build an event whose id comes from ``about``; raises ``pydantic.ValidationError``."""
        event_id = deterministic_id("case event", case_id, kind, *about)
        return cls(event_id=event_id, case_id=case_id, type=kind, **fields)


def derive_case_id(feedback_id: str) -> str:
    """A piece of feedback has one case, whoever opens it."""
    return deterministic_id("case", feedback_id)


class CaseNote(Record):
    """A line of a case's story: its notes and answers, and what people did, but for links."""

    at: AwareDatetime
    type: CaseEventType
    by: str | None = None
    text: str | None = None


class Case(Record):
    """The current state of a case: all of its events, one after the other.

    ``revision`` is how many there were, so that the same events always give the same record.
    """

    case_id: CaseId
    revision: int = Field(ge=1)
    events: tuple[EventId, ...] = Field(description="The events that it is made of, in order.")
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
        default=None, description="When it was resolved last; absent while it is not."
    )
    resolution: str | None = None
    changed: str | None = Field(default=None, description="What was changed because of it.")
    overdue: bool = Field(default=False, description="Whether it is past due_at and not resolved.")
    first_overdue_at: AwareDatetime | None = Field(
        default=None, description="When it was first past due."
    )
    reopened: int = Field(default=0, ge=0, description="How often.")
    withdrawn: bool = Field(default=False, description="The author took the feedback back.")
    source: Name
    organization: Name | None = None
    site: Name | None = None
    service: Name | None = None
    topics: tuple[str, ...] = ()
    urgent_reasons: tuple[str, ...] = ()
    given_at: AwareDatetime
    notes: tuple[CaseNote, ...] = ()
    links: tuple[Link, ...] = ()

    def find_link(self, outlet: str) -> Link | None:
        """The counterpart in an outlet, if there is one."""
        return next((link for link in self.links if link.outlet == outlet), None)

    def is_past_due(self, now: datetime) -> bool:
        """Whether it should be told as overdue, and was not yet."""
        return self.status is not CaseStatus.RESOLVED and not self.overdue and self.due_at < now
