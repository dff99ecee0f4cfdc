"""``Score``: one measure of some answers in one period.

:class:`MeasureName` defines the measures; ``pipeline.scores`` computes them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.record import Record, deterministic_id

MIN_ANSWERS = 5
"""A score of fewer answers is suppressed, because it could identify people."""


class MeasureName(StrEnum):
    """The measure, and the unit of ``value``."""

    NPS = "nps"
    """Net Promoter Score, -100 to 100: percent of 9 and 10 minus percent of 0 to 6."""
    CSAT = "csat"
    """Percent satisfied: the top two of five, or 0.75 and more on any scale from 0 to 1."""
    CES = "ces"
    """Percent who found it easy: 5 to 7 of seven, or 2/3 and more on any scale."""
    FFT_POSITIVE = "fft_positive"
    """Percent of the Friends and Family Test's answers that are very good or good, where "don't
    know" counts as an answer."""
    STARS = "stars"
    """Mean star rating from 0 (worst) to 1 (best)."""
    SHARE_NEGATIVE = "share_negative"
    """Percent of negative comments among those whose sentiment was scored, and not by translation;
    with a topic or theme, of comments that are negative about it."""
    CASES_OPENED = "cases_opened"
    """Cases that were opened in the period."""
    CASE_HOURS_TO_ANSWER = "case_hours_to_answer"
    """Median hours from opening to the first answer, of the cases opened in the period; cases
    without an answer count as longer than all others."""
    CASE_HOURS_TO_RESOLVE = "case_hours_to_resolve"
    """Median hours from opening to resolution, likewise."""
    SHARE_CASES_OVERDUE = "share_cases_overdue"
    """Percent of the cases opened in the period that were past due at some time."""


class PeriodName(StrEnum):
    """Calendar periods of some time zone; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    CUSTOM = "custom"


class Period(Record):
    """From ``start`` up to but not including ``end``."""

    name: PeriodName
    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.start >= self.end:
            raise ValueError("a period must end after its start")
        return self


class Dimensions(Record):
    """Filter on answers: those that match every value that is set."""

    organization: str | None = None
    site: str | None = None
    service: str | None = None
    topic: str | None = None
    theme: str | None = None
    source: str | None = None


class Score(Record):
    """A measure with its 95 % interval and its change. ``value`` is in the measure's unit.

    With fewer than five answers, value and interval are suppressed. ``score_id`` depends on
    measure, dimensions and period alone, so that a score computed again replaces the previous one.
    """

    score_id: str = Field(
        pattern=r"^[0-9a-f]{32}$",
        description="Deterministic: from measure, dimensions and period.",
    )
    measure: MeasureName
    period: Period
    dimensions: Dimensions = Dimensions()
    n: int = Field(
        ge=0, description="Number of answers or cases; a submission's answer counts once."
    )
    value: float | None = Field(
        default=None, description="Absent if suppressed, or for a median of mostly open cases."
    )
    low: float | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: float | None = Field(
        default=None, description="Upper end of the 95 % interval; absent if undetermined."
    )
    suppressed: bool = Field(description="True if there are fewer than five answers.")
    previous_n: int | None = Field(
        default=None,
        ge=0,
        description="Number of answers in the previous period of the same length.",
    )
    previous_value: float | None = Field(
        default=None, description="The value of the previous period; absent if suppressed."
    )
    change: float | None = Field(default=None, description="value minus previous_value.")
    change_low: float | None = Field(default=None, description="Lower end of its 95 % interval.")
    change_high: float | None = Field(default=None, description="Upper end of its 95 % interval.")
    changed: bool | None = Field(
        default=None,
        description="True if the change is significant: its interval excludes 0.",
    )
    computed_at: AwareDatetime

    @model_validator(mode="after")
    def _check_suppressed(self) -> Self:
        if self.suppressed != (self.n < MIN_ANSWERS):
            raise ValueError("a score is suppressed if it has fewer than five answers")
        if self.suppressed and (self.value, self.low, self.high, self.change) != (None,) * 4:
            raise ValueError("a suppressed score has no value, interval or change")
        return self

    @classmethod
    def create(
        cls, measure: MeasureName, period: Period, dimensions: Dimensions, **fields: Any
    ) -> Self:
        """Return a score with its ``score_id``; raise ``pydantic.ValidationError``."""
        values = [f"{name}={value}" for name, value in dimensions if value is not None]
        return cls(
            score_id=deterministic_id(
                "score",
                measure,
                period.name,
                f"{period.start.timestamp():.3f}",
                f"{period.end.timestamp():.3f}",
                *values,
            ),
            measure=measure,
            period=period,
            dimensions=dimensions,
            **fields,
        )
