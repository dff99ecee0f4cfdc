"""Cost of the detector: events per second on one core, closing a bucket, size of the state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import DetectorOptions
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY, Signal

_SITES: Final = 300
_TOPICS: Final = tuple(f"topic_{number}" for number in range(32))
_START: Final = 1_767_571_200.0
_BATCH: Final = 2_500
_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Speed:
    """Measurements in CPU time, the best of some rounds."""

    keys: int
    events_per_s: float
    close_ms: float
    state_mb: float
    """Counts, rates and seasons in memory."""
    packed_mb: float
    open_bucket_ms: float
    """The first evaluation of a bucket, of all keys; later ones are of keys with new events."""


def measure() -> Speed:
    """Measure with ten thousand keys, two topics per event, one in four negative with its words."""
    rng = np.random.default_rng(3)
    detector = Detector(DetectorOptions(warm_up_days=0.5))  # so that everything is tested
    detector.add(
        _signal(rng, _START, site, (topic,)) for site in range(_SITES) for topic in _TOPICS
    )
    best = close = open_bucket = np.inf
    # A day, in which every window's swing is learnt: the state is then as large as it gets.
    for number in range(1, BUCKETS_PER_DAY + _ROUNDS):
        at = _START + number * BUCKET_S
        events = [_random(rng, at) for _ in range(_BATCH)]
        began = time.process_time()
        detector.add(events)
        added = time.process_time()
        detector.evaluate_open_bucket()
        evaluated = time.process_time()
        detector.advance(at + BUCKET_S)
        closed = time.process_time()
        if number >= BUCKETS_PER_DAY:
            best = min(best, (added - began) / _BATCH)
            open_bucket = min(open_bucket, evaluated - added)
            close = min(close, closed - evaluated)
    packed = len(detector.to_bytes()) / 1e6
    memory = detector.array_bytes / 1e6
    return Speed(detector.keys, 1 / best, close * 1e3, memory, packed, open_bucket * 1e3)


def _random(rng: np.random.Generator, at: float) -> Signal:
    first, second = rng.integers(len(_TOPICS), size=2)
    site = int(rng.integers(_SITES))
    return _signal(rng, at, site, (_TOPICS[first], _TOPICS[second]))


def _signal(rng: np.random.Generator, at: float, site: int, topics: tuple[str, ...]) -> Signal:
    return Signal(
        event_id=rng.bytes(16).hex(),
        at=at + float(rng.random()) * BUCKET_S,
        site=f"site {site}",
        source="file",
        topics=topics,
        negative=bool(rng.random() < 0.25),
        scored=True,
        urgent=bool(rng.random() < 0.01),
        words=("waited", "hours", "nobody", "came"),
    )
