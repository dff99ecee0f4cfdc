"""The report's plots: which points of a report each of them shows, as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from pipeline.reports import words
from pipeline.reports.views.html_tables import SHOWN_DRIVERS
from pipeline.reports.views.svg import Point, dot_plot, line_plot, spark
from pipeline.reports.views.terminal import SHOWN_GROUPS
from pipeline.scores.goals import Goal
from pipeline.scores.measures import MEASURES
from pipeline.scores.periods import format_period, format_period_short
from pipeline.scores.report import Breakdown, Report, Row, Trend
from schemas.score import MeasureName, Score

_MIN_STEPS: Final = 4
_CLASSES: Final = {True: "good", False: "bad", None: ""}
"""CSS classes of what is better, worse, or may be chance."""


def trend_plot(report: Report, name: MeasureName) -> Markup:
    """Return a measure's trend, with the goal of the whole scope if there is one."""
    zone = ZoneInfo(report.zone)
    measure = MEASURES[name]
    points = []
    for step, estimate in _from_first_answer(report.overall.trends[name]):
        text = f"{format_period(step, zone)}: {words.FEW} answers"
        low, high = estimate.interval or (0.0, 0.0)
        if estimate.value is not None:
            value = words.format_value(name, estimate.value)
            interval = words.format_interval(name, low, high)
            text = f"{format_period(step, zone)}: {value} ({interval}), n {estimate.n}"
        points.append(Point(format_period_short(step, zone), estimate.value, low, high, text))
    goal = _overall_goal(report, name)
    title = f"{measure.title} by period, with 95 % intervals"
    if goal is not None:
        title += f"; dashed: the goal, {words.format_value(name, goal.target)}"
    return line_plot(
        points,
        title=title,
        ends=(measure.lowest, measure.highest),
        level=None if goal is None else goal.target,
    )


def trend_note(report: Report, name: MeasureName) -> str:
    """Return the legend of a trend plot."""
    return "Band: 95 % interval." + (" Dashed: the goal." if _overall_goal(report, name) else "")


def group_plot(report: Report, part: Breakdown) -> Markup:
    """Return the primary measure of a dimension's largest groups."""
    title = f"{MEASURES[report.lead].title} by {part.dimension}, with 95 % intervals"
    return _dots(report, report.lead, part.dimension, part.rows[:SHOWN_GROUPS], title)


def group_note(report: Report, part: Breakdown) -> str:
    """Return the legend of a breakdown's plot, and what its table leaves out."""
    measure = MEASURES[report.lead]
    overall = report.overall.scores[report.lead].value
    notes = [f"{measure.title}."]
    if overall is not None:
        notes.append(f"Dashed: all together, {words.format_value(report.lead, overall)}.")
    if len(part.rows) > SHOWN_GROUPS:
        notes.append(f"{len(part.rows) - SHOWN_GROUPS} smaller ones are in the JSON format.")
    if part.unnamed:
        notes.append(f"{part.unnamed:,} comments have no {part.dimension}.")
    return " ".join(notes)


def theme_plot(report: Report) -> Markup:
    """Return each theme's share of negative comments, or nothing if it was not measured."""
    name = MeasureName.SHARE_NEGATIVE
    rows = [row for row in report.scorecard.rows if name in row.scores]
    if not rows:
        return Markup()
    title = "Share of negative comments by theme, with 95 % intervals"
    return _dots(report, name, "theme", rows, title)


def driver_plot(report: Report) -> Markup:
    """Return the effect of each topic on the primary measure."""
    measure = MEASURES[report.lead]
    points = []
    for driver in report.drivers[:SHOWN_DRIVERS]:
        css = _CLASSES[measure.is_better(driver.effect) if driver.distinguishable else None]
        effect = words.format_number(report.lead, driver.effect, signed=True)
        label = words.driver_title(report, driver)
        text = f"{effect}, {driver.share:.0%} mention it"
        points.append(Point(label, driver.effect, *driver.effect_interval, text, css))
    return dot_plot(
        points,
        title=f"Effect of each topic on {measure.title}, with 95 % intervals",
        ends=(-2 * measure.span, 2 * measure.span),
        level=0.0,
    )


def trend_spark(report: Report, row: Row) -> Markup:
    """Return a group's trend in the size of a word, or nothing if it has fewer than two values."""
    measure = MEASURES[report.lead]
    trend = row.trends[report.lead]
    values = [estimate.value for _, estimate in trend if estimate.value is not None]
    if len(values) < 2:
        return Markup()
    first, last = (words.format_value(report.lead, value) for value in (values[0], values[-1]))
    points = [Point("", estimate.value) for _, estimate in trend]
    title = f"{measure.title} from {first} to {last}"
    return spark(points, title=title, ends=(measure.lowest, measure.highest))


def _from_first_answer(trend: Trend) -> Trend:
    """Drop the steps before the first answer, but keep enough of them for a trend."""
    first = next((index for index, (_, estimate) in enumerate(trend) if estimate.n), 0)
    return trend[min(first, max(0, len(trend) - _MIN_STEPS)) :]


def _overall_goal(report: Report, name: MeasureName) -> Goal | None:
    """Return the first goal for a measure of the whole scope, or None."""
    for progress in report.goals:
        goal = progress.goal
        if goal.measure is name and not goal.dimensions.model_dump(exclude_none=True):
            return goal
    return None


def _dots(
    report: Report, name: MeasureName, dimension: str, rows: Sequence[Row], title: str
) -> Markup:
    measure = MEASURES[name]
    overall = report.overall.scores.get(name)
    return dot_plot(
        [_dot(report, dimension, row, name) for row in rows],
        title=title,
        ends=(measure.lowest, measure.highest),
        level=None if overall is None else overall.value,
    )


def _dot(report: Report, dimension: str, row: Row, name: MeasureName) -> Point:
    score = row.scores[name]
    label = words.group_title(report, dimension, row.name or "")
    if score.value is None or score.low is None or score.high is None:
        return Point(label, None, text=f"n {score.n:,}: too few")
    text = f"{words.format_value(name, score.value)}, n {score.n:,}"
    css = _significance_class(report, score)
    return Point(label, score.value, score.low, score.high, text, css)


def _significance_class(report: Report, score: Score) -> str:
    """Return "good" or "bad" if the interval leaves out the overall value, else ""."""
    overall = report.overall.scores[score.measure].value
    if overall is None or score.low is None or score.high is None:
        return ""
    if score.low <= overall <= score.high:
        return ""
    return _CLASSES[MEASURES[score.measure].is_better(score.low - overall)]
