"""Output of `feedback cases`: tables, pages and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.cases.notice import SHORT_ID
from pipeline.terminal import figures_table, format_time, humanize
from schemas.case import Case, CaseStatus
from schemas.feedback import Priority

_STYLES: Final = {
    Priority.HIGH: "bold red",
    Priority.MEDIUM: "yellow",
    Priority.LOW: "",
    CaseStatus.OPEN: "red",
    CaseStatus.IN_PROGRESS: "yellow",
    CaseStatus.RESOLVED: "green",
}
_OVERDUE: Final = "bold white on red"


def cases_table(cases: Sequence[Case], now: datetime) -> Table:
    """Return a table with two lines per case, so that it fits in 80 columns."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("id", "due (UTC)", "status", "what", "owner"):
        wide = heading in {"what", "owner"}
        table.add_column(heading, no_wrap=not wide, overflow="fold")
    for case in cases:
        what = Text.assemble((humanize(case.type), _STYLES[case.priority]))
        what.append(f"\n{_place(case)}", "dim")
        table.add_row(
            case.case_id[:SHORT_ID],
            _due(case, now),
            Text(humanize(case.status), _STYLES[case.status]),
            what,
            Text(case.owner or "unassigned", "" if case.owner else "dim"),
        )
    return table


def case_page(case: Case, feedback: dict[str, Any] | None, now: datetime) -> Group:
    """Return one case in full: figures, the text of the feedback, and the history."""
    head = Text(case.case_id[:SHORT_ID], "bold")
    head.append(f"  {humanize(case.type)}", _STYLES[case.priority])
    head.append(f"  {humanize(case.status)}", _STYLES[case.status])
    head.append("  ").append_text(_due(case, now, joint=" "))
    figures = figures_table(_figures(case))
    parts: list[RenderableType] = [head, figures, ""]
    if feedback is None:
        parts.append(Text("The feedback is not in the index (any more).", "dim"))
    else:
        parts.append(Padding(Text(feedback.get("message", "")), (0, 0, 0, 2)))
    story = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for note in case.notes:
        author, text = Text(note.by or ""), Text(note.text or "")
        story.add_row(Text(format_time(note.at), "dim"), humanize(note.type), author, text)
    parts += ["", story]
    return Group(*parts)


def case_json(case: Case) -> dict[str, Any]:
    """Return a case as JSON."""
    return case.model_dump(mode="json", exclude_none=True, exclude={"events"})


def status_line(case: Case) -> str:
    """Return the current state of the case in one line."""
    owner = f", owner {case.owner}" if case.owner else ""
    return (
        f"{case.case_id[:SHORT_ID]}  {humanize(case.type)}  {humanize(case.status)}, "
        f"due {format_time(case.due_at)} UTC{owner}"
    )


def _figures(case: Case) -> Iterator[tuple[str, str]]:
    yield "where", _place(case)
    yield "owner", case.owner or "unassigned"
    yield "priority", case.priority
    yield "opened", f"{format_time(case.opened_at)} by {case.rule or 'hand'}"
    yield "given", f"{format_time(case.given_at)} through {case.source}"
    if case.topics:
        yield "about", ", ".join(map(humanize, case.topics))
    if case.urgent_reasons:
        yield "urgent", ", ".join(map(humanize, case.urgent_reasons))
    if case.first_answered_at:
        yield "answered", format_time(case.first_answered_at)
    if case.resolved_at:
        yield "resolved", f"{format_time(case.resolved_at)}: {case.resolution}"
    if case.changed:
        yield "changed", case.changed
    if case.reopened:
        yield "reopened", f"{case.reopened} times" if case.reopened > 1 else "once"
    for link in case.links:
        yield link.outlet, f"{link.state}  {link.url or link.reference or ''}"
    yield "feedback", case.feedback_id


def _place(case: Case) -> str:
    places = filter(None, (case.organization, case.site, case.service))
    return ", ".join(places) or f"no place, {case.source}"


def _due(case: Case, now: datetime, *, joint: str = "\n") -> Text:
    text = Text(format_time(case.due_at))
    if case.overdue or case.is_past_due(now):
        text.append(f"{joint}{_ago(now - case.due_at)} over", _OVERDUE)
    return text


def _ago(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2_880 else f"{minutes // 1_440} days"
