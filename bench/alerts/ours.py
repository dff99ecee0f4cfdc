"""The project's detector on simulated counts, from event to episode.

Counts become events at random moments of their 15 minutes. They come in three lots; after the first
and the second the open bucket is evaluated, as the worker would do, and after the third it is
closed. Backfills and replays come in between.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.alerts.hospitals import DAY, Batch, Hospitals, Load
from pipeline.watch.detection.detector import Detector
from pipeline.watch.detection.options import DetectorOptions
from pipeline.watch.detection.signals import BUCKET_S, Key, Signal
from schemas.alert import AlertKind

START: Final = 1_767_571_200.0
"""A Monday, as in the simulation."""
_LOTS: Final = 3
_FILLED_DAYS: Final = 10
_FILLED_EACH_DAY: Final = 300

Progress = Callable[[int, int], None]


class Fired(NamedTuple):
    """Start of an episode."""

    key: int
    bucket: int
    part: float = 1.0
    """The part of the bucket that was over."""


class Run(NamedTuple):
    """Result of the detector."""

    fired: list[Fired]
    """Every episode, including those covered by a site's alert."""
    events: int
    dropped: dict[str, int]


def run(hospitals: Hospitals, options: DetectorOptions, on_progress: Progress | None = None) -> Run:
    """Run the detector through the days; ``on_progress`` is called after each."""
    size = hospitals.size
    stream = Stream(hospitals)
    detector = Detector(options)
    rows = _rows(hospitals)
    fired: list[Fired] = []
    before: set[int] = set()
    for bucket in range(size.buckets):
        end = START + (bucket + 1) * BUCKET_S
        for number, lot in enumerate(stream.lots(bucket), 1):
            detector.add(lot)
            if number < _LOTS:
                detector.evaluate_open_bucket()
            else:
                detector.advance(end)
            now = {rows[key] for key in detector.ongoing(AlertKind.NEGATIVE)}
            fired += [Fired(key, bucket, number / _LOTS) for key in sorted(now - before)]
            before = now
        if on_progress and (bucket + 1) % DAY == 0:
            on_progress((bucket + 1) // DAY, size.days)
    dropped = detector.dropped
    return Run(
        fired,
        stream.events,
        {"backfill": dropped.backfill, "late": dropped.late, "repeated": dropped.repeated},
    )


def _rows(hospitals: Hospitals) -> dict[Key, int]:
    """Return each key's number among all sites' keys."""
    size = hospitals.size
    numbers: dict[Key, int] = {}
    for site in range(size.sites):
        name, first = f"site {site}", site * size.width
        numbers[Key(name)] = first
        for topic in range(size.topics):
            numbers[Key(name, f"topic {topic}")] = first + 1 + topic
        for source in range(size.width - size.topics - 1):
            numbers[Key(name, None, f"source {source}")] = first + 1 + size.topics + source
    return numbers


class Stream:
    """The events, one bucket at a time."""

    def __init__(self, hospitals: Hospitals) -> None:
        self._hospitals = hospitals
        self._rng = np.random.default_rng(hospitals.size.seed)
        self._sites = [f"site {site}" for site in range(hospitals.size.sites)]
        self._sources = [f"source {source}" for source in range(hospitals.x.shape[1])]
        self._topics = [(f"topic {topic}",) for topic in range(hospitals.size.topics)]
        self._replayed = {b.site: deque[Signal]() for b in hospitals.batches if _replays(b)}
        self.events = 0

    def lots(self, bucket: int) -> Iterator[list[Signal]]:
        """Yield the events of each third of a bucket."""
        counts = (self._hospitals.x[..., bucket], self._hospitals.n[..., bucket])
        cells = np.nonzero(counts[1])
        x, n = (count[cells] for count in counts)
        which = np.repeat(np.arange(len(n)), n)
        negative = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n) < np.repeat(x, n)
        moments = self._rng.random(len(which))
        for number in range(_LOTS):
            mine = np.flatnonzero((moments * _LOTS).astype(np.int64) == number)
            times = START + (bucket + moments[mine]) * BUCKET_S
            columns = [column[which[mine]].tolist() for column in cells]
            lot = self._signals(times, columns, negative[mine])
            self._remember(lot)
            yield lot + (self._loads(bucket) if number == 0 else [])

    def _signals(
        self, times: NDArray[np.float64], cells: list[list[int]], negative: NDArray[np.bool_]
    ) -> list[Signal]:
        sites, sources, topics = self._sites, self._sources, self._topics
        first = self.events
        self.events += len(times)
        return [
            Signal(
                f"{number:016x}{0:016x}",
                at,
                sites[site],
                sources[source],
                topics[topic],
                bad,
                True,
                False,
            )
            for number, (at, site, source, topic, bad) in enumerate(
                zip(times.tolist(), *cells, negative.tolist(), strict=True), first
            )
        ]

    def _remember(self, lot: list[Signal]) -> None:
        """Keep the last day of the sites that will be replayed."""
        if self._replayed:
            by_name = {f"site {site}": kept for site, kept in self._replayed.items()}
            for signal in lot:
                kept = by_name.get(signal.site or "")
                if kept is not None:
                    kept.append(signal)
                    while kept[0].at < signal.at - DAY * BUCKET_S:
                        kept.popleft()

    def _loads(self, bucket: int) -> list[Signal]:
        return [
            signal
            for batch in self._hospitals.batches
            if batch.bucket == bucket
            for signal in self.load(batch)
        ]

    def load(self, batch: Batch) -> list[Signal]:
        """Return days of feedback, nearly all of it negative, or the last day once more."""
        if _replays(batch):
            return list(self._replayed[batch.site])
        rng, count = self._rng, _FILLED_DAYS * _FILLED_EACH_DAY
        ages = np.sort(rng.uniform(0.5, _FILLED_DAYS, count))
        if batch.load is Load.FLAGGED:
            ages -= 0.5
        cells = [
            [batch.site] * count,
            rng.integers(len(self._sources), size=count).tolist(),
            rng.integers(len(self._topics), size=count).tolist(),
        ]
        times = START + batch.bucket * BUCKET_S - ages * DAY * BUCKET_S
        loaded = self._signals(times, cells, rng.random(count) < 0.9)
        flagged = batch.load is Load.FLAGGED
        return [signal._replace(backfill=flagged) for signal in loaded]


def _replays(batch: Batch) -> bool:
    return batch.load is Load.REPLAY
