"""Every key and every trailing window put to the test, once a bucket.

Two tests, each at its part of the budget: is the count too high for the key at these hours
(negative binomial tail), and is the share too high for so many comments (binomial tail)? Besides,
the share's lower Wilson bound must be above the usual share, so that mere popularity is no alert.

A test's result is a score: the power of ten of the days in which chance does this once to a key.
For that, the tail is multiplied by how often a day chance gets a new start at it: a trailing sum
passes x upwards, clumps counted once, about DAY / window * (x - mean)^2 / (x * dispersion) times
for each time that it is found there (the rate of arrivals times the probability of x - 1; Aldous
1989, Poisson clumping). Whole numbers leave steps between tails: on average over them, half of the
last step counts (mid-p, Lancaster 1961). So the score is comparable over keys, few or many their
comments, and over windows; the budget is a limit on it.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.baseline import Levels
from pipeline.watch.detection.options import WINDOWS, Rules
from pipeline.watch.detection.signals import BUCKETS_A_DAY
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
_FEWEST_STARTS: Final = 0.25
_TRIES: Final = 1.0  # windows and tests that are as good as independent; set by the simulation
_SHARE_RATIO: Final = 1.15  # seen by expected where the share alone speaks


class Found(NamedTuple):
    """What a key showed in its most improbable window."""

    score: float
    window: int
    """Index into ``WINDOWS``."""
    seen: int
    total: int
    mean: float
    dispersion: float
    usual_share: float


class Counted(NamedTuple):
    """What there is to test: arrays of shape (windows, keys), or of some keys."""

    x: NDArray[np.uint32]
    n: NDArray[np.uint32]
    mean: Floats
    coming: Floats | None = None
    """Other comments that the rest of an open bucket lets expect; shape (keys,)."""


def scan(
    counted: Counted,
    levels: Levels,
    rules: Rules,
    testable: Indexes,
    limit: float,
    places: Indexes | None = None,
) -> dict[int, Found]:
    """The keys whose score reaches ``limit``, each with its most improbable window.

    ``testable`` is the number of buckets of each key that may be tested, counted back from now:
    0 for a key that raises nothing yet. ``places`` are the keys of the columns, all if None.
    """
    few = min(rules.least_ratio, _SHARE_RATIO) if rules.share_margin else rules.least_ratio
    some = counted.x >= rules.least
    some &= counted.x > few * counted.mean
    some &= testable >= _WINDOWS[:, None]
    window, column = np.nonzero(some)
    if not len(column):
        return {}
    x = counted.x[window, column].astype(np.float64)
    key = column if places is None else places[column]
    total = np.maximum(counted.n[window, column], x)
    n = total if counted.coming is None else total + counted.coming[column]
    cells = _Cells(
        window,
        key,
        x,
        n,
        counted.mean[window, column],
        levels.share[key],
        total,
    )
    cells = cells.where(_share_is_high(cells, rules))
    return _most_improbable(cells, levels, rules, limit)


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


def _share_is_high(cells: _Cells, rules: Rules) -> NDArray[np.bool_]:
    if rules.share_margin is None:
        return np.ones(len(cells.x), dtype=np.bool_)
    lower: NDArray[np.bool_] = (
        wilson_lower(cells.x, cells.n, rules.share_z) > rules.share_margin * cells.share
    )
    return lower


def _most_improbable(cells: _Cells, levels: Levels, rules: Rules, limit: float) -> dict[int, Found]:
    # What is not known of the level swings too.
    swing = levels.dispersion(cells.window, cells.mean, cells.key)
    swing = swing + cells.mean / levels.seen[cells.key]
    x, mean = cells.x, cells.mean
    next_by_this = (mean + x * (swing - 1)) / (swing * (x + 1))
    starts = _log_starts(cells.window, x, mean, swing, next_by_this)
    enough = -limit * _LN_10
    log_rate = np.full(len(x), np.inf)
    high = x >= rules.least_ratio * mean
    high &= starts - count_exponent(x, mean, swing) < enough + _SLACK
    if high.any():
        log_rate[high] = starts[high] + count_tail(x[high], mean[high], swing[high])
    if rules.share_margin is not None:
        log_rate = np.minimum(log_rate, _share_log_rate(cells, levels, enough))
    score = -log_rate / _LN_10
    found: dict[int, Found] = {}
    for place in np.flatnonzero(score >= limit):
        key = int(cells.key[place])
        if key not in found or score[place] > found[key].score:
            found[key] = Found(
                float(score[place]),
                int(cells.window[place]),
                int(cells.x[place]),
                int(cells.total[place]),
                float(cells.mean[place]),
                float(swing[place]),
                float(cells.share[place]),
            )
    return found


def _share_log_rate(cells: _Cells, levels: Levels, enough: float) -> Floats:
    x, n, share = cells.x, cells.n, cells.share
    swing = levels.share_dispersion(cells.window, cells.key)
    swing = swing + n / np.maximum(levels.total[cells.key], 1.0)
    next_by_this = (n - x) * share / ((x + 1) * (1 - share))
    starts = _log_starts(cells.window, x, n * share, swing, next_by_this)
    log_rate = np.full(len(x), np.inf)
    worth = x > n * share
    worth &= starts - share_exponent(x, n, share, swing) < enough + _SLACK
    if worth.any():
        log_rate[worth] = starts[worth] + share_tail(x[worth], n[worth], share[worth], swing[worth])
    return log_rate


def _log_starts(
    window: Indexes, x: Floats, mean: Floats, dispersion: Floats, next_by_this: Floats
) -> Floats:
    """ln of what makes a tail P(X >= x) a rate a day; ``next_by_this`` is P(x + 1) / P(x)."""
    width = _WINDOWS[window]
    starts = BUCKETS_A_DAY / width * (x - mean) ** 2 / (x * dispersion)
    middle = (1 + np.minimum(next_by_this, 1.0)) / 2
    log_starts: Floats = np.log(_TRIES * middle * np.clip(starts, _FEWEST_STARTS, BUCKETS_A_DAY))
    return log_starts
