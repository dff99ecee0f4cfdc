"""Application of events to a case, and its notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.cases.notice import create_case_notice
from pipeline.cases.reducer import NoSuchCase, apply_event
from pipeline.cases.rules import open_event, withdrawal_event
from pipeline.notify.notice import Urgency
from schemas.case import Case, CaseEvent, CaseEventType, CaseStatus, Link, LinkState, Opening
from schemas.case_documents import case_document, case_from_document
from schemas.feedback import Priority

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEEDBACK = "ab" * 16
E = CaseEventType


def make_opening(**changed: Any) -> Opening:
    fields: dict[str, Any] = {
        "feedback_id": FEEDBACK,
        "type": "complaint",
        "priority": Priority.HIGH,
        "due_at": NOW + 3 * HOUR,
        "resolve_by": NOW + 50 * HOUR,
        "source": "form",
        "organization": "North Trust",
        "site": "Eastgate",
        "topics": ("waiting_times",),
        "given_at": NOW - HOUR,
    }
    return Opening(**{**fields, **changed})


OPENED = open_event(make_opening(), NOW)


def event(kind: CaseEventType, after: int = 1, by: str | None = "ann", **fields: Any) -> CaseEvent:
    details = {name: repr(value) for name, value in fields.items()}
    return CaseEvent.identify(
        OPENED.case_id, kind, str(after), *details.values(), at=NOW + after * HOUR, by=by, **fields
    )


RESOLVED = event(E.RESOLVED, 4, resolution="Apologised.", changed="A second nurse at night.")
REOPENED = event(E.REOPENED, 5, text="Not so.", due_at=NOW + 20 * HOUR)
OVERDUE = event(E.OVERDUE, 4, by=None, due_at=NOW + 3 * HOUR)
LINK = Link(outlet="board", state=LinkState.OPENED, reference="PAT-1")


def apply_all(*events: CaseEvent) -> Case:
    case = None
    for each in (OPENED, *events):
        case = apply_event(case, each)
    assert case is not None
    return case


def test_a_whole_life() -> None:
    case = apply_all(
        event(E.ASSIGNED, 1, owner="PALS"),
        event(E.REPLIED, 2, text="We look into it.", sent=False),
        RESOLVED,
        REOPENED,
        event(E.RESOLVED, 6, resolution="Again."),
    )
    assert (case.status, case.owner, case.reopened) == (CaseStatus.RESOLVED, "PALS", 1)
    assert case.first_answered_at == NOW + 2 * HOUR
    assert (case.resolved_at, case.resolution, case.changed) == (NOW + 6 * HOUR, "Again.", None)
    assert [note.type for note in case.notes] == [
        E.OPENED, E.ASSIGNED, E.REPLIED, E.RESOLVED, E.REOPENED, E.RESOLVED,
    ]  # fmt: skip
    assert case.revision == len(case.events) == 6


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event(E.NOTED, text="x")], {"status": CaseStatus.IN_PROGRESS}),
        ([event(E.NOTED, text="x", by=None)], {"status": CaseStatus.OPEN}),
        ([event(E.ASSIGNED, owner="x")], {"status": CaseStatus.OPEN, "owner": "x"}),
        ([event(E.REPLIED)], {"due_at": NOW + 50 * HOUR, "status": CaseStatus.IN_PROGRESS}),
        ([event(E.REPLIED, due_at=NOW + 9 * HOUR)], {"due_at": NOW + 9 * HOUR}),
        ([OVERDUE], {"overdue": True, "first_overdue_at": NOW + 4 * HOUR}),
        ([OVERDUE, event(E.REPLIED, 5)], {"overdue": False, "first_overdue_at": NOW + 4 * HOUR}),
        ([OVERDUE, RESOLVED], {"overdue": False, "first_overdue_at": NOW + 4 * HOUR}),
        ([RESOLVED, OVERDUE], {"overdue": False, "first_overdue_at": None}),
        ([event(E.DUE_CHANGED, due_at=NOW + 9 * HOUR), OVERDUE], {"overdue": False}),
        ([RESOLVED, REOPENED], {"status": CaseStatus.IN_PROGRESS, "due_at": NOW + 20 * HOUR,
                                "resolved_at": None, "reopened": 1}),
        ([REOPENED], {"status": CaseStatus.OPEN, "reopened": 0, "due_at": NOW + 3 * HOUR}),
        ([event(E.LINKED, link=LINK)], {"links": (LINK,)}),
        ([event(E.LINKED, link=LINK),
          event(E.LINKED, 2, link=LINK.model_copy(update={"state": LinkState.RESOLVED}))],
         {"links": (LINK.model_copy(update={"state": LinkState.RESOLVED}),)}),
        ([withdrawal_event({"event_id": FEEDBACK}, NOW)], {"withdrawn": True}),
    ],
)  # fmt: skip
def test_what_an_event_changes(events: list[CaseEvent], expected: dict[str, Any]) -> None:
    case = apply_all(*events)
    assert {name: getattr(case, name) for name in expected} == expected


LIFE = (
    event(E.ASSIGNED, 1, owner="PALS"), event(E.REPLIED, 2), OVERDUE, RESOLVED, REOPENED,
    event(E.LINKED, 3, by=None, link=LINK), event(E.NOTED, 7, text="y"),
)  # fmt: skip


@given(st.lists(st.sampled_from(LIFE), max_size=12), st.data())
def test_events_read_again_change_nothing(events: list[CaseEvent], data: st.DataObject) -> None:
    once = apply_all(*events)
    start = data.draw(st.integers(0, len(events)))
    twice = once
    for each in (OPENED, *events)[start:]:
        twice = apply_event(twice, each)
    assert twice is once


def test_a_case_that_was_never_opened_is_refused() -> None:
    with pytest.raises(NoSuchCase):
        apply_event(None, RESOLVED)


def test_an_event_has_what_its_type_needs() -> None:
    for kind in (E.OPENED, E.ASSIGNED, E.NOTED, E.RESOLVED, E.OVERDUE, E.LINKED, E.DUE_CHANGED):
        with pytest.raises(ValidationError, match="needs"):
            event(kind)


def test_the_document_holds_the_whole_case() -> None:
    case = apply_all(*LIFE)
    document = case_document(case)
    assert case_from_document(document) == case
    assert document["case"]["linked"] == ["board:opened"]


@pytest.mark.parametrize(
    ("priority", "reasons", "events", "expected"),
    [
        (Priority.HIGH, (), [], ("case.opened", Urgency.WARNING)),
        (Priority.HIGH, ("self_harm",), [], ("case.opened", Urgency.CRITICAL)),
        (Priority.LOW, (), [], None),
        (Priority.LOW, (), [OVERDUE], ("case.overdue", Urgency.WARNING)),
        (Priority.LOW, (), [RESOLVED, REOPENED], ("case.reopened", Urgency.WARNING)),
        (Priority.LOW, (), [event(E.ASSIGNED, owner="x")], ("case.assigned", Urgency.INFO)),
        (Priority.HIGH, (), [event(E.NOTED, text="x")], None),
        (Priority.HIGH, (), [RESOLVED], None),
    ],
)
def test_who_should_look_is_told(
    priority: Priority,
    reasons: tuple[str, ...],
    events: list[CaseEvent],
    expected: tuple[str, Urgency] | None,
) -> None:
    first = open_event(make_opening(priority=priority, urgent_reasons=reasons), NOW)
    case = apply_event(None, first)
    for each in events:
        case = apply_event(case, each)
    notice = create_case_notice((first, *events)[-1], case)
    assert (notice and (notice.type, notice.urgency)) == expected


def test_a_notice_says_what_it_is_about() -> None:
    case = apply_all(event(E.ASSIGNED, owner="PALS"))
    notice = create_case_notice(event(E.ASSIGNED, owner="PALS"), case)
    assert notice is not None
    short = case.case_id[:8]
    assert notice.title == f"Assigned to PALS: complaint {short}, North Trust, Eastgate"
    assert f"`feedback cases show {short}`" in notice.text
    assert (notice.site, notice.organization, notice.about) == (
        "Eastgate", "North Trust", case.case_id,
    )  # fmt: skip
