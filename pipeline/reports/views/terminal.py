"""A report in the terminal: highlights, tables, and trends as sparklines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.reports import cases as shared
from pipeline.reports import words
from pipeline.scores.cases import CaseScores
from pipeline.scores.measures import MEASURES
from pipeline.scores.report import Breakdown, Report, Row, Trend
from schemas.coverage import State
from schemas.score import MeasureName, Score

SHOWN_GROUPS: Final = 12
"""Groups shown per dimension; JSON has all."""

_NAME_AND_TREND: Final = 38
_CELL: Final = 21
_BARS: Final = "▁▂▃▄▅▆▇█"
_NONE: Final = "·"
_DIRECTIONS: Final = {True: "green", False: "bold red", None: "dim"}
_STATES: Final = {
    State.OK: "green",
    State.EMPTY: "yellow",
    State.SILENT: "yellow",
    State.LATE: "red",
    State.FAILED: "red",
}


def render(report: Report, *, width: int) -> Group:
    """Return the whole report, ``width`` characters wide."""
    shown = _fitting(report, width)
    parts: list[RenderableType] = [
        Text(f"{words.period_title(report)} · {words.scope_title(report)}", "bold"),
        Text(f"{report.overall.comments:,} comments ({report.overall.comments_before:,} before)"),
        "",
        *(Padding(Text(f"• {line}"), (0, 0, 0, 2)) for line in words.highlights(report)),
        "",
    ]
    if report.overall.comments or report.overall.comments_before:
        parts += [_overall(report), ""]
        for part in (*report.breakdowns, report.scorecard):
            if part.rows:
                parts += [*_groups(report, part, shown), ""]
        if report.drivers:
            parts += [_drivers(report), Text(words.DRIVER_NOTE, "dim"), ""]
    if report.cases:
        parts += [*_cases(report, report.cases), ""]
    if report.sources:
        parts += [_sources(report), ""]
    parts += [Text(note, "dim") for note in words.notes(report)]
    return Group(*parts)


def sparkline(trend: Trend, measure: MeasureName) -> str:
    """Return one bar per step, scaled to the trend's range; a dot for too few answers."""
    values = [estimate.value for _, estimate in trend if estimate.value is not None]
    if not values:
        return ""
    low, high = min(values), max(values)
    # At least a tenth of the scale fills the height, so that small changes look small.
    room = max(high - low, MEASURES[measure].span / 10)
    low -= (room - (high - low)) / 2
    bars = [
        _NONE if estimate.value is None else _BARS[min(7, int((estimate.value - low) / room * 8))]
        for _, estimate in trend
    ]
    return "".join(bars)


def _overall(report: Report) -> Table:
    table = _table("all together", ["measure", "score", "95 % interval", "n", "change", "trend"])
    for name in report.frame.measures:
        score = report.overall.scores[name]
        table.add_row(
            MEASURES[name].title,
            *words.score_cells(score, none="-"),
            _change(score),
            sparkline(report.overall.trends[name], name),
        )
    return table


def _fitting(report: Report, width: int) -> list[MeasureName]:
    """Return the measures that fit into a table of groups, the primary one first."""
    order = (report.lead, MeasureName.SHARE_NEGATIVE, *report.frame.measures)
    wanted = [name for name in dict.fromkeys(order) if name in report.frame.measures]
    return wanted[: max(1, (width - _NAME_AND_TREND) // _CELL)]


def _groups(
    report: Report, part: Breakdown, measures: list[MeasureName]
) -> Iterator[RenderableType]:
    title = words.dimension_title(part.dimension).lower()
    table = _table(title, [part.dimension, "comments", *(MEASURES[m].title for m in measures)])
    table.add_column("trend", no_wrap=True)
    for row in part.rows[:SHOWN_GROUPS]:
        table.add_row(
            Text(words.group_title(report, part.dimension, row.name or "")),
            f"{row.comments:,}",
            *(_both(row, name) for name in measures),
            sparkline(row.trends.get(report.lead, ()), report.lead),
        )
    yield table
    notes = []
    if len(part.rows) > SHOWN_GROUPS:
        notes.append(f"{len(part.rows) - SHOWN_GROUPS} smaller ones in --format json")
    if part.unnamed:
        notes.append(f"{part.unnamed:,} comments have no {part.dimension}")
    if len(measures) < len(report.frame.measures):
        notes.append("more measures on a wider screen, or with --measure")
    if notes:
        yield Text(f"  {'; '.join(notes)}", "dim")


def _both(row: Row, name: MeasureName) -> Text:
    """Return score and change, and on a second line interval and n."""
    score = row.scores[name]
    if score.value is None or score.low is None or score.high is None:
        return Text(f"n {score.n}" if score.n else "", "dim")
    cell = Text(words.format_value(name, score.value) + " ")
    cell.append_text(_change(score))
    low, high = words.format_number(name, score.low), words.format_number(name, score.high)
    cell.append(f"\n[{low}, {high}] n {score.n:,}", "dim")
    return cell


def _change(score: Score) -> Text:
    style = _DIRECTIONS[words.is_better(score)]
    return Text(words.format_change(score), style)


def _drivers(report: Report) -> Table:
    title = f"what moves {MEASURES[report.lead].title} ({report.driver_answers:,} answers)"
    table = _table(title, ["topic", "mentioned", "with", "without", "effect", "impact"])
    for driver in report.drivers[:SHOWN_GROUPS]:
        is_good = MEASURES[report.lead].is_better(driver.effect)
        style = _DIRECTIONS[is_good if driver.distinguishable else None]
        topic, *cells, effect, interval, impact = words.driver_cells(report, driver)
        table.add_row(Text(topic), *cells, Text(f"{effect} ({interval})", style), impact)
    return table


def _cases(report: Report, cases: CaseScores) -> Iterator[Table]:
    table = _table("cases", [heading.lower() for heading in shared.HEADINGS])
    scores = cases.overall.scores.values()
    for score, (*cells, moved) in zip(scores, shared.case_rows(cases), strict=True):
        style = _DIRECTIONS[shared.is_better(score)]
        table.add_row(*cells, Text(moved, style))
    yield table
    place = shared.first_place(cases)
    if place is not None:
        headings = shared.group_headings(place)
        of_place = Table(*headings, box=None, title=f"cases by {place}", title_justify="left")
        for row in shared.group_rows(report, place):
            of_place.add_row(*map(Text, row))
        yield of_place


def _sources(report: Report) -> Table:
    columns = ("source", "state", "note")
    table = Table(*columns, box=None, title="sources, as of now", title_justify="left")
    for source in report.sources or ():
        table.add_row(
            Text(source.name),
            Text(source.state, _STATES[source.state]),
            Text(source.note),
        )
    return table


def _table(title: str, columns: list[str]) -> Table:
    """Return a table whose first column may wrap, and no other."""
    table = Table(box=None, title=title, title_justify="left", title_style="bold")
    table.add_column(columns[0], min_width=12)
    for column in columns[1:]:
        right = column in {"score", "n", "comments", "mentioned", "with", "without", "impact"}
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    return table
