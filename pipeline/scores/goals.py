"""Goals: a measure of some group, a target and a date (SMART), and whether they will be met.

The trend is a straight line through the steps' scores, each as heavy as it has answers (weighted
least squares). Where its slope is distinguishable from chance it is drawn on to the goal's date,
yet no further than as long again as it is; where it is not, the score is taken to stay.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.scores.estimates import Estimate
from pipeline.scores.intervals import CONFIDENCE, Interval, t_quantile
from pipeline.scores.measures import MEASURES
from schemas.score import Dimensions, MeasureName, Period

_LEAST_POINTS: Final = 4


class Goal(BaseModel):
    """One of the file's ``[[goals]]``: what, of whom, how much, until when, and who sees to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    measure: MeasureName
    target: float = Field(description="In the measure's unit: percent, points, stars from 0 to 1.")
    by: date
    owner: str | None = None
    organization: str | None = None
    site: str | None = None
    service: str | None = None
    topic: str | None = None
    theme: str | None = None
    source: str | None = None

    @model_validator(mode="after")
    def _attainable(self) -> Self:
        if self.measure not in MEASURES:
            raise ValueError(f"the goal {self.name!r} is of cases; goals are of answers")
        measure = MEASURES[self.measure]
        if not measure.lowest <= self.target <= measure.highest:
            raise ValueError(
                f"the target of {self.name!r} must be from {measure.lowest:g} to "
                f"{measure.highest:g}"
            )
        return self

    @property
    def dimensions(self) -> Dimensions:
        """Whose answers."""
        return Dimensions(**{name: getattr(self, name) for name in Dimensions.model_fields})

    def met_by(self, value: float) -> bool:
        """Whether a value is the target or better."""
        if MEASURES[self.measure].higher_is_better:
            return value >= self.target
        return value <= self.target


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    goals: tuple[Goal, ...]


class Status(StrEnum):
    """How a goal fares."""

    MET = "met"
    ON_TRACK = "on track"
    """Not met, and the trend leads there in time."""
    BEHIND = "behind"
    """Not met, and the trend does not lead there in time."""
    MISSED = "missed"
    """Not met, and the date is over."""
    UNKNOWN = "unknown"
    """Fewer than five answers."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A goal, where it stands and, if it is open still, where the trend leads."""

    goal: Goal
    status: Status
    now: Estimate
    projected: float | None = None
    """Absent where there is no trend: the score is expected to stay."""
    projected_interval: Interval | None = None
    sure: bool = True
    """Whether the whole interval of what is expected is on the same side of the target."""


def load_goals(path: Path) -> tuple[Goal, ...]:
    """Read a file of goals. Raises ``OSError``, ``ValueError`` (TOML, text or rules)."""
    with path.open("rb") as file:
        return _File.model_validate(tomllib.load(file)).goals


def progress(
    goal: Goal,
    now: Estimate,
    at: datetime,
    trend: Sequence[tuple[Period, Estimate]],
    zone: tzinfo,
) -> Progress:
    """How a goal fares at the time ``at``, the end of what ``now`` measures."""
    if now.value is None:
        return Progress(goal, Status.UNKNOWN, now)
    # The goal's day itself still counts.
    due = datetime.combine(goal.by, time.max, zone)
    if goal.met_by(now.value):
        return Progress(goal, Status.MET, now)
    if at > due:
        return Progress(goal, Status.MISSED, now)
    line = project(trend, due)
    if line is None:
        sure = now.interval is None or not any(map(goal.met_by, now.interval))
        return Progress(goal, Status.BEHIND, now, sure=sure)
    measure = MEASURES[goal.measure]
    value, low, high = (min(measure.highest, max(measure.lowest, number)) for number in line)
    status = Status.ON_TRACK if goal.met_by(value) else Status.BEHIND
    sure = goal.met_by(low) == goal.met_by(high)
    return Progress(goal, status, now, value, (low, high), sure)


def project(
    trend: Sequence[tuple[Period, Estimate]], at: datetime
) -> tuple[float, float, float] | None:
    """The trend's line at a time, with its 95 % interval; None where there is no trend.

    There is none with fewer than four steps, or where chance alone may explain the slope.
    """
    known = [(p, e.value, e.n) for p, e in trend if e.value is not None]
    if len(known) < _LEAST_POINTS:
        return None
    middles = [(p.start.timestamp() + p.end.timestamp()) / 2 for p, _, _ in known]
    heavy = np.array([n for _, _, n in known], float)
    values = np.array([value for _, value, _ in known], float)
    # In lengths of the trend, from its end.
    times = (np.array(middles) - middles[-1]) / (middles[-1] - middles[0])
    ahead = min(1.0, (at.timestamp() - middles[-1]) / (middles[-1] - middles[0]))
    design = np.stack([np.ones_like(times), times], axis=1)
    around = np.linalg.inv(design.T @ (design * heavy[:, None]))
    line = around @ design.T @ (heavy * values)
    freedom = len(known) - 2
    spread = float((heavy * (values - design @ line) ** 2).sum()) / freedom
    t = t_quantile((1 + CONFIDENCE) / 2, freedom)
    if abs(float(line[1])) <= t * float(np.sqrt(spread * around[1, 1])):
        return None
    there = np.array([1.0, ahead])
    half = t * float(np.sqrt(spread * there @ around @ there))
    value = float(there @ line)
    return value, value - half, value + half
