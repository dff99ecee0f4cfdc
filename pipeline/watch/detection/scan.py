"""Tests of every key and every trailing window, once per bucket.

Two tests, each with its part of the budget: is the count too high for the key at these hours
(negative binomial tail), and is the share too high for this number of comments (binomial tail)? In
addition, the share's lower Wilson bound must be above the usual share, so that mere popularity
raises no alert.

A test's result is a score: log10 of the days in which chance does this once to a key. For that,
the tail is multiplied by the number of independent starts per day: a trailing sum passes x
upwards, clumps counted once, about DAY / window * (x - mean)^2 / (x * dispersion) times for each
time that it is found there (the rate of arrivals times the probability of x - 1; Aldous 1989,
Poisson clumping). Whole numbers leave steps between tails: on average over them, half of the last
step counts (mid-p, Lancaster 1961). So the score is comparable over keys with few or many comments,
and over windows; the budget is a limit on it.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.baseline import Baselines
from pipeline.watch.detection.options import WINDOWS, SpikeRules
from pipeline.watch.detection.signals import BUCKETS_PER_DAY
from pipeline.watch.detection.tail_probability import (
    count_exponent,
    count_tail,
    share_exponent,
    share_tail,
    wilson_lower,
)

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]

_SLACK: Final = 3.5  # a tail is less than its exponential bound, but never by so much more
_LN_10: Final = math.log(10)
_WINDOWS: Final = np.array(WINDOWS)
_MIN_STARTS: Final = 0.25
_TRIES: Final = 1.0  # windows and tests that are as good as independent; set by the simulation
_SHARE_RATIO: Final = 1.15  # seen by expected where the share alone speaks


class Finding(NamedTuple):
    """A key's most improbable window."""

    score: float
    window: int
    """Index into ``WINDOWS``."""
    seen: int
    total: int
    mean: float
    dispersion: float
    usual_share: float


class Observations(NamedTuple):
    """Input of the tests: arrays of shape (windows, keys), or of some keys."""

    x: NDArray[np.uint32]
    n: NDArray[np.uint32]
    mean: Floats
    coming: Floats | None = None
    """Other comments that the rest of an open bucket lets expect; shape (keys,)."""


def scan(
    observed: Observations,
    baselines: Baselines,
    rules: SpikeRules,
    testable: Indexes,
    limit: float,
    places: Indexes | None = None,
) -> dict[int, Finding]:
    """Return the keys whose score reaches ``limit``, each with its most improbable window.

    ``testable`` is the number of buckets of each key that may be tested, observed back from now:
    0 for a key that raises nothing yet. ``places`` are the keys of the columns, all if None.
    """
    ratio = min(rules.min_ratio, _SHARE_RATIO) if rules.share_margin else rules.min_ratio
    is_candidate = observed.x >= rules.min_count
    is_candidate &= observed.x > ratio * observed.mean
    is_candidate &= testable >= _WINDOWS[:, None]
    window, column = np.nonzero(is_candidate)
    if not len(column):
        return {}
    x = observed.x[window, column].astype(np.float64)
    key = column if places is None else places[column]
    total = np.maximum(observed.n[window, column], x)
    n = total if observed.coming is None else total + observed.coming[column]
    cells = _Cells(
        window,
        key,
        x,
        n,
        observed.mean[window, column],
        baselines.share[key],
        total,
    )
    cells = cells.where(_share_is_high(cells, rules))
    return _most_improbable(cells, baselines, rules, limit)


class _Cells(NamedTuple):
    """Windows of keys, one element each."""

    window: Indexes
    key: Indexes
    x: Floats
    n: Floats
    mean: Floats
    share: Floats
    total: Floats
    """n without those that are still to come."""

    def where(self, mask: NDArray[np.bool_]) -> _Cells:
        return _Cells._make(column[mask] for column in self)


def _share_is_high(cells: _Cells, rules: SpikeRules) -> NDArray[np.bool_]:
    if rules.share_margin is None:
        return np.ones(len(cells.x), dtype=np.bool_)
    lower: NDArray[np.bool_] = (
        wilson_lower(cells.x, cells.n, rules.share_z) > rules.share_margin * cells.share
    )
    return lower


def _most_improbable(
    cells: _Cells, baselines: Baselines, rules: SpikeRules, limit: float
) -> dict[int, Finding]:
    # The uncertainty of the rate adds to the dispersion.
    dispersion = baselines.dispersion(cells.window, cells.mean, cells.key)
    dispersion = dispersion + cells.mean / baselines.seen[cells.key]
    x, mean = cells.x, cells.mean
    next_by_this = (mean + x * (dispersion - 1)) / (dispersion * (x + 1))
    starts = _log_starts(cells.window, x, mean, dispersion, next_by_this)
    required = -limit * _LN_10
    log_rate = np.full(len(x), np.inf)
    high = x >= rules.min_ratio * mean
    high &= starts - count_exponent(x, mean, dispersion) < required + _SLACK
    if high.any():
        log_rate[high] = starts[high] + count_tail(x[high], mean[high], dispersion[high])
    if rules.share_margin is not None:
        log_rate = np.minimum(log_rate, _share_log_rate(cells, baselines, required))
    score = -log_rate / _LN_10
    findings: dict[int, Finding] = {}
    for place in np.flatnonzero(score >= limit):
        key = int(cells.key[place])
        if key not in findings or score[place] > findings[key].score:
            findings[key] = Finding(
                float(score[place]),
                int(cells.window[place]),
                int(cells.x[place]),
                int(cells.total[place]),
                float(cells.mean[place]),
                float(dispersion[place]),
                float(cells.share[place]),
            )
    return findings


def _share_log_rate(cells: _Cells, baselines: Baselines, required: float) -> Floats:
    x, n, share = cells.x, cells.n, cells.share
    dispersion = baselines.share_dispersion(cells.window, cells.key)
    dispersion = dispersion + n / np.maximum(baselines.total[cells.key], 1.0)
    next_by_this = (n - x) * share / ((x + 1) * (1 - share))
    starts = _log_starts(cells.window, x, n * share, dispersion, next_by_this)
    log_rate = np.full(len(x), np.inf)
    worth = x > n * share
    worth &= starts - share_exponent(x, n, share, dispersion) < required + _SLACK
    if worth.any():
        log_rate[worth] = starts[worth] + share_tail(
            x[worth], n[worth], share[worth], dispersion[worth]
        )
    return log_rate


def _log_starts(
    window: Indexes, x: Floats, mean: Floats, dispersion: Floats, next_by_this: Floats
) -> Floats:
    """Return ln of the factor from P(X >= x) to a rate per day; ``next_by_this`` is P(x+1)/P(x)."""
    width = _WINDOWS[window]
    starts = BUCKETS_PER_DAY / width * (x - mean) ** 2 / (x * dispersion)
    middle = (1 + np.minimum(next_by_this, 1.0)) / 2
    log_starts: Floats = np.log(_TRIES * middle * np.clip(starts, _MIN_STARTS, BUCKETS_PER_DAY))
    return log_starts
