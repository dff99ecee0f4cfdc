"""Events of sites, topics and sources through the whole detector, beyond what counts show.

Urgent feedback that accumulates, one source that turns, a source that falls silent and returns,
a flagged backfill, an unflagged one that arrives late, and one of the last half an hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.alerts.hospitals import hours_of_a_day
from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import DetectorOptions, SpikeRules
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY, Signal
from schemas.alert import Alert, AlertKind

SITES: Final = 20
DAYS: Final = 60
_TOPICS: Final = tuple(f"topic_{number}" for number in range(8))
_SOURCES: Final = ("form", "forum")
_A_DAY: Final = 200.0
_START: Final = 1_767_571_200.0  # a Monday
_DAY_S: Final = BUCKET_S * BUCKETS_PER_DAY
_EVALUATE_S: Final = 300
_SPIKES: Final = 10
_QUIET: Final = 30
"""Days before anything is planted."""
Delivery = tuple[float, Signal]
"""When it arrives, and what."""


@dataclass(frozen=True, slots=True)
class WalkResult:
    """Result for the page."""

    events: int
    sites: int
    keys: int
    days: int
    rows: list[tuple[str, str]]


class _World:
    """Draws events, each with its own identifier."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def event(self, at: float, site: int, source: str, bad: float, urgent: float) -> Signal:
        topic = _TOPICS[int(self.rng.integers(len(_TOPICS)))]
        return Signal(
            event_id=self.rng.bytes(16).hex(),
            at=at,
            site=f"site {site}",
            source=source,
            topics=(topic,),
            negative=bool(self.rng.random() < bad),
            scored=True,
            urgent=bool(self.rng.random() < urgent),
        )

    def burst(
        self,
        day: float,
        hours: float,
        count: int,
        site: int,
        source: str,
        bad: float,
        urgent: float,
    ) -> list[Signal]:
        """Return ``count`` events at random moments of some hours."""
        first = _START + day * _DAY_S
        times = np.sort(first + self.rng.random(count) * hours * 3600)
        return [self.event(float(at), site, source, bad, urgent) for at in times]

    def usual(self) -> Iterator[Signal]:
        """Yield every site's days; the forum of the last site is silent from day 35 to 45."""
        for site in range(SITES):
            hours = hours_of_a_day(self.rng)
            rate = _A_DAY * self.rng.lognormal(0, 0.6)
            for day in range(DAYS):
                daily = rate * self.rng.gamma(40, 1 / 40) * (0.6 if day % 7 > 4 else 1.0)
                for bucket, count in enumerate(self.rng.poisson(daily * hours)):
                    start = _START + day * _DAY_S + bucket * BUCKET_S
                    for _ in range(count):
                        source = _SOURCES[int(self.rng.random() < 0.3)]
                        if site == SITES - 1 and source == "forum" and 35 <= day < 45:
                            continue
                        at = start + float(self.rng.random()) * BUCKET_S
                        yield self.event(at, site, source, 0.3, 0.01)


def run_walk(seed: int = 3) -> WalkResult:
    """Draw the events, run the detector, count the alerts."""
    world = _World(seed)
    usual = [(event.at, event) for event in world.usual()]
    spikes: dict[str, list[tuple[int, float]]] = {"urgent": [], "source": []}
    planted: list[Delivery] = []
    for number in range(_SPIKES):
        day = _QUIET + 2.5 * number + 0.4
        spikes["urgent"].append((number, _START + day * _DAY_S))
        planted += _now(world.burst(day, 3, 8, number, "form", 0.3, 1.0))
        spikes["source"].append((number, _START + (day + 1) * _DAY_S))
        planted += _now(world.burst(day + 1, 6, 40, number, "forum", 1.0, 0.0))
    history = world.burst(_QUIET - 10, 5 * 24, 3_000, 12, "form", 0.9, 0.1)
    flagged = [(_START + 32.5 * _DAY_S, e._replace(backfill=True)) for e in history]
    late = world.burst(_QUIET + 3, 24, 1_000, 13, "form", 0.9, 0.1)
    unflagged = [(_START + 35.5 * _DAY_S, event) for event in late]
    poll = world.burst(_QUIET + 5.5, 0.45, 25, 14, "form", 1.0, 0.0)
    polled = [(_START + 35.5 * _DAY_S + 0.45 * 3600, event) for event in poll]
    deliveries = sorted(usual + planted + flagged + unflagged + polled, key=lambda each: each[0])
    detector, alerts = _walk(deliveries)
    first = [alert for alert in alerts if alert.revision == 0]
    rows = [
        _describe_delays(
            "8 urgent comments within 3 hours", first, AlertKind.URGENT, spikes["urgent"]
        ),
        _describe_delays(
            "40 negative ones from one source", first, AlertKind.NEGATIVE, spikes["source"]
        ),
        ("a backfill of 3,000 that says so", _count_alerts(first, 12)),
        (
            "a backfill of 1,000 that does not, half a day to two days late",
            _count_alerts(first, 13),
        ),
        ("25 negative ones that were polled after 27 minutes", _count_alerts(first, 14)),
        ("a source silent for ten days, and back", _count_alerts(first, SITES - 1)),
        ("sites without any of these", f"{_count_other_alerts(first)} in {5 * DAYS} site-days"),
    ]
    return WalkResult(len(deliveries), SITES, detector.keys, DAYS, rows)


def _now(events: list[Signal]) -> list[Delivery]:
    return [(event.at, event) for event in events]


def _walk(deliveries: list[Delivery]) -> tuple[Detector, list[Alert]]:
    options = DetectorOptions(
        negative=SpikeRules(false_alarms_a_day=0.05, min_count=4),
        urgent=SpikeRules(false_alarms_a_day=0.02, min_count=3, min_ratio=2.0, share_margin=None),
    )
    detector = Detector(options)
    alerts: list[Alert] = []
    place, now = 0, _START
    while now < _START + DAYS * _DAY_S:
        now += _EVALUATE_S
        first = place
        while place < len(deliveries) and deliveries[place][0] < now:
            place += 1
        detector.add(event for _, event in deliveries[first:place])
        alerts += detector.advance(now)
        alerts += detector.evaluate_open_bucket()
    return detector, alerts


def _describe_delays(
    what: str, first: list[Alert], kind: AlertKind, spikes: list[tuple[int, float]]
) -> tuple[str, str]:
    delays = []
    for site, start in spikes:
        times = [
            alert.updated_at.timestamp() - start
            for alert in first
            if alert.site == f"site {site}" and alert.kind is kind
        ]
        delays += sorted(delay for delay in times if 0 <= delay < 8 * 3600)[:1]
    hours = np.median(delays) / 3600 if delays else float("nan")
    return what, f"{len(delays)} of {len(spikes)} found, after {hours:.1f} hours (median)"


def _count_alerts(first: list[Alert], site: int) -> str:
    return str(sum(alert.site == f"site {site}" for alert in first))


def _count_other_alerts(first: list[Alert]) -> int:
    untouched = {f"site {site}" for site in (10, 11, 15, 16, 17)}
    return sum(alert.site in untouched for alert in first)
