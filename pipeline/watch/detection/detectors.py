"""All detection state of both kinds of count: keys, baselines, episodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.buckets import BucketCounts
from pipeline.watch.detection.episodes import Notice
from pipeline.watch.detection.keys import Keys
from pipeline.watch.detection.kind_detector import HourlyFactors, KindDetector, select_arrays
from pipeline.watch.detection.options import LATE, DetectorOptions
from pipeline.watch.detection.seasonality import Seasonality
from pipeline.watch.detection.signals import Key
from schemas.alert import AlertKind

_INITIAL_GUESSES: Final = {AlertKind.NEGATIVE: (0.02, 0.3), AlertKind.URGENT: (0.0005, 0.02)}
"""Rate per bucket and share of a key without history."""
_TOPIC_SHARE: Final = 0.1
_MIN_RATE: Final = 1e-5
KindNotice = tuple[AlertKind, Notice]


class Detectors:
    """One :class:`~.kind_detector.KindDetector` per kind, over the same keys and weeks."""

    def __init__(self, options: DetectorOptions) -> None:
        self._warm_up_days = options.warm_up_days
        self.keys = Keys()
        self._seasonality = Seasonality(options.half_life_days)
        self._exposure: tuple[int, NDArray[np.float64]] | None = None
        self.by_kind = {
            AlertKind.NEGATIVE: KindDetector(options.negative, options),
            AlertKind.URGENT: KindDetector(options.urgent, options),
        }
        self._make_room()

    def add_key(self, key: Key, bucket: int) -> int:
        """Start to watch a key, with its site's and topic's expectation; return its place."""
        site = Key(key.site)
        if key != site and site not in self.keys.index:
            self.add_key(site, bucket)
        room = self.keys.room
        place = self.keys.add(key, bucket)
        if self.keys.room != room or len(self.keys.sites) > self._seasonality.sites:
            self._make_room()
        age = bucket - int(self.keys.since[place])
        for kind, detector in self.by_kind.items():
            rate, share = _INITIAL_GUESSES[kind]
            baselines = detector.baselines
            if key != site:
                parent = int(self.keys.parent[place])
                share = float(baselines.share[parent])
                rate = float(baselines.rate[parent]) * self._topic_share(kind, key)
            baselines.start(place, max(rate, _MIN_RATE), share, age)
        return place

    def _topic_share(self, kind: AlertKind, key: Key) -> float:
        """Return a topic's part of a site's feedback, over all sites."""
        if key.topic is None:
            return 1.0
        seen = self.by_kind[kind].baselines.seen
        count = len(self.keys.all)
        of_topic = float(seen[self.keys.same_topic(key.topic)].sum())
        of_all = float(seen[:count][self.keys.parent[:count] < 0].sum())
        return (of_topic + _TOPIC_SHARE) / (of_all + 1.0)

    def _make_room(self) -> None:
        self._exposure = None
        self._seasonality.grow(len(self.keys.sites))
        for detector in self.by_kind.values():
            detector.grow(self.keys.room)

    def add_late(self, last: int, bucket: int, counts: BucketCounts) -> None:
        """Count in a closed bucket; ``last`` is the newest closed one."""
        for detector, x, n in self._columns(counts):
            detector.x.add_late(last, bucket, x)
            detector.n.add_late(last, bucket, n)

    def close(self, bucket: int, counts: BucketCounts) -> list[KindNotice]:
        """Close the bucket after the last one; return the notices to send."""
        keys = self.keys
        exposure = self._seasonality.exposure(bucket)[:, keys.site]
        hours = HourlyFactors(exposure, self._seasonality.factors(bucket - LATE)[keys.site])
        silent = keys.silent_mask(bucket, self._warm_up_days)
        notices: list[KindNotice] = []
        for kind, (detector, x, n) in zip(self.by_kind, self._columns(counts), strict=True):
            notices += [
                (kind, notice)
                for notice in detector.close(bucket, x, n, hours, silent, keys.parent)
            ]
        own = [keys.index[Key(site)] for site in keys.sites]
        self._seasonality.learn(bucket, counts.total[own].astype(np.float64))
        self._exposure = None
        return notices

    def evaluate_open_bucket(
        self, bucket: int, counts: BucketCounts, places: NDArray[np.int64] | None
    ) -> list[KindNotice]:
        """Return the notices to send now about the bucket after the last one.

        ``places`` are the keys that may have news, all if None.
        """
        keys = self.keys
        places = np.arange(len(keys.all)) if places is None else places
        if self._exposure is None or self._exposure[0] != bucket:
            self._exposure = (bucket, self._seasonality.exposure(bucket))
        exposure = self._exposure[1][:, keys.site[places]]
        silent = keys.silent_mask(bucket, self._warm_up_days)
        notices: list[KindNotice] = []
        for kind, (detector, x, n) in zip(self.by_kind, self._columns(counts), strict=True):
            kind_notices = detector.evaluate_open_bucket(
                bucket, x, n, exposure, silent, keys.parent, places
            )
            notices += [(kind, notice) for notice in kind_notices]
        return notices

    def add_rate(self, place: int, buckets: int, counted: list[int]) -> None:
        """Raise a key's rates by a source's counts during its warm-up."""
        negative, scored, urgent, total = counted
        self.by_kind[AlertKind.NEGATIVE].baselines.add_rate(place, buckets, negative, scored)
        self.by_kind[AlertKind.URGENT].baselines.add_rate(place, buckets, urgent, total)

    def _columns(
        self, counts: BucketCounts
    ) -> Iterator[tuple[KindDetector, NDArray[np.uint32], NDArray[np.uint32]]]:
        yield self.by_kind[AlertKind.NEGATIVE], counts.negative, counts.scored
        yield self.by_kind[AlertKind.URGENT], counts.urgent, counts.total

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state that is arrays."""
        arrays = {f"seasons.{name}": array for name, array in self._seasonality.arrays().items()}
        for kind, detector in self.by_kind.items():
            arrays |= {f"{kind}.{name}": array for name, array in detector.arrays().items()}
        return arrays

    def facts(self) -> dict[str, Any]:
        """Return the remaining state."""
        episodes = {
            kind.value: detector.episodes.facts() for kind, detector in self.by_kind.items()
        }
        return {"keys": self.keys.facts(), "episodes": episodes}

    def restore(
        self, facts: dict[str, Any], arrays: dict[str, NDArray[Any]], last: int | None
    ) -> None:
        """Restore the state; ``last`` is the newest bucket."""
        self.keys = Keys.from_facts(facts["keys"])
        self._seasonality.restore(select_arrays("seasons", arrays))
        for kind, detector in self.by_kind.items():
            detector.restore(select_arrays(kind, arrays), facts["episodes"][kind], last)
