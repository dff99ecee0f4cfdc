"""Baselines: a fixed threshold, a z-score and the three methods of EARS.

Each tests the negatives of a trailing window of 1, 6 or 24 hours, every 15 minutes. The expectation
is from the same time on earlier days, so that the hours of the day mislead none of them: 28 days
for the z-score, 7 for EARS C1 (the days before), C2 and C3 (two days left out; Hutwagner et al.
2003), which for 24 hours is the classic daily chart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.alerts.hospitals import DAY

Scores = NDArray[np.float32]
SPANS: Final = (4, 24, 96)
"""Trailing windows in buckets."""
_MIN_SIGMA: Final = 0.5  # else one comment after seven quiet days is infinitely improbable


class Baseline(NamedTuple):
    """A method at one trailing window."""

    method: str
    span: int

    @property
    def name(self) -> str:
        return f"{self.method}, {self.span // 4} h"


METHODS: Final = ("fixed threshold", "z-score", "EARS C1", "EARS C2", "EARS C3")
BASELINES: Final = tuple(Baseline(method, span) for method in METHODS for span in SPANS)


def scores(baseline: Baseline, x: NDArray[np.uint16]) -> Scores:
    """Return the score of each bucket; shape of ``x``, (keys, buckets)."""
    trailing = _trailing(x, baseline.span)
    judge: dict[str, Callable[[Scores], Scores]] = {
        "fixed threshold": _break_ties,
        "z-score": lambda counts: _deviation(counts, 28, 1),
        "EARS C1": lambda counts: _deviation(counts, 7, 1),
        "EARS C2": lambda counts: _deviation(counts, 7, 3),
        "EARS C3": lambda counts: _c3(counts, baseline.span),
    }
    return judge[baseline.method](trailing)


def _trailing(x: NDArray[np.uint16], span: int) -> Scores:
    total = np.cumsum(x, axis=1, dtype=np.float32)
    total[:, span:] -= total[:, :-span].copy()
    return total


def _break_ties(counts: Scores) -> Scores:
    """Add a random fraction per day: whole numbers leave few thresholds."""
    rng = np.random.default_rng(7)
    fraction = rng.random((counts.shape[0], counts.shape[1] // DAY), dtype=np.float32)
    return counts + fraction.repeat(DAY, axis=1)


def _deviation(counts: Scores, days: int, lag: int) -> Scores:
    """Return standard deviations above the same time of ``days`` days, the last ``lag`` ago."""
    by_day = counts.reshape(counts.shape[0], -1, DAY)
    first, second = np.cumsum(by_day, axis=1), np.cumsum(by_day * by_day, axis=1)
    result = np.zeros_like(by_day)
    if by_day.shape[1] > days + lag:
        ends = slice(days, by_day.shape[1] - lag)
        starts = slice(0, by_day.shape[1] - lag - days)
        mean = (first[:, ends] - first[:, starts]) / days
        square = (second[:, ends] - second[:, starts]) / days
        variance = np.maximum(square - mean * mean, 0) * days / (days - 1)
        sigma = np.maximum(np.sqrt(variance), _MIN_SIGMA)
        result[:, days + lag :] = (by_day[:, days + lag :] - mean) / sigma
    return result.reshape(counts.shape)


def _c3(counts: Scores, span: int) -> Scores:
    c2 = np.maximum(_deviation(counts, 7, 3) - 1, 0)
    total = c2.copy()
    for back in (span, 2 * span):
        total[:, back:] += c2[:, :-back]
    return total
