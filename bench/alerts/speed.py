"""What the detector costs: events a second on one core, closing a bucket, the size of its state."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.alerting.detector import Detector
from pipeline.alerting.signals import BUCKET_S, Signal

_SITES: Final = 300
_TOPICS: Final = tuple(f"topic_{number}" for number in range(32))
_START: Final = 1_767_571_200.0
_BATCH: Final = 500
_ROUNDS: Final = 5


@dataclass(frozen=True, slots=True)
class Speed:
    """Measured in CPU time, the best of some rounds."""

    keys: int
    events_per_s: float
    close_ms: float
    state_mb: float
    """Counts, rates and seasons in memory."""
    packed_mb: float


def measure() -> Speed:
    """Ten thousand keys, two topics an event, one in four negative with its words."""
    rng = np.random.default_rng(3)
    detector = Detector()
    detector.add(
        _signal(rng, _START, site, (topic,)) for site in range(_SITES) for topic in _TOPICS
    )
    detector.advance(_START + BUCKET_S)
    best, close = np.inf, np.inf
    for number in range(1, _ROUNDS + 1):
        at = _START + number * BUCKET_S
        events = [_random(rng, at) for _ in range(40 * _BATCH)]
        began = time.process_time()
        for first in range(0, len(events), _BATCH):
            detector.add(events[first : first + _BATCH])
        best = min(best, (time.process_time() - began) / len(events))
        began = time.process_time()
        detector.advance(at + BUCKET_S)
        close = min(close, time.process_time() - began)
    packed = len(detector.to_bytes()) / 1e6
    return Speed(detector.keys, 1 / best, close * 1e3, detector.array_bytes / 1e6, packed)


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
