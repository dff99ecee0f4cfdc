"""Rules that open cases: conditions, priority, assignee and due time; pure.

Enriched feedback is checked as a JSON object, since every record passes here and few open a case.
These are the default rules; the first that matches applies:

- ``urgent``: urgent for a reason other than a request to be contacted. Due in four hours.
- ``complaint``: calls itself one, or its sentiment is negative and the taxonomy counts its topics
  as complaints. To be acknowledged within three working days after the day it came, as regulation
  13(3) of the Local Authority Social Services and National Health Service Complaints (England)
  Regulations 2009 asks. How long the answer may take is to be agreed with the person; 25 working
  days are only a start.
- ``contact_request``: a low score, and a request to be contacted. Two working days.
- ``review_reply``: a review with a low score from a source where it can be answered. Five.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pipeline.cases.conditions import CONTACT_REQUEST, Conditions, RuleConditions
from pipeline.working_hours import WorkingHours
from schemas.case import CaseEvent, CaseEventType, CaseType, Opening, derive_case_id
from schemas.feedback import Priority

ANSWERABLE: Final = ("app_store_connect", "google_business", "google_play", "trustpilot")
"""Sources whose feedback can be answered in public."""


@dataclass(frozen=True, slots=True)
class Due:
    """A span of time: working days, or working time; without working hours, of any day."""

    days: int = 0
    time: timedelta = timedelta(0)

    def deadline(self, at: datetime, hours: WorkingHours | None) -> datetime:
        """Return the deadline: the end of a working day, or ``at`` plus working time."""
        if hours is None:
            return at + timedelta(days=self.days) + self.time
        return hours.add_days(at, self.days) if self.days else hours.add(at, self.time)


@dataclass(frozen=True, slots=True)
class Rule:
    """Conditions of feedback, and the case that it opens."""

    name: str
    when: RuleConditions
    type: CaseType
    priority: Priority
    due: Due
    resolve: Due | None = None
    owner: str | None = None
    hours: WorkingHours | None = None

    def create_opening(self, fields: Mapping[str, Any], at: datetime) -> Opening:
        """Return the opening of a case for this feedback at this time."""
        return create_opening(
            fields,
            type=self.type,
            priority=self.priority,
            rule=self.name,
            owner=self.owner,
            due_at=self.due.deadline(at, self.hours),
            resolve_by=None if self.resolve is None else self.resolve.deadline(at, self.hours),
        )


DEFAULTS: Final = (
    Rule(
        "urgent", RuleConditions(urgent_reasons_but=(CONTACT_REQUEST,)), "urgent", Priority.HIGH,
        Due(time=timedelta(hours=4)),
    ),
    Rule(
        "complaint", RuleConditions(complaint=True),
        "complaint", Priority.HIGH, Due(days=3), resolve=Due(days=25),
    ),
    Rule(
        "contact_request", RuleConditions(contact=True, max_score=0.5), "contact_request",
        Priority.HIGH, Due(days=2),
    ),
    Rule(
        "review_reply", RuleConditions(families=("review",), sources=ANSWERABLE, max_score=0.5),
        "review_reply", Priority.MEDIUM, Due(days=5),
    ),
)  # fmt: skip


class Rules:
    """Compiled rules in their order."""

    def __init__(self, rules: Sequence[Rule], *, since: datetime | None = None) -> None:
        """Feedback older than ``since`` opens no case."""
        self.rules = tuple(rules)
        self._since = since
        self._ready = [(rule, Conditions(rule.when)) for rule in rules]

    def rule_for(self, fields: Mapping[str, Any]) -> Rule | None:
        """Return the first rule that matches enriched feedback, given as its JSON object."""
        if fields.get("backfill") or fields.get("operation") == "delete":
            return None
        for rule, conditions in self._ready:
            if conditions.hold(fields):
                return None if self._is_too_old(fields) else rule
        return None

    def _is_too_old(self, fields: Mapping[str, Any]) -> bool:
        return self._since is not None and given_at(fields) < self._since

    def open_event(self, fields: Mapping[str, Any], at: datetime) -> CaseEvent | None:
        """Return the event that opens a case for the feedback, or None if no rule matches."""
        rule = self.rule_for(fields)
        return None if rule is None else open_event(rule.create_opening(fields, at), at)


def open_event(opening: Opening, at: datetime, by: str | None = None) -> CaseEvent:
    """Return the event that opens the feedback's only case."""
    case_id = derive_case_id(opening.feedback_id)
    return CaseEvent.identify(case_id, CaseEventType.OPENED, at=at, by=by, opening=opening)


def withdrawal_event(fields: Mapping[str, Any], at: datetime) -> CaseEvent:
    """Return the note that the author deleted the feedback."""
    case_id = derive_case_id(fields["event_id"])
    text = "The feedback was deleted by its author, or removed by the source."
    return CaseEvent.identify(
        case_id, CaseEventType.NOTED, "withdrawn", at=at, text=text, withdrawn=True
    )


def given_at(fields: Mapping[str, Any]) -> datetime:
    """Return when the feedback was given."""
    return datetime.fromisoformat(fields["created_at"])


def create_opening(fields: Mapping[str, Any], **values: Any) -> Opening:
    """Return the opening of a case; ``values`` come from a rule or a person."""
    return Opening(
        feedback_id=fields["event_id"],
        source=fields["source"],
        organization=fields.get("organization"),
        site=fields.get("site"),
        service=fields.get("service"),
        topics=tuple(fields.get("topics", ())),
        urgent_reasons=tuple(fields.get("urgent_reasons", ())),
        given_at=given_at(fields),
        **values,
    )
