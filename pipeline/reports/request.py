"""The options of `feedback report`, parsed: period, scope, goals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.reports.gather import ReportRequest
from pipeline.scores.goals import Goal, load_goals
from pipeline.scores.measures import MEASURES
from pipeline.scores.periods import (
    default_step,
    last_complete_period,
    preceding_periods,
    previous_period,
    split_period,
)
from pipeline.scores.report import ReportContext
from pipeline.search.query import SearchRequest
from pipeline.stages.classify_topics import Taxonomy
from schemas.score import Dimensions, MeasureName, Period, PeriodName
from schemas.validation import setting_fault

_STEPS: Final = {
    PeriodName.DAY: 14,
    PeriodName.WEEK: 13,
    PeriodName.MONTH: 13,
    PeriodName.QUARTER: 9,
}
"""Number of periods in a trend, including the reported one."""


def build_request(
    scope: SearchRequest,
    span: tuple[Period, PeriodName, datetime],
    *,
    by: Sequence[str],
    measures: Sequence[MeasureName],
    goals: tuple[Goal, ...],
    zone: tzinfo,
) -> ReportRequest:
    """Return the request of a report; ``span`` is the result of :func:`report_period`."""
    period, step, now = span
    if period.name is PeriodName.CUSTOM:
        steps = split_period(period, step, zone)
    else:
        steps = preceding_periods(period, _STEPS[step], zone)
    frame = ReportContext(
        period=period,
        previous=previous_period(period, zone),
        steps=tuple(steps),
        scope=_dimensions(scope),
        measures=tuple(dict.fromkeys(measures)) or tuple(MEASURES),
        computed_at=now,
    )
    return ReportRequest(
        scope=scope,
        frame=frame,
        step=step,
        by=tuple(dict.fromkeys(by)),
        chosen=tuple(dict.fromkeys(measures)),
        goals=goals,
        zone=zone,
    )


def report_period(
    name: PeriodName | None,
    start: datetime | None,
    end: datetime | None,
    *,
    now: datetime,
    zone: tzinfo,
) -> tuple[Period, PeriodName, datetime]:
    """Return the reported period, the step of its trend, and now; raises ``CommandError``.

    It ends at ``end``, by default now. Without a ``start`` it is the last complete one before.
    """
    end = (end or now).astimezone(zone)
    if start is None:
        step = name or PeriodName.MONTH
        return last_complete_period(step, end, zone), step, now
    start = start.astimezone(zone)
    if start >= end:
        raise CommandError("reading --since: it must be before --until", ExitStatus.USAGE)
    period = Period(name=PeriodName.CUSTOM, start=start, end=end)
    return period, name or default_step(period), now


def read_goals(path: Path | None, taxonomy: Taxonomy) -> tuple[Goal, ...]:
    """Return the goals of a file; raises ``CommandError``, also for an unknown topic."""
    if path is None:
        return ()
    try:
        goals = load_goals(path)
    except OSError as error:
        raise CommandError(f"reading {path}: {error.strerror}", ExitStatus.USAGE) from None
    except ValidationError as error:
        fault = setting_fault(error, ["goals", *Goal.model_fields])
        raise CommandError(f"reading {path}: {fault}", ExitStatus.USAGE) from None
    except ValueError as error:
        raise CommandError(f"reading {path}: {error}", ExitStatus.USAGE) from None
    for goal in goals:
        if goal.topic and goal.topic not in taxonomy.topics:
            raise CommandError(
                f"reading {path}: {goal.name!r}: there is no topic {goal.topic}",
                ExitStatus.USAGE,
            )
    return goals


def _dimensions(scope: SearchRequest) -> Dimensions:
    """Return the scope as dimensions of a score; several values are joined by " | "."""
    names = {
        "organization": scope.organizations,
        "site": scope.sites,
        "service": scope.services,
        "topic": scope.topics,
        "source": scope.sources,
    }
    return Dimensions(**{name: " | ".join(values) for name, values in names.items() if values})


def require_answer_measures(measures: Sequence[MeasureName]) -> None:
    """Raise ``CommandError`` for measures of cases: --measure selects measures of answers."""
    for name in measures:
        if name not in MEASURES:
            raise CommandError(
                f"reading --measure {name}: expected a measure of answers; those of cases are "
                "always shown",
                ExitStatus.USAGE,
            )


def require_exact(scope: SearchRequest) -> None:
    """Raise ``CommandError`` for a scope that a score's dimensions cannot represent."""
    for name in ("organizations", "sites", "services", "topics", "sources"):
        values = getattr(scope, name)
        if len(values) > 1 or any("*" in value for value in values):
            raise CommandError(
                f"publishing scores: --{name[:-1]} must be one value without *", ExitStatus.USAGE
            )
