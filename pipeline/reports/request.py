"""What the options of `feedback report` mean: its period, its scope, its goals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from pipeline.search.query import SearchRequest, parse_time
from pipeline.settings import Settings
from pipeline.stages.classify_topics import Taxonomy
from schemas.score import Dimensions, MeasureName, Period, PeriodName

_STEPS: Final = {
    PeriodName.DAY: 14,
    PeriodName.WEEK: 13,
    PeriodName.MONTH: 13,
    PeriodName.QUARTER: 9,
}
"""How far the trend of one calendar period looks back, itself included."""


def request_of(
    scope: SearchRequest,
    span: tuple[Period, PeriodName, datetime],
    *,
    by: Sequence[str],
    measures: Sequence[MeasureName],
    goals: tuple[Goal, ...],
    zone: tzinfo,
) -> ReportRequest:
    """What to gather; ``span`` is what :func:`spans` gives."""
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


def spans(
    named: PeriodName | None, since: str | None, until: str | None, zone: tzinfo
) -> tuple[Period, PeriodName, datetime]:
    """The reported period, the step of its trend, and now; raises ``CommandError``."""
    now = datetime.now(UTC)
    end = _time("--until", until, now, zone, end_of_day=True) if until else now
    if since is None:
        step = named or PeriodName.MONTH
        return last_complete_period(step, end, zone), step, now
    start = _time("--since", since, now, zone, end_of_day=False)
    if start >= end:
        raise CommandError("reading --since: it must be before --until", ExitStatus.USAGE)
    period = Period(name=PeriodName.CUSTOM, start=start, end=end)
    return period, named or default_step(period), now


def _time(option: str, text: str, now: datetime, zone: tzinfo, *, end_of_day: bool) -> datetime:
    try:
        moment = parse_time(text, now=now, end_of_day=end_of_day)
    except ValueError as error:
        raise CommandError(f"reading {option}: {error}", ExitStatus.USAGE) from None
    # A date is the zone's, as the report's days are.
    is_date = len(text.strip()) == len("2026-08-01") and text.strip()[4] == "-"
    return moment.replace(tzinfo=zone) if is_date else moment.astimezone(zone)


def zone_named(name: str) -> tzinfo:
    """A time zone; raises ``CommandError``."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(
            f"choosing the time zone {name!r}: there is none of that name; one is Europe/London",
            ExitStatus.USAGE,
        ) from None


def goals_of(path: Path | None, taxonomy: Taxonomy) -> tuple[Goal, ...]:
    """The goals of a file, whose topics the taxonomy has; raises ``CommandError``."""
    if path is None:
        return ()
    try:
        found = load_goals(path)
    except OSError as error:
        raise CommandError(f"reading {path}: {error.strerror}", ExitStatus.BAD_INPUT) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        sentence = f"reading {path}: {place}: {first['msg']}"
        raise CommandError(sentence, ExitStatus.BAD_INPUT) from None
    except ValueError as error:
        raise CommandError(f"reading {path}: {error}", ExitStatus.BAD_INPUT) from None
    for goal in found:
        if goal.topic and goal.topic not in taxonomy.topics:
            raise CommandError(
                f"reading {path}: {goal.name!r}: there is no topic {goal.topic}",
                ExitStatus.BAD_INPUT,
            )
    return found


def taxonomy_of(settings: Settings) -> Taxonomy:
    """The taxonomy that the settings name; raises ``CommandError``."""
    path = settings.taxonomy
    try:
        return Taxonomy.load(path)
    except (OSError, ValueError, ValidationError) as error:
        raise CommandError(f"reading {path}: {error}", ExitStatus.BAD_INPUT) from None


def _dimensions(scope: SearchRequest) -> Dimensions:
    """The scope as dimensions of a score; several values are named together."""
    named = {
        "organization": scope.organizations,
        "site": scope.sites,
        "service": scope.services,
        "topic": scope.topics,
        "source": scope.sources,
    }
    return Dimensions(**{name: " | ".join(values) for name, values in named.items() if values})


def require_of_answers(measures: Sequence[MeasureName]) -> None:
    """Refuse measures of cases, which are shown whenever there are any."""
    for name in measures:
        if name not in MEASURES:
            raise CommandError(
                f"choosing {name}: --measure is of answers; cases are shown where there are some",
                ExitStatus.USAGE,
            )


def require_exact(scope: SearchRequest) -> None:
    """Refuse to publish scores of a scope that dimensions cannot tell exactly."""
    for name in ("organizations", "sites", "services", "topics", "sources"):
        values = getattr(scope, name)
        if len(values) > 1 or any("*" in value for value in values):
            raise CommandError(
                f"publishing scores: --{name[:-1]} must be one value without *", ExitStatus.USAGE
            )
