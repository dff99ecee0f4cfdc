"""What the report's page says to act on: goals, topics that move the score, cases, sources."""

from __future__ import annotations

from html import escape
from typing import Final

from pipeline.reports import cases as shared
from pipeline.reports import words
from pipeline.reports.views.markup import figure, table
from pipeline.reports.views.svg import Point, dot_plot
from pipeline.scores.goals import GoalStatus
from pipeline.scores.measures import MEASURES
from pipeline.scores.report import Report
from pipeline.terminal import clean
from schemas.coverage import State

_SHOWN_DRIVERS: Final = 12
_GOAL_STYLES: Final = {
    GoalStatus.MET: "good",
    GoalStatus.ON_TRACK: "good",
    GoalStatus.BEHIND: "bad",
    GoalStatus.MISSED: "bad",
    GoalStatus.UNKNOWN: "open",
}


def goals(report: Report) -> str:
    """Each goal, where it stands and where it leads."""
    rows = []
    for one in report.goals:
        goal, name = one.goal, one.goal.measure
        dimensions = goal.dimensions.model_dump(exclude_none=True)
        whose = ", ".join(words.name_of(report, d, v) for d, v in dimensions.items()) or "all"
        now = words.FEW if one.now.value is None else words.valued(name, one.now.value)
        leads = "no trend" if one.projected is None else words.valued(name, one.projected)
        if one.projected_interval is not None:
            leads += f" ({words.ranged(name, *one.projected_interval)})"
        cells = [goal.name, MEASURES[name].title, whose, words.valued(name, goal.target),
                 f"{goal.by:%Y-%m-%d}", goal.owner or "", now, leads]  # fmt: skip
        css = _GOAL_STYLES[one.status] if one.sure else "open"
        said = one.status if one.sure else f"{one.status}, open"
        status = f'<span class="tag {css}">{said}</span>'
        rows.append([*(escape(clean(cell)) for cell in cells), status])
    head = ["Goal", "Measure", "Of", "Target", "By", "Owner", "Now", "Trend leads to", "Status"]
    return table(head, rows)


def drivers(report: Report) -> str:
    """The topics' effects, plotted and in numbers."""
    measure = MEASURES[report.lead]
    shown = report.drivers[:_SHOWN_DRIVERS]
    points = []
    for one in shown:
        good = (one.effect > 0) == measure.higher_is_better
        css = ("good" if good else "bad") if one.distinguishable else ""
        text = f"{words.number(report.lead, one.effect, signed=True)}, {one.share:.0%} mention it"
        low, high = one.effect_interval
        label = words.name_of(report, "topic", one.topic)
        points.append(Point(label, one.effect, low, high, text, css))
    plot = dot_plot(
        points,
        title=f"Effect of each topic on {measure.title}, with 95 % intervals",
        ends=(-2 * measure.span, 2 * measure.span),
        level=0.0,
    )
    head = ["Topic", "Mentioned", "Score with", "Score without", "Effect", "Impact on all"]
    rows = (
        [
            escape(words.name_of(report, "topic", one.topic)),
            f"{one.mentions:,} ({one.share:.0%})",
            words.valued(report.lead, one.with_topic.value or 0.0),
            words.valued(report.lead, one.without.value or 0.0),
            f"{words.number(report.lead, one.effect, signed=True)} "
            f"<small>({words.ranged(report.lead, *one.effect_interval)})</small>",
            words.number(report.lead, one.impact, signed=True),
        ]
        for one in shown
    )
    note = f"Of {report.driver_answers:,} answers, what weighs most first. {words.DRIVER_NOTE}"
    return figure(plot, note, table(head, rows))


def cases(report: Report) -> str:
    """How many were opened, and how long people waited; then of each place."""
    if report.cases is None:
        return ""
    scores = report.cases.overall.scores.values()
    rows = []
    for score, row in zip(scores, shared.case_rows(report.cases), strict=True):
        css = {True: "good", False: "bad", None: "open"}[shared.is_better(score)]
        *cells, moved = map(escape, row)
        rows.append([*cells, f'<span class="{css}">{moved}</span>' if moved else ""])
    parts = table(list(shared.HEAD), rows)
    place = shared.place_of(report.cases)
    if place is not None:
        of_place = ([escape(cell) for cell in row] for row in shared.group_rows(report, place))
        parts += table(shared.group_head(place), of_place)
    return parts


def sources(report: Report) -> str:
    """How each source fares now."""
    if not report.sources:
        return "<p>No source has a schedule; files that people bring in are not watched.</p>"
    rows = (
        [
            escape(clean(one.name)),
            f'<span class="tag {"good" if one.state is State.OK else "bad"}">{one.state}</span>',
            escape(clean(one.note)),
        ]
        for one in report.sources
    )
    return table(["Source", "State now", "Note"], rows)
