"""Verdicts: the planted spikes that each contestant found, its delay and its false alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.alerts.baselines import BASELINES, scores
from bench.alerts.hospitals import AFTERMATH, DAY, LEARNING_DAYS, Hospitals, Load, count_rows
from bench.alerts.ours import Fired
from pipeline.watch.detection.tail_probability import count_tail

GRACE = 4
"""Buckets after its end in which a spike may still be found."""
Floats = NDArray[np.float32]


class Scored(NamedTuple):
    """A baseline's scores."""

    highest: Floats
    """On each day without a spike, at that; shape (keys, days)."""
    inside: Floats
    """In the buckets of each spike; shape (spikes, buckets)."""


UNSCORED = Scored(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict on one contestant."""

    name: str
    delays: NDArray[np.float64]
    """Hours from a spike's start to the alarm, for each spike; infinite where it was missed."""
    false_alarms: dict[str, float]
    """A key and day, by half."""
    sooner: NDArray[np.float64] | None = None
    """Minutes gained by evaluating the open bucket, for each spike."""
    wrong: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The detector's false alarms of each key."""
    scored: Scored = UNSCORED
    """What a baseline's thresholds were chosen from."""


@dataclass(slots=True)
class Truth:
    """Ground truth for all contestants."""

    keys: NDArray[np.int64]
    """Each spike's key."""
    clean: NDArray[np.bool_]
    """Buckets where an alarm is false; shape (keys, buckets)."""
    halves: dict[str, NDArray[np.bool_]]
    """Which keys are in the dense and in the sparse half."""
    days: dict[str, float] = field(default_factory=dict)
    """Clean key-days by half."""


def compute_truth(hospitals: Hospitals) -> Truth:
    """Return buckets without a spike, and the dense keys, by their negatives per day."""
    size = hospitals.size
    clean = np.ones((hospitals.keys, size.buckets), dtype=np.bool_)
    clean[:, : LEARNING_DAYS * DAY] = False
    keys = []
    for spike in hospitals.spikes:
        first = spike.site * size.width
        keys.append(first + spike.row)
        clean[first + size.affected_keys(spike.row), spike.start : spike.end + AFTERMATH] = False
    volume = np.concatenate(
        [count_rows(hospitals.x, site).mean(axis=1) for site in range(size.sites)]
    )
    dense = volume > np.median(volume)
    truth = Truth(np.array(keys), clean, {"dense": dense, "sparse": ~dense})
    truth.days = {half: float(clean[which].sum()) / DAY for half, which in truth.halves.items()}
    return truth


def judge_ours(hospitals: Hospitals, truth: Truth, fired: Sequence[Fired]) -> Verdict:
    """Judge the detector's own episodes."""
    delays = np.full(len(hospitals.spikes), np.inf)
    sooner = np.zeros(len(hospitals.spikes))
    by_key: dict[int, list[Fired]] = {}
    for episode in fired:
        by_key.setdefault(episode.key, []).append(episode)
    for index, (spike, key) in enumerate(zip(hospitals.spikes, truth.keys, strict=True)):
        of_key = by_key.get(int(key), [])
        hits = [episode for episode in of_key if spike.start <= episode.bucket < spike.end + GRACE]
        if hits:
            delays[index] = (hits[0].bucket - spike.start + hits[0].part) / 4
            sooner[index] = (1 - hits[0].part) * 15
    false = [episode.key for episode in fired if truth.clean[episode.key, episode.bucket]]
    wrong = np.bincount(np.array(false, dtype=np.int64), minlength=hospitals.keys)
    false_alarms = {
        half: float(wrong[which].sum()) / truth.days[half] for half, which in truth.halves.items()
    }
    return Verdict("ours", delays, false_alarms, sooner, wrong)


def alarms_after_loads(hospitals: Hospitals, truth: Truth, fired: Sequence[Fired]) -> Counter[Load]:
    """Count episodes at sites of backfills and replays within a day of these, except spikes."""
    counted: Counter[Load] = Counter(dict.fromkeys(Load, 0))
    for batch in hospitals.batches:
        span = range(batch.bucket, batch.bucket + DAY)
        counted[batch.load] += _wrong_in(hospitals, truth, fired, batch.site, span)
    return counted


def alarms_of_silence(hospitals: Hospitals, truth: Truth, fired: Sequence[Fired]) -> int:
    """Count episodes during a source's silence and two days after it, except spikes."""
    return sum(
        _wrong_in(hospitals, truth, fired, site, range(first, last + 2 * DAY))
        for site, first, last in hospitals.silent
    )


def _wrong_in(
    hospitals: Hospitals, truth: Truth, fired: Sequence[Fired], site: int, span: range
) -> int:
    return sum(
        episode.key // hospitals.size.width == site
        and episode.bucket in span
        and bool(truth.clean[episode.key, episode.bucket])
        for episode in fired
    )


def judge_baselines(hospitals: Hospitals, truth: Truth, ours: Verdict) -> list[Verdict]:
    """Judge every baseline, with a threshold per half that gives it as many false alarms there."""
    days = hospitals.size.days
    width = hospitals.size.width
    longest = max(spike.end - spike.start for spike in hospitals.spikes) + GRACE
    count = len(BASELINES)
    highest = np.full((count, hospitals.keys, days), -np.inf, dtype=np.float32)
    inside = np.full((count, len(hospitals.spikes), longest), -np.inf, dtype=np.float32)
    for site in range(hospitals.size.sites):
        x = count_rows(hospitals.x, site)
        own = slice(site * width, (site + 1) * width)
        clean = truth.clean[own]
        mine = [i for i, spike in enumerate(hospitals.spikes) if spike.site == site]
        for number, baseline in enumerate(BASELINES):
            score = scores(baseline, x)
            for i in mine:
                spike = hospitals.spikes[i]
                part = score[spike.row, spike.start : spike.end + GRACE]
                inside[number, i, : len(part)] = part
            judged = np.where(clean, score, -np.inf)
            highest[number, own] = judged.reshape(width, days, DAY).max(axis=2)
    return [
        _judge(baseline.name, highest[number], inside[number], truth, ours)
        for number, baseline in enumerate(BASELINES)
    ]


def _judge(name: str, highest: Floats, inside: Floats, truth: Truth, ours: Verdict) -> Verdict:
    delays = np.full(len(inside), np.inf)
    false_alarms = {}
    for half, which in truth.halves.items():
        allowed = ours.false_alarms[half] * truth.days[half]
        threshold, wrong = _threshold(highest[which], allowed)
        false_alarms[half] = wrong / truth.days[half]
        mine = which[truth.keys]
        delays[mine] = _delays(inside[mine], threshold)
    return Verdict(name, delays, false_alarms, scored=Scored(highest, inside))


def _delays(inside: Floats, threshold: float) -> NDArray[np.float64]:
    hits = inside > threshold
    return np.where(hits.any(axis=1), (hits.argmax(axis=1) + 1) / 4, np.inf)


class Gain(NamedTuple):
    """Advantage of the detector over a baseline in one half: the middle 95 of 100 draws."""

    share: tuple[float, float]
    """As a share of all spikes."""
    hours: tuple[float, float]
    """Sooner on average, where a spike that was missed counts 24 hours."""


def bootstrap_gain(
    hospitals: Hospitals, truth: Truth, half: str, ours: Verdict, other: Verdict, draws: int = 200
) -> Gain:
    """Resample sites, and with them spikes, false alarms and the baseline's threshold.

    A bootstrap (Efron 1979).
    """
    rng = np.random.default_rng(19)
    width, which = hospitals.size.width, truth.halves[half]
    of_site: list[list[int]] = [[] for _ in range(hospitals.size.sites)]
    for index in np.flatnonzero(which[truth.keys]):
        of_site[hospitals.spikes[index].site].append(int(index))
    differences = []
    for _ in range(draws):
        sites = rng.integers(hospitals.size.sites, size=hospitals.size.sites)
        keys = (sites[:, None] * width + np.arange(width)).ravel()
        keys = keys[which[keys]]
        allowed = float(ours.wrong[keys].sum())
        threshold, _ = _threshold(other.scored.highest[keys], allowed)
        spikes = np.array([index for site in sites for index in of_site[site]])
        theirs = _delays(other.scored.inside[spikes], threshold)
        own = ours.delays[spikes]
        share = float(np.isfinite(own).mean() - np.isfinite(theirs).mean())
        hours = float(np.minimum(theirs, 24).mean() - np.minimum(own, 24).mean())
        differences.append((share, hours))
    low, high = np.percentile(np.array(differences), [2.5, 97.5], axis=0)
    return Gain((float(low[0]), float(high[0])), (float(low[1]), float(high[1])))


def _threshold(highest: Floats, allowed: float) -> tuple[float, int]:
    """Return the lowest threshold with at most ``allowed`` days on which an alarm starts."""
    values = np.sort(np.unique(highest[np.isfinite(highest)]))
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if _count_starts(highest, float(values[middle])) <= allowed:
            high = middle
        else:
            low = middle + 1
    return float(values[low]), _count_starts(highest, float(values[low]))


def _count_starts(highest: Floats, threshold: float) -> int:
    above = highest > threshold
    before = np.pad(above, ((0, 0), (1, 0)))[:, :-1]
    return int(np.count_nonzero(above & ~before))


def judge_limit(hospitals: Hospitals, budget: float) -> Verdict:
    """Return a yardstick: a test that knows each spike's start, end and usual count.

    It keeps the same false alarms; chance is assumed to be Poisson's.
    """
    delays = np.full(len(hospitals.spikes), np.inf)
    for index, (spike, usual) in enumerate(zip(hospitals.spikes, hospitals.usual, strict=True)):
        span = slice(spike.start, spike.end)
        seen = float(hospitals.x[(spike.site, *hospitals.size.cells(spike.row), span)].sum())
        if seen > usual > 0:
            tail = count_tail(np.array([seen]), np.array([usual]), np.ones(1))
            if tail[0] < np.log(budget):
                delays[index] = 0.0
    return Verdict("yardstick: times and usual numbers known", delays, {})
