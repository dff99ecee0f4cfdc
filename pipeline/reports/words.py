"""How a report words its numbers, and what it says first: the same in every format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.scores.drivers import Driver
from pipeline.scores.estimates import significant_scores
from pipeline.scores.goals import GoalProgress, GoalStatus
from pipeline.scores.measures import MEASURES
from pipeline.scores.periods import format_period
from pipeline.scores.report import Report, Row
from schemas.coverage import State
from schemas.score import MIN_ANSWERS, MeasureName, Period, Score

FEW: Final = f"fewer than {MIN_ANSWERS}"
_SHOWN_CHANGES: Final = 3
_PLACES: Final = ("organization", "site", "service")


def format_number(measure: MeasureName, value: float, *, signed: bool = False) -> str:
    """A value in its unit's digits: 81.2, +23.4, 0.84."""
    digits = 2 if measure is MeasureName.STARS else 1
    sign = "+" if signed or (measure is MeasureName.NPS) else ""
    text = f"{value:{sign}.{digits}f}"
    return "0" + text[2:] if text.strip("+-0.") == "" and text[0] in "+-" else text


def format_value(measure: MeasureName, value: float) -> str:
    """A value with its unit: 81.2 %, NPS +23.4."""
    return (
        f"{format_number(measure, value)} %"
        if _is_percent(measure)
        else format_number(measure, value)
    )


def format_interval(measure: MeasureName, low: float, high: float) -> str:
    """An interval: 78.9 to 83.3."""
    return f"{format_number(measure, low)} to {format_number(measure, high)}"


def format_change(score: Score) -> str:
    """An arrow and the change: ▲ +6.1 where it is distinguishable from chance, else ~ +1.2."""
    if score.change is None:
        return ""
    arrow = ("▲" if score.change > 0 else "▼") if score.changed else "~"
    return f"{arrow} {format_number(score.measure, score.change, signed=True)}"


def is_better(score: Score) -> bool | None:
    """Whether a change that is distinguishable is for the better; None where there is none."""
    if not score.changed or score.change is None:
        return None
    return (score.change > 0) == MEASURES[score.measure].higher_is_better


def group_title(report: Report, dimension: str, name: str) -> str:
    """A group as people call it."""
    return report.titles.get(name, name) if dimension in ("topic", "theme") else name


def period_title(report: Report, period: Period | None = None) -> str:
    """The period as people write it; the reported one if none is given."""
    return format_period(period or report.frame.period, ZoneInfo(report.zone))


def scope_title(report: Report) -> str:
    """Whose answers, or everything."""
    scope = report.frame.scope.model_dump(exclude_none=True)
    return ", ".join(f"{name} {value}" for name, value in scope.items()) or "everything"


def dimension_title(dimension: str) -> str:
    """The heading of a breakdown."""
    return f"By {dimension}"


def highlights(report: Report) -> list[str]:
    """What a reader should see first, in sentences."""
    if not report.overall.comments and not report.overall.comments_before:
        return [_no_feedback(report)]
    return [
        *_overall(report),
        *_changes(report),
        *_worse_than_average(report),
        *_drivers(report),
        *(goal_sentence(goal) for goal in report.goals),
        *_sources(report),
    ]


def definitions(report: Report) -> Iterator[tuple[str, str]]:
    """Each measure and what it is."""
    for name in report.frame.measures:
        measure = MEASURES[name]
        better = "higher" if measure.higher_is_better else "lower"
        yield measure.title, f"{measure.definition}; {better} is better; {measure.interval}"


def notes(report: Report) -> list[str]:
    """What a reader must know of all numbers."""
    before = period_title(report, report.frame.previous)
    found = [
        "Ranges are 95 % intervals. ▲ and ▼ mark changes whose interval leaves out 0; ~ marks "
        "those that chance alone may explain. Of twenty comparisons about one is marked by chance; "
        "what stands out is held against the number of comparisons (Benjamini and Hochberg).",
        f"Changes are against {before}. Scores of {FEW} answers are not shown.",
        "An answer counts once for each submission where records say which they belong to, else "
        "once for each record. A comment on several topics counts for each of them.",
    ]
    if report.zone != "UTC":
        found.append(f"Days begin in the time zone {report.zone}.")
    return found


DRIVER_NOTE: Final = (
    "Effect: what a topic adds where an answer's other topics are equal (ridge regression, robust "
    "intervals). Impact: effect times share, what it adds to the score of all. Both tell what goes "
    "together, not what causes what."
)


def goal_sentence(one: GoalProgress) -> str:
    """How one goal fares."""
    goal, measure = one.goal, one.goal.measure
    title = MEASURES[measure].title
    target = f"{title} {format_value(measure, goal.target)} by {goal.by.day} {goal.by:%B %Y}"
    if one.now.value is None:
        return f"Goal “{goal.name}” ({target}): unknown, {FEW} answers."
    said = (
        f"Goal “{goal.name}” ({target}): {one.status}, now {format_value(measure, one.now.value)}"
    )
    if one.status in (GoalStatus.MET, GoalStatus.MISSED):
        return f"{said}."
    if one.projected is None or one.projected_interval is None:
        return f"{said}; no trend that chance alone does not explain."
    around = format_interval(measure, *one.projected_interval)
    doubt = "" if one.sure else ", which leaves it open"
    return f"{said}; the trend leads to {format_value(measure, one.projected)} ({around}{doubt})."


def _no_feedback(report: Report) -> str:
    said = f"No feedback in {period_title(report)}, nor in the period before."
    if report.newest is None:
        return f"{said} There is none of this scope in the index at all."
    newest = report.newest
    return f"{said} The newest is of {newest:%Y-%m-%d}: --until {newest:%Y-%m-%d} reports on it."


def _overall(report: Report) -> Iterator[str]:
    for name in dict.fromkeys((report.lead, MeasureName.SHARE_NEGATIVE)):
        score = report.overall.scores.get(name)
        if score is None or score.value is None or score.low is None or score.high is None:
            continue
        title = MEASURES[name].title
        counted = "comments" if name is MeasureName.SHARE_NEGATIVE else "answers"
        yield (
            f"{title}: {format_value(name, score.value)} "
            f"({format_interval(name, score.low, score.high)}) of "
            f"{score.n:,} {counted}{_change_since(score)}."
        )


def _change_since(score: Score) -> str:
    if score.change is None:
        return ""
    change = format_number(score.measure, abs(score.change)).removeprefix("+")
    if not score.changed:
        return "; no more change on the period before than chance may explain"
    way = "up" if score.change > 0 else "down"
    worth = "better" if is_better(score) else "worse"
    return f"; {way} {change} on the period before, for the {worth}"


def _changes(report: Report) -> Iterator[str]:
    """The groups that changed most, of the measure in the lead and of the negative comments."""
    compared = [
        (part.dimension, row, row.scores[name])
        for part in report.breakdowns
        for row in part.rows
        for name in dict.fromkeys((report.lead, MeasureName.SHARE_NEGATIVE))
        if name in row.scores and row.scores[name].change is not None
    ]
    standing_out = significant_scores([score for _, _, score in compared])
    found = [one for one in compared if one[2].score_id in standing_out]
    found.sort(key=lambda one: -abs(one[2].change or 0.0) / MEASURES[one[2].measure].span)
    yield from (_change_sentence(report, *one) for one in found[:_SHOWN_CHANGES])


def _change_sentence(report: Report, dimension: str, row: Row, score: Score) -> str:
    worth = "Better" if is_better(score) else "Worse"
    name = group_title(report, dimension, row.name or "")
    if score.value is None or score.previous_value is None:
        return f"{worth}: {dimension} {name}"
    title = MEASURES[score.measure].title
    before, now = (format_value(score.measure, one) for one in (score.previous_value, score.value))
    return f"{worth}: {dimension} {name}, {title} from {before} to {now} (n {score.n:,})."


def _worse_than_average(report: Report) -> Iterator[str]:
    """The places that are worse than everything together, by the measure in the lead."""
    overall = report.overall.scores[report.lead].value
    better = MEASURES[report.lead].higher_is_better
    worse = []
    for part in report.breakdowns:
        for row in part.rows if part.dimension in _PLACES else ():
            score = row.scores[report.lead]
            end = score.high if better else score.low
            if overall is None or end is None or score.value is None:
                continue
            if (end < overall) == better and end != overall:
                said = f"{part.dimension} {group_title(report, part.dimension, row.name or '')}"
                worse.append(
                    (
                        abs(score.value - overall),
                        f"{said} ({format_value(report.lead, score.value)})",
                    )
                )
    if worse:
        worse.sort(reverse=True)
        names = ", ".join(name for _, name in worse[:_SHOWN_CHANGES])
        yield f"{MEASURES[report.lead].title} is worse than of all together at: {names}."


def _drivers(report: Report) -> Iterator[str]:
    better = MEASURES[report.lead].higher_is_better
    costs = [d for d in report.drivers if d.distinguishable and (d.effect < 0) == better]
    if costs:
        title = MEASURES[report.lead].title
        yield f"{title} suffers most from: {_driver_costs(report, costs[:3])}."


def _driver_costs(report: Report, found: list[Driver]) -> str:
    parts = []
    for driver in found:
        cost = format_number(report.lead, abs(driver.impact)).removeprefix("+")
        title = group_title(report, "topic", driver.topic)
        points = "" if report.lead is MeasureName.STARS else " points"
        parts.append(f"{title} (costs {cost}{points} of it, mentioned in {driver.share:.0%})")
    return "; ".join(parts)


def _sources(report: Report) -> Iterator[str]:
    if report.sources is None:
        yield "Whether sources were missed is not known: Kafka, which has their ledger, is away."
        return
    poor = [one for one in report.sources if one.state is not State.OK]
    if poor:
        names = ", ".join(f"{one.name} ({one.state})" for one in poor[:5])
        yield f"Scores may miss feedback of {len(poor)} sources: {names}."


def _is_percent(measure: MeasureName) -> bool:
    return MEASURES[measure].unit == "%"
