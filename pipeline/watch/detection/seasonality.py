"""Seasonality of the week at a site: 168 hourly factors around 1, learnt from all of its feedback.

Each site's factors are shrunk towards those of all sites together, and these towards 1: a new
site starts with the common week, a busy one has its own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import WINDOWS
from pipeline.watch.detection.signals import BUCKETS_PER_DAY

HOURS: Final = 168
_BUCKETS_PER_WEEK: Final = HOURS * 4
_SITE_PRIOR: Final = 12.0  # weight of the common week, in comments per hour of the week
_COMMON_PRIOR: Final = 20.0

Floats = NDArray[np.float64]


def hour_of_week(bucket: int) -> int:
    """Return 0 to 167, from Monday 00:00 UTC."""
    return ((bucket - 4 * BUCKETS_PER_DAY) % _BUCKETS_PER_WEEK) // 4


class Seasonality:
    """Discounted counts of feedback by site and hour of the week, and their factors."""

    def __init__(self, half_life_days: float) -> None:
        self._keep_a_week = 0.5 ** (7 / half_life_days)
        self._counts = np.zeros((0, HOURS))
        self._factors = np.ones((HOURS, 0))

    @property
    def sites(self) -> int:
        """Capacity, in sites."""
        return len(self._counts)

    def grow(self, sites: int) -> None:
        """Grow to ``sites`` sites; a new one starts with the common week."""
        more = sites - len(self._counts)
        if more > 0:
            self._counts = np.concatenate([self._counts, np.zeros((more, HOURS))])
            shared = np.repeat(self._common_week()[:, None], more, axis=1)
            self._factors = np.concatenate([self._factors, shared], axis=1)

    def learn(self, bucket: int, feedback: Floats) -> None:
        """Learn from the feedback of each site in a bucket; shape (sites,)."""
        hour = hour_of_week(bucket)
        if bucket % 4 == 0:
            self._counts[:, hour] *= self._keep_a_week
        self._counts[:, hour] += feedback
        if bucket % 4 == 3:
            self._refresh()

    def exposure(self, bucket: int) -> Floats:
        """Return the factors summed over each trailing window; shape (windows, sites)."""
        now = bucket // 4
        first = bucket % 4 + 1
        sums = np.zeros((len(WINDOWS), len(self._counts)))
        for index, window in enumerate(WINDOWS):
            begun = min(window, first)
            whole, rest = divmod(window - begun, 4)
            sums[index] = begun * self._factors[hour_of_week(bucket)]
            if whole:
                hours = [hour_of_week(4 * (now - back)) for back in range(1, whole + 1)]
                sums[index] += 4 * np.add.reduce(self._factors[hours], axis=0)
            sums[index] += rest * self._factors[hour_of_week(4 * (now - whole - 1))]
        return sums

    def factors(self, bucket: int) -> Floats:
        """Return the factors in a bucket; shape (sites,)."""
        factors: Floats = self._factors[hour_of_week(bucket)].copy()
        return factors

    def _common_week(self) -> Floats:
        counts = self._counts.sum(axis=0)
        shared: Floats = (counts + _COMMON_PRIOR) / (counts.mean() + _COMMON_PRIOR)
        return shared

    def _refresh(self) -> None:
        counts = self._counts
        mean = counts.mean(axis=1, keepdims=True)
        factors = (counts + _SITE_PRIOR * self._common_week()) / (mean + _SITE_PRIOR)
        self._factors = np.ascontiguousarray(factors.T)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {"counts": self._counts, "factors": self._factors}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Restore the state."""
        self._counts, self._factors = arrays["counts"], arrays["factors"]
