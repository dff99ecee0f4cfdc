"""`feedback report --format html`: one file to look at, print or send. No script, nothing fetched.

Every plot has its numbers in a table beside it and a title that is read out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.reports import words
from pipeline.reports.cases import case_definitions
from pipeline.reports.views.html_sections import cases, drivers, goals, sources
from pipeline.reports.views.markup import bullets, cell, change, details, figure, section, table
from pipeline.reports.views.style import STYLE
from pipeline.reports.views.svg import Point, dot_plot, line_plot, spark
from pipeline.reports.views.terminal import SHOWN_GROUPS
from pipeline.scores.goals import GoalProgress
from pipeline.scores.measures import MEASURES
from pipeline.scores.periods import format_period, format_period_short
from pipeline.scores.report import Breakdown, Report, Row, Trend
from schemas.score import MeasureName, Score

_DOTS: Final = 12
_LEAST_STEPS: Final = 4


def page(report: Report) -> str:
    """The whole report as one HTML document."""
    title = f"Feedback report: {words.period_title(report)}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"{''.join(_sections(report, title))}</main></body></html>\n"
    )


def _sections(report: Report, title: str) -> Iterator[str]:
    computed = report.frame.computed_at.astimezone(ZoneInfo(report.zone))
    before = words.period_title(report, report.frame.previous)
    yield (
        f"<header><h1>{escape(title)}</h1><p>Scope: {escape(words.scope_title(report))} · "
        f"{report.overall.comments:,} comments ({report.overall.comments_before:,} in "
        f"{escape(before)}) · computed {computed:%Y-%m-%d %H:%M} {escape(report.zone)}</p></header>"
    )
    yield section("What stands out", bullets(words.headlines(report)))
    if report.overall.comments or report.overall.comments_before:
        cards = "".join(_card(report, name) for name in report.frame.measures)
        yield section("Scores", f'<div class="cards">{cards}</div>')
        if report.goals:
            yield section("Goals", goals(report))
        for name in report.frame.measures:
            yield section(f"{MEASURES[name].title} over time", _trend(report, name))
        if report.scorecard.rows:
            yield section("Scorecard of themes", _scorecard(report))
        if report.drivers:
            yield section(f"What moves {MEASURES[report.lead].title}", drivers(report))
        for part in report.breakdowns:
            if part.rows:
                yield section(words.dimension_title(part.dimension), _breakdown(report, part))
    if report.cases is not None:
        yield section("Cases", cases(report))
    if report.sources is not None:
        yield section("Sources", sources(report))
    told = [*words.definitions(report), *(case_definitions() if report.cases else ())]
    listed = (f"<dt>{escape(t)}</dt><dd>{escape(text)}.</dd>" for t, text in told)
    read = f"<dl>{''.join(listed)}</dl>{bullets(words.notes(report))}"
    yield section("How to read it", read)


def _card(report: Report, name: MeasureName) -> str:
    score = report.overall.scores[name]
    if score.value is None or score.low is None or score.high is None:
        body = f'<p class="value">–</p><p>{words.FEW} answers (n {score.n:,})</p>'
    else:
        body = (
            f'<p class="value">{escape(words.valued(name, score.value))}</p>'
            f"<p>{words.ranged(name, score.low, score.high)}<br>n {score.n:,}</p>"
            f"<p>{change(score) or 'no comparison'}</p>"
        )
    return f'<div class="card"><h3>{escape(MEASURES[name].title)}</h3>{body}</div>'


def _trend(report: Report, name: MeasureName) -> str:
    zone = ZoneInfo(report.zone)
    trend = report.overall.trends[name]
    measure = MEASURES[name]
    points = []
    for step, found in _since_the_first(trend):
        said = f"{format_period(step, zone)}: {words.FEW} answers"
        low, high = found.interval or (0.0, 0.0)
        if found.value is not None:
            value = words.valued(name, found.value)
            period = format_period(step, zone)
            said = f"{period}: {value} ({words.ranged(name, low, high)}), n {found.n}"
        points.append(Point(format_period_short(step, zone), found.value, low, high, said))
    target = next((g.goal for g in report.goals if _is_of_all(report, g, name)), None)
    title = f"{measure.title} by period, with 95 % intervals"
    if target is not None:
        title += f"; dashed: the goal, {words.valued(name, target.target)}"
    plot = line_plot(
        points,
        title=title,
        ends=(measure.lowest, measure.highest),
        level=None if target is None else target.target,
    )
    note = "Band: 95 % interval." + (" Dashed: the goal." if target else "")
    return figure(plot, note, _trend_table(report, name, trend))


def _since_the_first(trend: Trend) -> Trend:
    """Without the steps before anybody answered, but for as many as make a trend."""
    empty = next((place for place, (_, found) in enumerate(trend) if found.n), 0)
    return trend[min(empty, max(0, len(trend) - _LEAST_STEPS)) :]


def _is_of_all(report: Report, one: GoalProgress, name: MeasureName) -> bool:
    whole = not one.goal.dimensions.model_dump(exclude_none=True)
    return whole and one.goal.measure is name


def _trend_table(report: Report, name: MeasureName, trend: Trend) -> str:
    zone = ZoneInfo(report.zone)
    rows = []
    for step, found in trend:
        if found.value is None or found.interval is None:
            rows.append(
                [format_period(step, zone), "", words.FEW if found.n else "", f"{found.n:,}"]
            )
        else:
            value, around = words.valued(name, found.value), words.ranged(name, *found.interval)
            rows.append([format_period(step, zone), value, around, f"{found.n:,}"])
    head = ["Period", MEASURES[name].title, "95 % interval", "n"]
    return details("The numbers", table(head, ([escape(c) for c in row] for row in rows)))


def _breakdown(report: Report, part: Breakdown) -> str:
    shown = part.rows[:SHOWN_GROUPS]
    points = [_dot(report, part.dimension, row) for row in shown[:_DOTS]]
    measure = MEASURES[report.lead]
    overall = report.overall.scores[report.lead]
    plot = dot_plot(
        points,
        title=f"{measure.title} by {part.dimension}, with 95 % intervals",
        ends=(measure.lowest, measure.highest),
        level=overall.value,
    )
    notes = []
    if overall.value is not None:
        notes.append(f"Dashed: all together, {words.valued(report.lead, overall.value)}.")
    if len(part.rows) > len(shown):
        notes.append(f"{len(part.rows) - len(shown)} smaller ones are in the JSON format.")
    if part.unnamed:
        notes.append(f"{part.unnamed:,} comments have no {part.dimension}.")
    return figure(plot, f"{measure.title}. {' '.join(notes)}", _group_table(report, part, shown))


def _dot(report: Report, dimension: str, row: Row) -> Point:
    score = row.scores[report.lead]
    name = words.name_of(report, dimension, row.name or "")
    if score.value is None or score.low is None or score.high is None:
        return Point(name, None, text=f"n {score.n:,}: too few")
    text = f"{words.valued(report.lead, score.value)}, n {score.n:,}"
    return Point(name, score.value, score.low, score.high, text, _off(report, score))


def _off(report: Report, score: Score) -> str:
    """Whether the interval is wholly on one side of everything together."""
    overall = report.overall.scores[score.measure].value
    if overall is None or score.low is None or score.high is None:
        return ""
    if score.low <= overall <= score.high:
        return ""
    return "good" if (score.low > overall) == MEASURES[score.measure].higher_is_better else "bad"


def _group_table(report: Report, part: Breakdown, rows: Iterable[Row]) -> str:
    measures = report.frame.measures
    titles = (MEASURES[name].title for name in measures)
    lead = f"{MEASURES[report.lead].title} trend"
    head = [part.dimension.capitalize(), "Comments", *titles, lead]
    cells = (
        [
            escape(words.name_of(report, part.dimension, row.name or "")),
            f"{row.comments:,}",
            *(cell(row.scores[name]) for name in measures),
            _spark(report, row),
        ]
        for row in rows
    )
    return table(head, cells)


def _spark(report: Report, row: Row) -> str:
    measure = MEASURES[report.lead]
    trend = row.trends[report.lead]
    known = [found.value for _, found in trend if found.value is not None]
    if len(known) < 2:
        return ""
    first, last = (words.valued(report.lead, value) for value in (known[0], known[-1]))
    points = [Point("", found.value) for _, found in trend]
    title = f"{measure.title} from {first} to {last}"
    return spark(points, title=title, ends=(measure.lowest, measure.highest))


def _scorecard(report: Report) -> str:
    part = report.scorecard
    measure = MEASURES[MeasureName.SHARE_NEGATIVE]
    plotted = [row for row in part.rows if MeasureName.SHARE_NEGATIVE in row.scores]
    points = []
    for row in plotted:
        found = row.scores[MeasureName.SHARE_NEGATIVE]
        name = words.name_of(report, "theme", row.name or "")
        if found.value is None or found.low is None or found.high is None:
            points.append(Point(name, None, text=f"n {found.n:,}: too few"))
        else:
            text = f"{words.valued(found.measure, found.value)}, n {found.n:,}"
            css = _off(report, found)
            points.append(Point(name, found.value, found.low, found.high, text, css))
    overall = report.overall.scores.get(MeasureName.SHARE_NEGATIVE)
    plot = dot_plot(
        points,
        title="Share of negative comments by theme, with 95 % intervals",
        ends=(measure.lowest, measure.highest),
        level=None if overall is None else overall.value,
    )
    note = (
        "Share of negative comments; dashed: all together. The scores are of those who mention it."
    )
    return figure(plot if plotted else "", note, _group_table(report, part, part.rows))
