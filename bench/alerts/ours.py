"""The project's detector on simulated counts: its own code, from a count to a notice.

The comments of 15 minutes come in three lots, at random; after the first and the second it takes
a glance, as the worker would, and after the third the bucket closes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.alerts.hospitals import Hospitals, rows_of
from pipeline.alerting.options import LATE, Options
from pipeline.alerting.seasons import Seasons
from pipeline.alerting.watch import Hours, Watch

Counts = NDArray[np.uint32]
MONDAY = 4 * 96  # the simulation starts on a Monday


class Fired(NamedTuple):
    """An episode began."""

    key: int
    bucket: int
    window: int
    """Index into the detector's trailing windows."""
    part: float = 1.0
    """How much of the bucket was over."""


def run(hospitals: Hospitals, options: Options) -> list[Fired]:
    """Every episode, those included that a site's alert stands for."""
    size = hospitals.size
    width = size.topics + 1
    sites = np.repeat(np.arange(size.sites), width)
    parents = np.where(np.arange(hospitals.keys) % width == 0, -1, sites * width)
    x = np.concatenate([rows_of(hospitals, hospitals.x, s) for s in range(size.sites)])
    n = np.concatenate([rows_of(hospitals, hospitals.n, s) for s in range(size.sites)])
    x, n = np.ascontiguousarray(x.T), np.ascontiguousarray(n.T)
    seasons = Seasons(options.half_life_days)
    watch = Watch(options.negative, options)
    seasons.grow(size.sites)
    watch.grow(hospitals.keys)
    for key in range(hospitals.keys):
        watch.levels.start(key, 0.02, 0.3, 0)
    fired: list[Fired] = []
    firing = watch.episodes.firing
    before: set[int] = set()
    rng = np.random.default_rng(size.seed)
    for bucket in range(size.buckets):
        at = bucket + MONDAY
        hours = Hours(seasons.exposure(at)[:, sites], seasons.factors(at - LATE)[sites])
        silent = np.full(hospitals.keys, bucket < options.warm_up_days * 96)
        lots = _lots(rng, x[bucket], n[bucket])
        for number, (some_x, some_n, places) in enumerate(lots, 1):
            watch.glance(at, some_x, some_n, hours.exposure[:, places], silent, parents, places)
            new = sorted(set(firing) - before)
            part = number / (len(lots) + 1)
            fired += [Fired(key, bucket, firing[key].found.window, part) for key in new]
            before.update(new)
        counts = (x[bucket].astype(np.uint32), n[bucket].astype(np.uint32))
        watch.close(at, *counts, hours, silent, parents)
        seasons.learn(at, n[bucket, ::width].astype(np.float64))
        now = set(firing)
        fired += [Fired(key, bucket, firing[key].found.window) for key in sorted(now - before)]
        before = now
    return fired


def _lots(
    rng: np.random.Generator, x: NDArray[np.uint16], n: NDArray[np.uint16]
) -> list[tuple[Counts, Counts, NDArray[np.int64]]]:
    """What had come after a third and after two thirds of a bucket: negatives, all, and the keys
    that something new came of."""
    others = n - x
    some_x, some_others = rng.binomial(x, 2 / 3), rng.binomial(others, 2 / 3)
    first_x, first_others = rng.binomial(some_x, 1 / 2), rng.binomial(some_others, 1 / 2)
    new = np.flatnonzero((some_x > first_x) | (some_others > first_others))
    lots = []
    for bad, good, places in (
        (first_x, first_others, np.flatnonzero(first_x + first_others)),
        (some_x, some_others, new),
    ):
        lots.append((bad.astype(np.uint32), (bad + good).astype(np.uint32), places))
    return lots
