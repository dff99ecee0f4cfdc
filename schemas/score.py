"""``Score``: one measure of some answers in one period, as subscribers and the index get it.

Its definitions are those of :class:`MeasureName`; ``pipeline.scores`` computes them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.record import Record, deterministic_id

MIN_ANSWERS = 5
"""A score of fewer answers is not told: it says more about persons than about a service."""


class MeasureName(StrEnum):
    """What is measured, and in which unit ``value`` is."""

    NPS = "nps"
    """Net Promoter Score, -100 to 100: percent of 9 and 10 less percent of 0 to 6."""
    CSAT = "csat"
    """Percent satisfied: the top two of five, which is 0.75 or more of any scale from 0 to 1."""
    CES = "ces"
    """Percent who found it easy: 5 to 7 of seven, which is 2/3 or more of any scale."""
    FFT_POSITIVE = "fft_positive"
    """Percent of the Friends and Family Test's answers that are very good or good; "don't know"
    is an answer too."""
    STARS = "stars"
    """Mean star rating from 0, worst, to 1, best."""
    SHARE_NEGATIVE = "share_negative"
    """Percent of comments that sound negative, of those whose sentiment was scored."""
    CASES_OPENED = "cases_opened"
    """Cases that were opened in the period."""
    CASE_HOURS_TO_ANSWER = "case_hours_to_answer"
    """Median hours from opening to the first answer, of the cases opened in the period; those
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
    def _forwards(self) -> Self:
        if self.start >= self.end:
            raise ValueError("a period must end after its start")
        return self


class Dimensions(Record):
    """Whose answers: those that have every value that is given. None given: all answers."""

    organization: str | None = None
    site: str | None = None
    service: str | None = None
    topic: str | None = None
    theme: str | None = None
    source: str | None = None


class Score(Record):
    """A measure with its 95 % interval, and how it changed. ``value`` is in the measure's unit.

    Fewer than five answers have neither value nor interval. ``score_id`` is the same for the same
    measure, dimensions and period, so that a score computed again replaces the one before.
    """

    score_id: str = Field(
        pattern=r"^[0-9a-f]{32}$",
        description="Deterministic: from measure, dimensions and period.",
    )
    measure: MeasureName
    period: Period
    dimensions: Dimensions = Dimensions()
    n: int = Field(ge=0, description="Answers, or cases; a submission's answer counts once.")
    value: float | None = Field(
        default=None, description="Absent where suppressed; a median, where more than half wait."
    )
    low: float | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: float | None = Field(
        default=None, description="Upper end of the 95 % interval; absent where nothing tells it."
    )
    suppressed: bool = Field(description="Whether there are fewer than five answers.")
    previous_n: int | None = Field(
        default=None, ge=0, description="Answers in the period of the same length before."
    )
    previous_value: float | None = Field(
        default=None, description="The value of the period before; absent where suppressed."
    )
    change: float | None = Field(default=None, description="value less previous_value.")
    change_low: float | None = Field(default=None, description="Lower end of its 95 % interval.")
    change_high: float | None = Field(default=None, description="Upper end of its 95 % interval.")
    changed: bool | None = Field(
        default=None,
        description="Whether the change is distinguishable from chance: its interval has no 0.",
    )
    computed_at: AwareDatetime

    @model_validator(mode="after")
    def _suppressed_says_nothing(self) -> Self:
        if self.suppressed != (self.n < MIN_ANSWERS):
            raise ValueError("a score is suppressed if it has fewer than five answers")
        if self.suppressed and (self.value, self.low, self.high, self.change) != (None,) * 4:
            raise ValueError("a suppressed score has no value, interval or change")
        return self

    @classmethod
    def create(
        cls, measure: MeasureName, period: Period, dimensions: Dimensions, **fields: Any
    ) -> Self:
        """Build a score with its ``score_id``. Raises ``pydantic.ValidationError``."""
        named = [f"{name}={value}" for name, value in dimensions if value is not None]
        return cls(
            score_id=deterministic_id(
                "score",
                measure,
                period.name,
                f"{period.start.timestamp():.3f}",
                f"{period.end.timestamp():.3f}",
                *named,
            ),
            measure=measure,
            period=period,
            dimensions=dimensions,
            **fields,
        )
