"""Every key and every trailing window put to the test, once a bucket.

Two tests, each at its part of the budget: is the count too high for the key at these hours
(negative binomial tail), and is the share too high for so many comments (binomial tail)? Besides,
the share's lower Wilson bound must be above the usual share, so that mere popularity is no alert.

A test's result is a score: the power of ten of the days in which chance does this once to a key,
all tests of the day counted. It is comparable over keys and windows, and the budget is a limit
on it.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.levels import Levels
from pipeline.alerting.options import TESTS_A_DAY, WINDOWS, Rules
from pipeline.alerting.tail import (
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
_TESTS: Final = np.array(TESTS_A_DAY) * len(WINDOWS)
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
    """What there is to test: arrays of shape (windows, keys)."""

    x: NDArray[np.uint32]
    n: NDArray[np.uint32]
    mean: Floats


def scan(
    counted: Counted, levels: Levels, rules: Rules, testable: Indexes, limit: float
) -> dict[int, Found]:
    """The keys whose score reaches ``limit``, each with its most improbable window.

    ``testable`` is the number of buckets of each key that may be tested, counted back from now:
    0 for a key that raises nothing yet.
    """
    few = min(rules.least_ratio, _SHARE_RATIO) if rules.share_margin else rules.least_ratio
    some = counted.x >= rules.least
    some &= counted.x > few * counted.mean
    some &= testable >= _WINDOWS[:, None]
    window, key = np.nonzero(some)
    if not len(key):
        return {}
    x = counted.x[window, key].astype(np.float64)
    cells = _Cells(
        window,
        key,
        x,
        np.maximum(counted.n[window, key], x),
        counted.mean[window, key],
        levels.share[key],
        _TESTS[window] * (2 if rules.share_margin is not None else 1),
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
    tests: Floats

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
    needed = -(limit * _LN_10 + np.log(cells.tests))
    log_p = np.zeros(len(cells.x))
    high = cells.x >= rules.least_ratio * cells.mean
    high &= -count_exponent(cells.x, cells.mean, swing) < needed + _SLACK
    if high.any():
        log_p[high] = count_tail(cells.x[high], cells.mean[high], swing[high])
    if rules.share_margin is not None:
        log_p = np.minimum(log_p, _share_log_p(cells, levels, needed))
    score = -(log_p + np.log(cells.tests)) / _LN_10
    found: dict[int, Found] = {}
    for place in np.flatnonzero(score >= limit):
        key = int(cells.key[place])
        if key not in found or score[place] > found[key].score:
            found[key] = Found(
                float(score[place]),
                int(cells.window[place]),
                int(cells.x[place]),
                int(cells.n[place]),
                float(cells.mean[place]),
                float(swing[place]),
                float(cells.share[place]),
            )
    return found


def _share_log_p(cells: _Cells, levels: Levels, needed: Floats) -> Floats:
    x, n, share = cells.x, cells.n, cells.share
    swing = levels.share_dispersion(cells.window, cells.key)
    swing = swing + n / np.maximum(levels.total[cells.key], 1.0)
    log_p = np.zeros(len(x))
    worth = x > n * share
    worth &= -share_exponent(x, n, share, swing) < needed + _SLACK
    if worth.any():
        log_p[worth] = share_tail(x[worth], n[worth], share[worth], swing[worth])
    return log_p
