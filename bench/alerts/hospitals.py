"""Simulated hospitals: counts of comments by site, topic and 15 minutes, with planted spikes.

Every comment is about one topic. Volume follows the day and the week, each site in its own way;
each day and each hour is busier or quieter than chance allows; topics differ in how often they
come up and in how often they are negative. Some sites lose a source, 40 of 100 comments, for ten
days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY: Final = 96
WEEK: Final = 7 * DAY
RATIOS: Final = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
HOURS: Final = (1, 3, 6, 12, 24)
LEARNING_DAYS: Final = 42
"""Days at the start that nobody is judged on."""
AFTERMATH: Final = DAY
"""Buckets after a spike in which an alarm is no false one: a trailing day still holds it."""

Counts = NDArray[np.uint8]


class Spike(NamedTuple):
    """A planted spike: negatives are ``ratio`` times the usual in ``[start, end)``."""

    site: int
    topic: int
    """-1: all topics of the site."""
    start: int
    end: int
    ratio: float
    turned: bool
    """Whether comments turn negative; otherwise negative ones come on top."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much to simulate."""

    sites: int = 200
    topics: int = 33
    days: int = 180
    seed: int = 1

    @property
    def buckets(self) -> int:
        return self.days * DAY


@dataclass(frozen=True, slots=True)
class Hospitals:
    """Counts of shape (sites, topics, buckets), and what was planted."""

    size: Size
    x: Counts
    n: Counts
    spikes: list[Spike]
    usual: list[float]
    """How many negatives each spike's span would have had without it, on average."""
    silent: list[tuple[int, int, int]]
    """Sites that lost a source: site, first and last bucket."""

    @property
    def keys(self) -> int:
        """Sites and their topics; key ``site * (topics + 1)`` is the site's own."""
        return self.size.sites * (self.size.topics + 1)


def simulate(size: Size) -> Hospitals:
    """Draw it all from one seed."""
    rng = np.random.default_rng(size.seed)
    volume = rng.lognormal(np.log(400), 0.8, size.sites) / DAY
    common = rng.dirichlet(np.full(size.topics, 2.5))
    negative = rng.beta(3, 7, size.topics)
    spikes = plan(rng, size)
    silent = _silences(rng, size)
    usual = [0.0] * len(spikes)
    x = np.empty((size.sites, size.topics, size.buckets), dtype=np.uint8)
    n = np.empty_like(x)
    for site in range(size.sites):
        season = _season(rng, size.buckets) * _swing(rng, size)
        for quiet, first, last in silent:
            if quiet == site:
                season[first:last] *= 0.6
        shares = rng.dirichlet(common * 60 + 0.3)
        bad = np.clip(negative * rng.lognormal(0, 0.25, size.topics), 0.02, 0.9)
        rate = volume[site] * shares[:, None] * season[None, :]
        mood = rng.gamma(40, 1 / 40, (1, size.days)).repeat(DAY, axis=1)
        worse, better = rate * bad[:, None] * mood, rate * (1 - bad[:, None])
        for index, spike in enumerate(spikes):
            if spike.site == site:
                usual[index] = _plant(spike, worse, better)
        drawn = rng.poisson(worse)
        x[site] = np.minimum(drawn, 200)
        n[site] = np.minimum(x[site] + np.minimum(rng.poisson(better), 55), 255)
    return Hospitals(size, x, n, spikes, usual, silent)


def _silences(rng: np.random.Generator, size: Size) -> list[tuple[int, int, int]]:
    first = LEARNING_DAYS * DAY
    last = max(first + 1, size.buckets - 20 * DAY)
    sites = rng.choice(size.sites, max(1, size.sites // 10), replace=False)
    starts = rng.integers(first, last, len(sites))
    return [
        (int(s), int(start), int(start) + 10 * DAY) for s, start in zip(sites, starts, strict=True)
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
            topic = int(rng.integers(size.topics)) if rng.random() < 0.85 else -1
            ratio = float(rng.choice(RATIOS))
            turned = bool(rng.random() < 0.3)
            spikes.append(Spike(site, topic, start, start + length, ratio, turned))
            at += int(rng.integers(6 * DAY, 12 * DAY))
    return spikes


def _plant(spike: Spike, worse: NDArray[np.float64], better: NDArray[np.float64]) -> float:
    rows = slice(None) if spike.topic < 0 else slice(spike.topic, spike.topic + 1)
    span = slice(spike.start, spike.end)
    before = worse[rows, span].copy()
    worse[rows, span] = before * spike.ratio
    if spike.turned:
        better[rows, span] = np.maximum(better[rows, span] - before * (spike.ratio - 1), 0)
    return float(before.sum())


def plant_counts(rng: np.random.Generator, spike: Spike, x: Counts, n: Counts) -> float:
    """Plant a spike into counts that are drawn already: more of the same, or turned ones.

    Returns the negatives that were there.
    """
    topics = range(x.shape[1]) if spike.topic < 0 else [spike.topic]
    usual = 0.0
    for topic in topics:
        span = (spike.site, topic, slice(spike.start, spike.end))
        usual += float(x[span].sum())
        room = (n[span] - x[span]).astype(np.int64) if spike.turned else 60
        more = np.minimum(rng.poisson((spike.ratio - 1) * x[span]), np.minimum(room, 60))
        x[span] += more.astype(np.uint8)
        if not spike.turned:
            n[span] += more.astype(np.uint8)
    return usual


def rows_of(hospitals: Hospitals, counts: Counts, site: int) -> NDArray[np.uint16]:
    """The counts of a site's keys, its own first; shape (topics + 1, buckets)."""
    own = counts[site].sum(axis=0, dtype=np.uint16)
    return np.concatenate([own[None], counts[site].astype(np.uint16)])
