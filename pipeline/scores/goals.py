"""Goals: a measure of a group, a target and a date (SMART), and the forecast whether it is met.

The trend is a straight line through the steps' scores, weighted by their answers (weighted least
squares). If its slope is distinguishable from chance, it is extrapolated to the goal's date, but
at most by its own length; otherwise the score is expected to stay.
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
from schemas.strict_model import StrictModel

_MIN_POINTS: Final = 4


class Goal(StrictModel):
    """One of the file's ``[[goals]]``: measure, group, target, date and owner."""

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
    def _check_attainable(self) -> Self:
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
        """The group whose answers count."""
        return Dimensions(**{name: getattr(self, name) for name in Dimensions.model_fields})

    def met_by(self, value: float) -> bool:
        """True if a value is the target or better."""
        if MEASURES[self.measure].higher_is_better:
            return value >= self.target
        return value <= self.target


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    goals: tuple[Goal, ...]


class GoalStatus(StrEnum):
    """Status of a goal."""

    MET = "met"
    ON_TRACK = "on track"
    """Not met, and the trend reaches it in time."""
    BEHIND = "behind"
    """Not met, and the trend does not reach it in time."""
    MISSED = "missed"
    """Not met, and the date has passed."""
    UNKNOWN = "unknown"
    """Fewer than five answers."""


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """A goal, its current score and, while it is open, its forecast."""

    goal: Goal
    status: GoalStatus
    now: Estimate
    projected: float | None = None
    """None without a trend: the score is expected to stay."""
    projected_interval: Interval | None = None
    sure: bool = True
    """True if the whole interval of the forecast is on the same side of the target."""


def load_goals(path: Path) -> tuple[Goal, ...]:
    """Read a file of goals. Raises ``OSError``, ``ValueError`` (TOML, text or rules)."""
    with path.open("rb") as file:
        return _File.model_validate(tomllib.load(file)).goals


def assess_goal(
    goal: Goal,
    now: Estimate,
    at: datetime,
    trend: Sequence[tuple[Period, Estimate]],
    zone: tzinfo,
) -> GoalProgress:
    """Assess a goal at the time ``at``, the end of the period that ``now`` measures."""
    if now.value is None:
        return GoalProgress(goal, GoalStatus.UNKNOWN, now)
    # The goal's day itself still counts.
    due = datetime.combine(goal.by, time.max, zone)
    if goal.met_by(now.value):
        return GoalProgress(goal, GoalStatus.MET, now)
    if at > due:
        return GoalProgress(goal, GoalStatus.MISSED, now)
    line = project_trend(trend, due)
    if line is None:
        sure = now.interval is None or not any(map(goal.met_by, now.interval))
        return GoalProgress(goal, GoalStatus.BEHIND, now, sure=sure)
    measure = MEASURES[goal.measure]
    value, low, high = (min(measure.highest, max(measure.lowest, number)) for number in line)
    status = GoalStatus.ON_TRACK if goal.met_by(value) else GoalStatus.BEHIND
    sure = goal.met_by(low) == goal.met_by(high)
    return GoalProgress(goal, status, now, value, (low, high), sure)


def project_trend(
    trend: Sequence[tuple[Period, Estimate]], at: datetime
) -> tuple[float, float, float] | None:
    """Return the trend's value at a time, with its 95 % interval; None without a trend.

    A trend needs at least four steps, and a slope that chance alone does not explain.
    """
    points = [(p, e.value, e.n) for p, e in trend if e.value is not None]
    if len(points) < _MIN_POINTS:
        return None
    middles = [(p.start.timestamp() + p.end.timestamp()) / 2 for p, _, _ in points]
    counts = np.array([n for _, _, n in points], float)
    values = np.array([value for _, value, _ in points], float)
    # In lengths of the trend, from its end.
    times = (np.array(middles) - middles[-1]) / (middles[-1] - middles[0])
    ahead = min(1.0, (at.timestamp() - middles[-1]) / (middles[-1] - middles[0]))
    design = np.stack([np.ones_like(times), times], axis=1)
    around = np.linalg.inv(design.T @ (design * counts[:, None]))
    line = around @ design.T @ (counts * values)
    freedom = len(points) - 2
    spread = float((counts * (values - design @ line) ** 2).sum()) / freedom
    t = t_quantile((1 + CONFIDENCE) / 2, freedom)
    if abs(float(line[1])) <= t * float(np.sqrt(spread * around[1, 1])):
        return None
    target = np.array([1.0, ahead])
    half = t * float(np.sqrt(spread * target @ around @ target))
    value = float(target @ line)
    return value, value - half, value + half
