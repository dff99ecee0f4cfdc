"""What opens a case, with which priority, for whom, and until when; pure.

Enriched feedback is looked at as the JSON object that it is: every record passes here, and hardly
any opens a case. Without rules of one's own there are these, of which the first that fits counts:

- ``urgent``: cannot wait, for another reason than a wish to be contacted. Due in four hours.
- ``complaint``: calls itself one, or sounds negative and is about what the taxonomy counts as
  complaints. To be acknowledged within three working days after the day it came, as regulation
  13(3) of the Local Authority Social Services and National Health Service Complaints (England)
  Regulations 2009 asks. How long the answer may take is to be agreed with the person; 25 working
  days are only a start.
- ``contact_request``: a low score, and a wish to be contacted. Two working days.
- ``review_reply``: a review with a low score in a place where it can be answered. Five.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.cases.conditions import CONTACT_REQUEST, Conditions, When
from pipeline.working_hours import WorkingHours
from schemas.case import CaseEvent, CaseEventType, CaseType, Opening, derive_case_id
from schemas.feedback import Priority

ANSWERABLE: Final = ("google_business", "google_play", "trustpilot")
"""Sources whose feedback can be answered where it was given."""


@dataclass(frozen=True, slots=True)
class Due:
    """A span of time: working days, or working time; without working hours, of any day."""

    days: int = 0
    time: timedelta = timedelta(0)

    def after(self, at: datetime, hours: WorkingHours | None) -> datetime:
        """When it is over: the end of a working day, or after so much working time."""
        if hours is None:
            return at + timedelta(days=self.days) + self.time
        return hours.add_days(at, self.days) if self.days else hours.add(at, self.time)


@dataclass(frozen=True, slots=True)
class Rule:
    """What opens which case."""

    name: str
    when: When
    type: CaseType
    priority: Priority
    due: Due
    resolve: Due | None = None
    owner: str | None = None
    hours: WorkingHours | None = None

    def opening(self, fields: Mapping[str, Any], at: datetime) -> Opening:
        """What a case of this feedback is about, when it is opened at this time."""
        return opening_of(
            fields,
            type=self.type,
            priority=self.priority,
            rule=self.name,
            owner=self.owner,
            due_at=self.due.after(at, self.hours),
            resolve_by=None if self.resolve is None else self.resolve.after(at, self.hours),
        )


DEFAULTS: Final = (
    Rule(
        "urgent", When(urgent_reasons_but=(CONTACT_REQUEST,)), "urgent", Priority.HIGH,
        Due(time=timedelta(hours=4)),
    ),
    Rule(
        "complaint", When(complaint=True),
        "complaint", Priority.HIGH, Due(days=3), resolve=Due(days=25),
    ),
    Rule(
        "contact_request", When(contact=True, max_score=0.5), "contact_request",
        Priority.HIGH, Due(days=2),
    ),
    Rule(
        "review_reply", When(families=("review",), sources=ANSWERABLE, max_score=0.5),
        "review_reply", Priority.MEDIUM, Due(days=5),
    ),
)  # fmt: skip


class Rules:
    """The rules in their order, made ready."""

    def __init__(self, rules: Sequence[Rule], *, since: datetime | None = None) -> None:
        """Feedback given before ``since`` opens no case."""
        self.rules = tuple(rules)
        self._since = since
        self._ready = [(rule, Conditions(rule.when)) for rule in rules]

    def rule_for(self, fields: Mapping[str, Any]) -> Rule | None:
        """The first rule that fits enriched feedback, given as its JSON object."""
        if fields.get("backfill") or fields.get("operation") == "delete":
            return None
        for rule, conditions in self._ready:
            if conditions.hold(fields):
                return None if self._is_too_old(fields) else rule
        return None

    def _is_too_old(self, fields: Mapping[str, Any]) -> bool:
        return self._since is not None and given_at(fields) < self._since

    def opened(self, fields: Mapping[str, Any], at: datetime) -> CaseEvent | None:
        """The event that opens a case of the feedback; None where no rule wants one."""
        rule = self.rule_for(fields)
        return None if rule is None else opened(rule.opening(fields, at), at)


def opened(opening: Opening, at: datetime, by: str | None = None) -> CaseEvent:
    """The event that opens the feedback's one case."""
    case_id = derive_case_id(opening.feedback_id)
    return CaseEvent.identify(case_id, CaseEventType.OPENED, at=at, by=by, opening=opening)


def withdrawn(fields: Mapping[str, Any], at: datetime) -> CaseEvent:
    """The note that the author took the feedback back."""
    case_id = derive_case_id(fields["event_id"])
    text = "The feedback was taken back by its author, or removed where it was given."
    return CaseEvent.identify(
        case_id, CaseEventType.NOTED, "withdrawn", at=at, text=text, withdrawn=True
    )


def given_at(fields: Mapping[str, Any]) -> datetime:
    """When the feedback was given."""
    return datetime.fromisoformat(fields["created_at"])


def opening_of(fields: Mapping[str, Any], **chosen: Any) -> Opening:
    """What a case of enriched feedback is about; ``chosen`` is what a rule or a person says."""
    return Opening(
        feedback_id=fields["event_id"],
        source=fields["source"],
        organization=fields.get("organization"),
        site=fields.get("site"),
        service=fields.get("service"),
        topics=tuple(fields.get("topics", ())),
        urgent_reasons=tuple(fields.get("urgent_reasons", ())),
        given_at=given_at(fields),
        **chosen,
    )
