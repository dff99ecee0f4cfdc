"""Who found which planted spike, how soon, at how many false alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.alerts.baselines import BASELINES, scores
from bench.alerts.hospitals import AFTERMATH, DAY, LEARNING_DAYS, Hospitals, rows_of
from bench.alerts.ours import Fired
from pipeline.alerting.tail import count_tail

GRACE = 4
"""Buckets after its end in which a spike may still be found."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One contestant."""

    name: str
    delays: NDArray[np.float64]
    """Hours from a spike's start to the alarm, for each spike; infinite where it was missed."""
    false_alarms: dict[str, float]
    """A key and day, by half."""
    sooner: NDArray[np.float64] | None = None
    """Minutes that a glance won before the bucket's close, for each spike."""


@dataclass(slots=True)
class Truth:
    """What is the same for all contestants."""

    keys: NDArray[np.int64]
    """Each spike's key."""
    clean: NDArray[np.bool_]
    """Buckets where an alarm is false; shape (keys, buckets)."""
    halves: dict[str, NDArray[np.bool_]]
    """Which keys are in the dense and in the sparse half."""
    days: dict[str, float] = field(default_factory=dict)
    """Clean key-days by half."""


def truth_of(hospitals: Hospitals) -> Truth:
    """Where no spike is, and which keys are dense: by their negatives a day."""
    width = hospitals.size.topics + 1
    clean = np.ones((hospitals.keys, hospitals.size.buckets), dtype=np.bool_)
    clean[:, : LEARNING_DAYS * DAY] = False
    keys = []
    for spike in hospitals.spikes:
        own = spike.site * width + spike.topic + 1
        keys.append(own)
        span = slice(spike.start, spike.end + AFTERMATH)
        if spike.topic < 0:
            clean[own : own + width, span] = False
        else:
            clean[[own, spike.site * width], span] = False
    volume = np.concatenate(
        [rows_of(hospitals, hospitals.x, site).mean(axis=1) for site in range(hospitals.size.sites)]
    )
    dense = volume > np.median(volume)
    truth = Truth(np.array(keys), clean, {"dense": dense, "sparse": ~dense})
    truth.days = {half: float(clean[which].sum()) / DAY for half, which in truth.halves.items()}
    return truth


def judge_ours(hospitals: Hospitals, truth: Truth, fired: Sequence[Fired]) -> Verdict:
    """The detector's own episodes."""
    delays = np.full(len(hospitals.spikes), np.inf)
    sooner = np.zeros(len(hospitals.spikes))
    by_key: dict[int, list[Fired]] = {}
    for one in fired:
        by_key.setdefault(one.key, []).append(one)
    for index, (spike, key) in enumerate(zip(hospitals.spikes, truth.keys, strict=True)):
        of_key = by_key.get(int(key), [])
        hits = [one for one in of_key if spike.start <= one.bucket < spike.end + GRACE]
        if hits:
            delays[index] = (hits[0].bucket - spike.start + hits[0].part) / 4
            sooner[index] = (1 - hits[0].part) * 15
    wrong = dict.fromkeys(truth.halves, 0)
    for one in fired:
        if truth.clean[one.key, one.bucket]:
            wrong["dense" if truth.halves["dense"][one.key] else "sparse"] += 1
    false_alarms = {half: n / truth.days[half] for half, n in wrong.items()}
    return Verdict("ours", delays, false_alarms, sooner)


def judge_baselines(hospitals: Hospitals, truth: Truth, ours: Verdict) -> list[Verdict]:
    """Every baseline, with a threshold for each half that gives it as many false alarms there."""
    days = hospitals.size.days
    width = hospitals.size.topics + 1
    longest = max(spike.end - spike.start for spike in hospitals.spikes) + GRACE
    count = len(BASELINES)
    highest = np.full((count, hospitals.keys, days), -np.inf, dtype=np.float32)
    inside = np.full((count, len(hospitals.spikes), longest), -np.inf, dtype=np.float32)
    for site in range(hospitals.size.sites):
        x = rows_of(hospitals, hospitals.x, site)
        own = slice(site * width, (site + 1) * width)
        clean = truth.clean[own]
        mine = [i for i, spike in enumerate(hospitals.spikes) if spike.site == site]
        for number, baseline in enumerate(BASELINES):
            score = scores(baseline, x)
            for i in mine:
                spike = hospitals.spikes[i]
                part = score[spike.topic + 1, spike.start : spike.end + GRACE]
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
        for index in np.flatnonzero(which[truth.keys]):
            hits = np.flatnonzero(inside[index] > threshold)
            if len(hits):
                delays[index] = (hits[0] + 1) / 4
    return Verdict(name, delays, false_alarms)


def _threshold(highest: Floats, allowed: float) -> tuple[float, int]:
    """The lowest threshold with at most so many days on which an alarm begins."""
    values = np.sort(np.unique(highest[np.isfinite(highest)]))
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if _begun(highest, float(values[middle])) <= allowed:
            high = middle
        else:
            low = middle + 1
    return float(values[low]), _begun(highest, float(values[low]))


def _begun(highest: Floats, threshold: float) -> int:
    above = highest > threshold
    before = np.pad(above, ((0, 0), (1, 0)))[:, :-1]
    return int(np.count_nonzero(above & ~before))


def judge_limit(hospitals: Hospitals, budget: float) -> Verdict:
    """A yardstick: a single test by somebody who is told when each spike began
    and ended and what was usual, at the same false alarms. Chance is taken to be Poisson's."""
    delays = np.full(len(hospitals.spikes), np.inf)
    for index, (spike, usual) in enumerate(zip(hospitals.spikes, hospitals.usual, strict=True)):
        rows = slice(None) if spike.topic < 0 else spike.topic
        seen = float(hospitals.x[spike.site, rows, spike.start : spike.end].sum())
        if seen > usual > 0:
            tail = count_tail(np.array([seen]), np.array([usual]), np.ones(1))
            if tail[0] < np.log(budget):
                delays[index] = 0.0
    return Verdict("told when and what is usual", delays, {})
