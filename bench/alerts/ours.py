"""The project's detector on simulated counts: its own code, from a closing bucket to a notice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.alerts.hospitals import Hospitals, rows_of
from pipeline.alerting.options import LATE, Options
from pipeline.alerting.seasons import Seasons
from pipeline.alerting.watch import Hours, Watch

MONDAY = 4 * 96  # the simulation starts on a Monday


class Fired(NamedTuple):
    """An episode began."""

    key: int
    bucket: int
    window: int
    """Index into the detector's trailing windows."""


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
    before: set[int] = set()
    for bucket in range(size.buckets):
        at = bucket + MONDAY
        hours = Hours(seasons.exposure(at)[:, sites], seasons.factors(at - LATE)[sites])
        silent = np.full(hospitals.keys, bucket < options.warm_up_days * 96)
        counts = (x[bucket].astype(np.uint32), n[bucket].astype(np.uint32))
        watch.close(at, *counts, hours, silent, parents)
        seasons.learn(at, n[bucket, ::width].astype(np.float64))
        firing = watch.episodes.firing
        now = set(firing)
        fired += [Fired(key, bucket, firing[key].found.window) for key in sorted(now - before)]
        before = now
    return fired
