"""Simulated hospitals: counts of comments by site, source, topic and 15 minutes.

Every comment is about one topic and came through one of two sources. Volume follows the day and
the week, each site in its own way; each day and each hour is busier or quieter than chance allows;
topics differ in how often they come up and in how often they are negative. Spikes are planted in
topics, in sources and in whole sites. Some sites lose a source, 40 of 100 comments, for ten days,
and some get a backfill or a replay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY: Final = 96
WEEK: Final = 7 * DAY
RATIOS: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
HOURS: Final = (1, 3, 6, 12, 24)
LEARNING_DAYS: Final = 42
"""Days at the start that are not evaluated."""
AFTERMATH: Final = DAY
"""Buckets after a spike in which an alarm is not false: a trailing day still holds it."""
SOURCES: Final = (0.6, 0.4)
"""Each source's part of the comments; the last one is the one that may fall silent."""

Counts = NDArray[np.uint8]


class Spike(NamedTuple):
    """A planted spike: negatives are ``ratio`` times the usual in ``[start, end)``."""

    site: int
    row: int
    """One of the site's keys, as in :meth:`Size.cells`."""
    start: int
    end: int
    ratio: float
    turned: bool
    """True if comments turn negative; otherwise negative ones are added."""


class Load(StrEnum):
    """Feedback that arrives late, and all at once."""

    FLAGGED = "a backfill that says so"
    UNFLAGGED = "a backfill that does not, half a day old and more"
    REPLAY = "a replay of the last day"


class Batch(NamedTuple):
    """One such load."""

    site: int
    bucket: int
    load: Load


@dataclass(frozen=True, slots=True)
class Size:
    """Size of the simulation."""

    sites: int = 200
    topics: int = 33
    days: int = 180
    seed: int = 1

    @property
    def buckets(self) -> int:
        return self.days * DAY

    @property
    def width(self) -> int:
        """Keys of a site: its own, one of each topic, one of each source, in this order."""
        return 1 + self.topics + len(SOURCES)

    def cells(self, row: int) -> tuple[slice, slice]:
        """The sources and the topics that one of a site's keys counts."""
        if row == 0:
            return slice(None), slice(None)
        if row <= self.topics:
            return slice(None), slice(row - 1, row)
        return slice(row - 1 - self.topics, row - self.topics), slice(None)

    def affected_keys(self, row: int) -> NDArray[np.intp]:
        """Return the keys of a site that share comments with one of them."""
        if row == 0:
            return np.arange(self.width)
        first = 1 + self.topics
        others = np.arange(first, self.width) if row < first else np.arange(1, first)
        return np.concatenate([[0, row], others])


@dataclass(frozen=True, slots=True)
class Hospitals:
    """Counts of shape (sites, sources, topics, buckets), and what was planted."""

    size: Size
    x: Counts
    n: Counts
    spikes: list[Spike]
    usual: list[float]
    """How many negatives each spike's span would have had without it, on average."""
    silent: list[tuple[int, int, int]] = field(default_factory=list)
    """Sites that lost a source: site, first and last bucket."""
    batches: list[Batch] = field(default_factory=list)
    """What only the detector gets: the counts are without it."""

    @property
    def keys(self) -> int:
        """Number of keys of all sites; key ``site * size.width`` is the site's own."""
        return self.size.sites * self.size.width


def simulate(size: Size) -> Hospitals:
    """Draw everything from one seed."""
    rng = np.random.default_rng(size.seed)
    volume = rng.lognormal(np.log(400), 0.8, size.sites) / DAY
    common = rng.dirichlet(np.full(size.topics, 2.5))
    negative = rng.beta(3, 7, size.topics)
    spikes = plan(rng, size)
    silent = _silences(rng, size)
    usual = [0.0] * len(spikes)
    x = np.empty((size.sites, len(SOURCES), size.topics, size.buckets), dtype=np.uint8)
    n = np.empty_like(x)
    for site in range(size.sites):
        season = _season(rng, size.buckets) * _swing(rng, size)
        by_source = season * np.array(SOURCES)[:, None]
        for quiet, first, last in silent:
            if quiet == site:
                by_source[-1, first:last] = 0.0
        shares = rng.dirichlet(common * 60 + 0.3)
        bad = np.clip(negative * rng.lognormal(0, 0.25, size.topics), 0.02, 0.9)[:, None]
        rate = volume[site] * shares[:, None] * by_source[:, None, :]
        mood = rng.gamma(40, 1 / 40, (1, size.days)).repeat(DAY, axis=1)
        worse, better = rate * bad * mood, rate * (1 - bad)
        for index, spike in enumerate(spikes):
            if spike.site == site:
                usual[index] = _plant(size, spike, worse, better)
        x[site] = np.minimum(rng.poisson(worse), 200)
        n[site] = np.minimum(x[site] + np.minimum(rng.poisson(better), 55), 255)
    return Hospitals(size, x, n, spikes, usual, silent, _batches(rng, size))


def _silences(rng: np.random.Generator, size: Size) -> list[tuple[int, int, int]]:
    first = LEARNING_DAYS * DAY
    last = max(first + 1, size.buckets - 20 * DAY)
    sites = rng.choice(size.sites, max(1, size.sites // 10), replace=False)
    starts = rng.integers(first, last, len(sites))
    return [
        (int(s), int(start), int(start) + 10 * DAY) for s, start in zip(sites, starts, strict=True)
    ]


def _batches(rng: np.random.Generator, size: Size) -> list[Batch]:
    """Each kind of load at every twentieth site."""
    loads = list(Load) * max(1, size.sites // 20)
    sites = rng.choice(size.sites, len(loads), replace=False)
    buckets = rng.integers(LEARNING_DAYS * DAY, size.buckets - 2 * DAY, len(loads))
    return [
        Batch(int(site), int(bucket), load)
        for site, bucket, load in zip(sites, buckets, loads, strict=True)
    ]


def hours_of_a_day(rng: np.random.Generator) -> NDArray[np.float64]:
    """Each bucket's part of a site's day."""
    hour = np.arange(DAY) / 4
    peak, width = rng.normal(13.5, 1.0), rng.uniform(3.5, 5.0)
    shape: NDArray[np.float64] = 0.08 + np.exp(-(((hour - peak) / width) ** 2) / 2)
    shape /= shape.sum()
    return shape


def _season(rng: np.random.Generator, buckets: int) -> NDArray[np.float64]:
    day = (np.arange(buckets) // DAY) % 7
    shape = np.resize(hours_of_a_day(rng), buckets)
    week = np.array([1.25, 1.15, 1.1, 1.05, 1.0, 0.6, 0.5]) * rng.lognormal(0, 0.1, 7)
    season: NDArray[np.float64] = shape * week[day]
    season /= season.mean()
    return season


def _swing(rng: np.random.Generator, size: Size) -> NDArray[np.float64]:
    daily = rng.gamma(60, 1 / 60, size.days).repeat(DAY)
    hourly = rng.gamma(25, 1 / 25, size.days * 24).repeat(4)
    return daily * hourly


def plan(rng: np.random.Generator, size: Size) -> list[Spike]:
    """Each site gets a spike about every nine days; no two of them in a site within three."""
    spikes = []
    for site in range(size.sites):
        at = LEARNING_DAYS * DAY + int(rng.integers(0, 6 * DAY))
        while at + 2 * DAY < size.buckets:
            start = at + int(rng.integers(8 * 4, 17 * 4)) - at % DAY
            length = int(rng.choice(HOURS)) * 4
            ratio = float(rng.choice(RATIOS))
            turned = bool(rng.random() < 0.3)
            spikes.append(Spike(site, _row(rng, size), start, start + length, ratio, turned))
            at += int(rng.integers(6 * DAY, 12 * DAY))
    return spikes


def _row(rng: np.random.Generator, size: Size) -> int:
    """A topic in 75 of 100 spikes, the whole site in 15, one source in 10."""
    what = rng.random()
    if what < 0.75:
        return 1 + int(rng.integers(size.topics))
    return 0 if what < 0.9 else 1 + size.topics + int(rng.integers(len(SOURCES)))


def _plant(
    size: Size, spike: Spike, worse: NDArray[np.float64], better: NDArray[np.float64]
) -> float:
    span = (*size.cells(spike.row), slice(spike.start, spike.end))
    before = worse[span].copy()
    worse[span] = before * spike.ratio
    if spike.turned:
        better[span] = np.maximum(better[span] - before * (spike.ratio - 1), 0)
    return float(before.sum())


def plant_counts(rng: np.random.Generator, size: Size, spike: Spike, x: Counts, n: Counts) -> float:
    """Plant a spike into counts that are drawn already: more of the same, or turned ones.

    Returns the negatives that were there.
    """
    span = (spike.site, *size.cells(spike.row), slice(spike.start, spike.end))
    usual = float(x[span].sum())
    room = np.minimum((n[span] - x[span]).astype(np.int64) if spike.turned else 60, 60)
    more = np.minimum(rng.poisson((spike.ratio - 1) * x[span]), room).astype(np.uint8)
    x[span] += more
    if not spike.turned:
        n[span] += more
    return usual


def count_rows(counts: Counts, site: int) -> NDArray[np.uint16]:
    """Return the counts of a site's keys; shape (width, buckets)."""
    mine = counts[site]
    by_topic = mine.sum(axis=0, dtype=np.uint16)
    by_source = mine.sum(axis=1, dtype=np.uint16)
    return np.concatenate([by_topic.sum(axis=0, dtype=np.uint16)[None], by_topic, by_source])
