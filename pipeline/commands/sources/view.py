"""Output of `feedback connect` and `feedback status` about sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from connectors.runtime.collect import RunResult
from connectors.runtime.instances import Instance
from pipeline.terminal import one_line
from schemas.coverage import Coverage, State

_STYLES: Final = {
    State.OK: "green",
    State.EMPTY: "yellow",
    State.SILENT: "yellow",
    State.LATE: "red",
    State.FAILED: "red",
}
_NOTHING_EVER: Final = "it has never held anything: is the source right, and can it be read here?"


def collected_table(instances: Sequence[Instance], results: Sequence[RunResult]) -> Table:
    """Return a table with one line per instance: the counts of its run."""
    table = Table(box=None)
    counts = ("read", "published", "skipped", "say nothing", "dead letters")
    for column in ("source", "site", *counts, "from", "to"):
        right = column in counts
        table.add_column(column, justify="right" if right else "left")
    for instance, result in zip(instances, results, strict=True):
        entry = result.coverage
        table.add_row(
            instance.label,
            escape(entry.site or ""),
            f"{entry.read:,}",
            f"{entry.published:,}",
            f"{entry.skipped:,}",
            f"{entry.empty_answers:,}",
            f"{entry.dead_lettered:,}",
            _day(entry.earliest_at),
            _day(entry.latest_at),
        )
    return table


def run_json(done: RunResult) -> dict[str, Any]:
    """Return the result of a run as JSON."""
    reasons = {text: reason.count for text, reason in done.stats.reasons.items()}
    skips = {text: reason.count for text, reason in done.stats.skips.items()}
    return {
        **coverage_json(done.coverage, datetime.now(UTC)),
        "dead_letter_reasons": reasons,
        "skip_reasons": skips,
        "left_out": dict(done.stats.left_out),
    }


def describe_left_out(done: RunResult) -> list[str]:
    """Return a line per reason for which texts beside the feedback became no record."""
    return [f"{count:,} left out: {reason}" for reason, count in done.stats.left_out.most_common()]


def coverage_json(entry: Coverage, now: datetime) -> dict[str, Any]:
    """Return a source's coverage as JSON, with its state."""
    return {"state": entry.state(now), **entry.model_dump(mode="json", exclude_none=True)}


def describe_run(entry: Coverage) -> str:
    """Return the result of a run in one line of Rich markup."""
    if entry.error is not None:
        others = f" ({entry.published:,} published of the others)" if entry.failed_places else ""
        return f"[red]failed[/]: {escape(one_line(entry.error))}{others}"
    history = ", its history" if entry.backfill and entry.published else ""
    notes = [*entry.notes]
    if entry.state(entry.finished_at) is State.EMPTY and not notes:
        notes = [_NOTHING_EVER]
    said = "".join(f"; [yellow]{escape(one_line(note))}[/]" for note in notes)
    return f"{entry.published:,} published{history}{said}"


def coverage_table(entries: Sequence[Coverage], now: datetime) -> Table:
    """Return a table with one line per source: its state and last run."""
    table = Table(box=None, title="sources", title_justify="left")
    for column in ("source", "site", "state", "newest", "last run", "published", "note"):
        right = column == "published"
        table.add_column(
            column,
            justify="right" if right else "left",
            no_wrap=column not in {"source", "note"},
            overflow="fold",
        )
    for entry in entries:
        state = entry.state(now)
        table.add_row(
            escape(f"{entry.source}.{entry.instance}"),
            escape(entry.site or ""),
            f"[{_STYLES[state]}]{state}[/]",
            _ago(entry.newest_at, now),
            _ago(entry.finished_at, now),
            f"{entry.published:,}",
            escape(_note(entry, state, now)),
        )
    return table


def _note(entry: Coverage, state: State, now: datetime) -> str:
    if entry.error is not None:
        times = f" ({entry.failures} times)" if entry.failures > 1 else ""
        return f"{entry.error}{times}"
    if state is State.SILENT:
        return f"nothing new since {_ago(entry.news_at or entry.first_at, now)}"
    if state is State.LATE:
        return "not running: feedback connect --all --follow"
    if entry.notes:
        return "; ".join(entry.notes)
    if state is State.EMPTY:
        return _NOTHING_EVER
    if entry.gap_since is not None:
        return f"not run from {entry.gap_since:%Y-%m-%d %H:%M} to {entry.started_at:%Y-%m-%d %H:%M}"
    if entry.empty_answers:
        return f"{entry.empty_answers:,} answers say nothing"
    return ""


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    seconds = max(0.0, (now - moment).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
