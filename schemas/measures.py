"""Ratings with the ends of their scales: stars, NPS, CSAT, CES, FFT."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.record import Record


class Measure(Record):
    """A rating with the ends of its scale.

    ``worst`` may be the larger end: the NHS Friends and Family Test runs from 1 (very good) to 5
    (very poor).
    """

    value: float = Field(description="The answer as given, on the scale from worst to best.")
    worst: float = Field(description="The end of the scale for the worst experience.")
    best: float = Field(description="The end of the scale for the best experience.")

    @model_validator(mode="after")
    def _check_scale(self) -> Self:
        low, high = sorted((self.worst, self.best))
        if low == high:
            raise ValueError("the scale's ends are equal")
        if not low <= self.value <= high:
            raise ValueError(f"the value is not on the scale from {self.worst:g} to {self.best:g}")
        return self

    @property
    def score(self) -> float | None:
        """The value from 0 (worst) to 1 (best)."""
        return (self.value - self.worst) / (self.best - self.worst)


class Stars(Measure):
    """Star rating, usually one to five."""

    worst: float = 1
    best: float = 5


class Nps(Measure):
    """Answer to "how likely are you to recommend us", zero to ten (Net Promoter Score)."""

    worst: float = 0
    best: float = 10


class Csat(Measure):
    """Answer to a satisfaction question, usually one to five (Customer Satisfaction)."""

    worst: float = 1
    best: float = 5


class Ces(Measure):
    """Answer to "how easy was it", usually one to seven (Customer Effort Score)."""

    worst: float = 1
    best: float = 7


FFT_DONT_KNOW = 6


class Fft(Measure):
    """Friends and Family Test: 1 very good, 2 good, 3 neither, 4 poor, 5 very poor, 6 unsure."""

    worst: float = 5
    best: float = 1

    @model_validator(mode="after")
    def _check_scale(self) -> Self:
        if self.value not in {1, 2, 3, 4, 5, FFT_DONT_KNOW}:
            raise ValueError("the value is not one of 1 (very good) to 5 (very poor) or 6")
        return self

    @property
    def score(self) -> float | None:
        """The value from 0 (very poor) to 1 (very good); None for "don't know"."""
        if self.value == FFT_DONT_KNOW:
            return None
        return (self.value - self.worst) / (self.best - self.worst)
