"""Signals of a small organisation, and how they are handed to a detector."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import DetectorOptions, SpikeRules
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY, Signal
from schemas.alert import Alert

DAY_S = BUCKET_S * BUCKETS_PER_DAY
MONDAY = 1_767_571_200.0  # 5 January 2026
OPTIONS = DetectorOptions(
    negative=SpikeRules(false_alarms_a_day=0.005, min_count=4),
    warm_up_days=2.0,
    half_life_days=14.0,
)
QUIET_DAYS = 4
SPIKE_AT = MONDAY + QUIET_DAYS * DAY_S


class Stream:
    """Signals of a small organisation, from one seed; every identifier is its own."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._number = 0

    def one(self, at: float, *, bad: float = 0.0, site: str = "North", **fields: Any) -> Signal:
        self._number += 1
        signal = Signal(
            event_id=f"{self._random.getrandbits(128):032x}",
            at=at,
            site=site,
            source="file",
            topics=("waiting",),
            negative=self._random.random() < bad,
            scored=True,
            urgent=False,
        )
        return signal._replace(**fields)

    def spread(self, start: float, hours: float, per_hour: float, **fields: Any) -> list[Signal]:
        """So many an hour at random moments; ``bad`` is the share of negatives."""
        count = round(hours * per_hour)
        times = sorted(start + self._random.random() * hours * 3600 for _ in range(count))
        return [self.one(at, **fields) for at in times]


def usual(stream: Stream, days: float = QUIET_DAYS, site: str = "North") -> list[Signal]:
    return [
        signal
        for topic in ("food", "waiting")
        for signal in stream.spread(
            MONDAY, days * 24, 6, bad=0.2, site=site, topics=(topic,), words=("staff",)
        )
    ]


def run(
    detector: Detector, signals: Iterable[Signal], until: float, *, glances: int = 0
) -> list[Alert]:
    """Hand over each bucket's signals, with so many glances in between, close it, go on."""
    alerts: list[Alert] = []
    rising = sorted(signals, key=lambda signal: signal.at)
    at = 0
    step = BUCKET_S / (glances + 1)
    end = (rising[0].at // BUCKET_S) * BUCKET_S
    while end < until:
        end += step
        batch = []
        while at < len(rising) and rising[at].at < end:
            batch.append(rising[at])
            at += 1
        detector.add(batch)
        alerts += detector.advance(end)
        if glances:
            alerts += detector.evaluate_open_bucket()
    return alerts


def with_spike(seed: int = 1) -> tuple[list[Signal], float]:
    stream = Stream(seed)
    signals = usual(stream, QUIET_DAYS + 1)
    words = ("parking", "ticket")
    signals += stream.spread(SPIKE_AT, 3, 16, bad=1.0, topics=("waiting",), words=words)
    return signals, SPIKE_AT + DAY_S
