"""The wording of a report, the same in every format: numbers, highlights, notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.reports.shares import share_sentences
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
    """Return a value with the digits of its unit: 81.2, +23.4, 0.84."""
    digits = 2 if measure is MeasureName.STARS else 1
    sign = "+" if signed or (measure is MeasureName.NPS) else ""
    text = f"{value:{sign}.{digits}f}"
    return "0" + text[2:] if text.strip("+-0.") == "" and text[0] in "+-" else text


def format_value(measure: MeasureName, value: float) -> str:
    """Return a value with its unit: 81.2 %, NPS +23.4."""
    number = format_number(measure, value)
    return f"{number} %" if _is_percent(measure) else number


def format_interval(measure: MeasureName, low: float, high: float) -> str:
    """Return an interval: 78.9 to 83.3."""
    return f"{format_number(measure, low)} to {format_number(measure, high)}"


def score_cells(score: Score, *, none: str = "") -> list[str]:
    """Return value, interval and n; with too few answers ``none``, and the interval says so."""
    if score.value is None or score.low is None or score.high is None:
        return [none, FEW if score.n else "", f"{score.n:,}"]
    return [
        format_value(score.measure, score.value),
        format_interval(score.measure, score.low, score.high),
        f"{score.n:,}",
    ]


def format_change(score: Score) -> str:
    """Return an arrow and the change: ▲ +6.1 if it is significant, otherwise ~ +1.2."""
    if score.change is None:
        return ""
    arrow = ("▲" if score.change > 0 else "▼") if score.changed else "~"
    return f"{arrow} {format_number(score.measure, score.change, signed=True)}"


def is_better(score: Score) -> bool | None:
    """Return True if a significant change is an improvement; None if there is none."""
    if not score.changed or score.change is None:
        return None
    return MEASURES[score.measure].is_better(score.change)


def group_title(report: Report, dimension: str, name: str) -> str:
    """Return the title of a group."""
    return report.titles.get(name, name) if dimension in ("topic", "theme") else name


def period_title(report: Report, period: Period | None = None) -> str:
    """Return the title of a period, by default the reported one."""
    return format_period(period or report.frame.period, ZoneInfo(report.zone))


def scope_title(report: Report) -> str:
    """Return the scope's values, or "everything"."""
    scope = report.frame.scope.model_dump(exclude_none=True)
    return ", ".join(f"{name} {value}" for name, value in scope.items()) or "everything"


def dimension_title(dimension: str) -> str:
    """Return the heading of a breakdown."""
    return f"By {dimension}"


def highlights(report: Report) -> list[str]:
    """Return the most important findings, as sentences."""
    if not report.overall.comments and not report.overall.comments_before:
        return [_no_feedback(report)]
    return [
        *_overall(report),
        *share_sentences(report.overall),
        *_changes(report),
        *_worse_than_average(report),
        *_drivers(report),
        *(goal_sentence(goal) for goal in report.goals),
        *_sources(report),
    ]


def driver_cells(report: Report, driver: Driver) -> list[str]:
    """Return the topic and its sentiment, mentions, the scores with and without it, and the effect.

    The last cells are the effect's interval and the impact.
    """
    measure = report.lead
    return [
        driver_title(report, driver),
        f"{driver.mentions:,} ({driver.share:.0%})",
        format_value(measure, driver.with_topic.value or 0.0),
        format_value(measure, driver.without.value or 0.0),
        format_number(measure, driver.effect, signed=True),
        format_interval(measure, *driver.effect_interval),
        format_number(measure, driver.impact, signed=True),
    ]


def driver_title(report: Report, driver: Driver) -> str:
    """Return the topic's title with its sentiment: Waiting (negative)."""
    return f"{group_title(report, 'topic', driver.topic)} ({driver.label})"


def definitions(report: Report) -> Iterator[tuple[str, str]]:
    """Yield each measure's title and definition."""
    for name in report.frame.measures:
        measure = MEASURES[name]
        better = "higher" if measure.higher_is_better else "lower"
        yield measure.title, f"{measure.definition}; {better} is better; {measure.interval}"


def notes(report: Report) -> list[str]:
    """Return what readers must know to interpret the numbers."""
    before = period_title(report, report.frame.previous)
    lines = [
        "Ranges are 95 % intervals. ▲ and ▼ mark changes whose interval leaves out 0; ~ marks "
        "those that chance alone may explain. Of twenty comparisons about one is marked by chance; "
        "what stands out is held against the number of comparisons (Benjamini and Hochberg).",
        f"Changes are against {before}. Scores of {FEW} answers are not shown.",
        "An answer counts once for each submission where records say which they belong to, else "
        "once for each record. A comment on several topics counts for each of them, as positive or "
        "negative by what it says of that topic; for a theme as negative if any of its topics is.",
    ]
    if report.zone != "UTC":
        lines.append(f"Days begin in the time zone {report.zone}.")
    return lines


DRIVER_NOTE: Final = (
    "Effect: what a topic adds where an answer's other topics are equal (ridge regression, robust "
    "intervals). Impact: effect times share, what it adds to the score of all. Praise and blame of "
    "a topic are two rows, by its own sentiment. Both show correlation, not causation."
)


def goal_sentence(progress: GoalProgress) -> str:
    """Return the progress of a goal as a sentence."""
    goal, measure = progress.goal, progress.goal.measure
    title = MEASURES[measure].title
    target = f"{title} {format_value(measure, goal.target)} by {goal.by.day} {goal.by:%B %Y}"
    if progress.now.value is None:
        return f"Goal “{goal.name}” ({target}): unknown, {FEW} answers."
    now = format_value(measure, progress.now.value)
    sentence = f"Goal “{goal.name}” ({target}): {progress.status}, now {now}"
    if progress.status in (GoalStatus.MET, GoalStatus.MISSED):
        return f"{sentence}."
    if progress.projected is None or progress.projected_interval is None:
        return f"{sentence}; no significant trend."
    around = format_interval(measure, *progress.projected_interval)
    doubt = "" if progress.sure else ", which leaves it open"
    projected = format_value(measure, progress.projected)
    return f"{sentence}; the trend leads to {projected} ({around}{doubt})."


def _no_feedback(report: Report) -> str:
    sentence = f"No feedback in {period_title(report)}, nor in the previous period."
    if report.newest is None:
        return f"{sentence} The index has none of this scope at all."
    newest = report.newest
    return (
        f"{sentence} The newest is from {newest:%Y-%m-%d}: --until {newest:%Y-%m-%d} reports on it."
    )


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
        return "; no significant change from the previous period"
    way = "up" if score.change > 0 else "down"
    worth = "better" if is_better(score) else "worse"
    return f"; {way} {change} from the previous period, for the {worth}"


def _changes(report: Report) -> Iterator[str]:
    """Yield the groups with the largest significant changes."""
    compared = [
        (part.dimension, row, row.scores[name])
        for part in report.breakdowns
        for row in part.rows
        for name in dict.fromkeys((report.lead, MeasureName.SHARE_NEGATIVE))
        if name in row.scores and row.scores[name].change is not None
    ]
    standing_out = significant_scores([score for _, _, score in compared])
    changes = [change for change in compared if change[2].score_id in standing_out]
    changes.sort(
        key=lambda change: -abs(change[2].change or 0.0) / MEASURES[change[2].measure].span
    )
    yield from (_change_sentence(report, *change) for change in changes[:_SHOWN_CHANGES])


def _change_sentence(report: Report, dimension: str, row: Row, score: Score) -> str:
    worth = "Better" if is_better(score) else "Worse"
    name = group_title(report, dimension, row.name or "")
    if score.value is None or score.previous_value is None:
        return f"{worth}: {dimension} {name}"
    title = MEASURES[score.measure].title
    before, now = (
        format_value(score.measure, value) for value in (score.previous_value, score.value)
    )
    return f"{worth}: {dimension} {name}, {title} from {before} to {now} (n {score.n:,})."


def _worse_than_average(report: Report) -> Iterator[str]:
    """Yield the places that are significantly worse than all together."""
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
                place = f"{part.dimension} {group_title(report, part.dimension, row.name or '')}"
                worse.append(
                    (
                        abs(score.value - overall),
                        f"{place} ({format_value(report.lead, score.value)})",
                    )
                )
    if worse:
        worse.sort(reverse=True)
        names = ", ".join(name for _, name in worse[:_SHOWN_CHANGES])
        yield f"{MEASURES[report.lead].title} is worse than the overall score at: {names}."


def _drivers(report: Report) -> Iterator[str]:
    measure = MEASURES[report.lead]
    costs = [d for d in report.drivers if d.distinguishable and not measure.is_better(d.effect)]
    if costs:
        moved = "lowered" if measure.higher_is_better else "raised"
        yield f"{measure.title} is {moved} most by: {_driver_costs(report, costs[:3])}."


def _driver_costs(report: Report, found: list[Driver]) -> str:
    parts = []
    for driver in found:
        cost = format_number(report.lead, abs(driver.impact)).removeprefix("+")
        title = driver_title(report, driver)
        points = "" if report.lead is MeasureName.STARS else " points"
        parts.append(f"{title} (by {cost}{points}, mentioned in {driver.share:.0%})")
    return "; ".join(parts)


def _sources(report: Report) -> Iterator[str]:
    if report.sources is None:
        yield "Missing sources are unknown: Kafka, which holds their coverage, is unavailable."
        return
    poor = [source for source in report.sources if source.state is not State.OK]
    if poor:
        names = ", ".join(f"{source.name} ({source.state})" for source in poor[:5])
        yield f"Scores may lack feedback from {len(poor)} sources: {names}."


def _is_percent(measure: MeasureName) -> bool:
    return MEASURES[measure].unit == "%"
