"""The tables of the report's page, as rows of plain text; the template makes them HTML."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.reports import cases, words
from pipeline.scores.cases import CaseScores
from pipeline.scores.goals import GoalProgress, GoalStatus
from pipeline.scores.measures import MEASURES
from pipeline.scores.periods import format_period
from pipeline.scores.report import Breakdown, Report
from schemas.score import MeasureName

SHOWN_DRIVERS: Final = 12
_GOAL_STYLES: Final = {
    GoalStatus.MET: "good",
    GoalStatus.ON_TRACK: "good",
    GoalStatus.BEHIND: "bad",
    GoalStatus.MISSED: "bad",
    GoalStatus.UNKNOWN: "open",
}


def goal_rows(report: Report) -> Iterator[tuple[list[str], str, str]]:
    """Yield each goal's cells, and the style and text of its status."""
    for progress in report.goals:
        css = _GOAL_STYLES[progress.status] if progress.sure else "open"
        status = progress.status if progress.sure else f"{progress.status}, open"
        yield _goal_cells(report, progress), css, status


def _goal_cells(report: Report, progress: GoalProgress) -> list[str]:
    goal, measure = progress.goal, progress.goal.measure
    dimensions = goal.dimensions.model_dump(exclude_none=True)
    scope = ", ".join(words.group_title(report, *item) for item in dimensions.items()) or "all"
    now = words.FEW
    if progress.now.value is not None:
        now = words.format_value(measure, progress.now.value)
    projected = "no trend"
    if progress.projected is not None:
        projected = words.format_value(measure, progress.projected)
    if progress.projected_interval is not None:
        projected += f" ({words.format_interval(measure, *progress.projected_interval)})"
    return [
        goal.name,
        MEASURES[measure].title,
        scope,
        words.format_value(measure, goal.target),
        f"{goal.by:%Y-%m-%d}",
        goal.owner or "",
        now,
        projected,
    ]


def trend_rows(report: Report, name: MeasureName) -> Iterator[list[str]]:
    """Yield a measure's period, value, interval and n in each step of its trend."""
    zone = ZoneInfo(report.zone)
    for step, estimate in report.overall.trends[name]:
        value, interval = "", words.FEW if estimate.n else ""
        if estimate.value is not None and estimate.interval is not None:
            value = words.format_value(name, estimate.value)
            interval = words.format_interval(name, *estimate.interval)
        yield [format_period(step, zone), value, interval, f"{estimate.n:,}"]


def group_head(report: Report, part: Breakdown) -> list[str]:
    """Return the headings of a breakdown's table."""
    titles = (MEASURES[name].title for name in report.frame.measures)
    trend = f"{MEASURES[report.lead].title} trend"
    return [part.dimension.capitalize(), "Comments", *titles, trend]


def driver_rows(report: Report) -> Iterator[list[str]]:
    """Yield the cells of each of the first drivers."""
    for driver in report.drivers[:SHOWN_DRIVERS]:
        yield words.driver_cells(report, driver)


def case_rows(scores: CaseScores) -> Iterator[tuple[list[str], bool | None]]:
    """Yield the cells of each measure of cases, and whether its change is for the better."""
    overall = scores.overall.scores.values()
    for score, cells in zip(overall, cases.case_rows(scores), strict=True):
        yield cells, cases.is_better(score)


def definitions(report: Report) -> Iterator[tuple[str, str]]:
    """Yield each measure that the report shows, and its definition."""
    yield from chain(words.definitions(report), cases.case_definitions() if report.cases else ())
