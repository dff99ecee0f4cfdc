"""Everything that is watched, for both kinds of count: its keys, what is usual, its episodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.buckets import Tallies
from pipeline.watch.detection.episodes import Notice
from pipeline.watch.detection.keys import Keys
from pipeline.watch.detection.kind_detector import Hours, Watch, under
from pipeline.watch.detection.options import LATE, Options
from pipeline.watch.detection.seasonality import Seasons
from pipeline.watch.detection.signals import Key
from schemas.alert import AlertKind

_GUESSES: Final = {AlertKind.NEGATIVE: (0.02, 0.3), AlertKind.URGENT: (0.0005, 0.02)}
"""Rate a bucket and share of a key that nothing is known of."""
_TOPIC_SHARE: Final = 0.1
_LEAST_RATE: Final = 1e-5
Told = tuple[AlertKind, Notice]


class Watches:
    """One :class:`~.watch.Watch` of each kind, over the same keys and hours of the week."""

    def __init__(self, options: Options) -> None:
        self._warm_up_days = options.warm_up_days
        self.keys = Keys()
        self._seasons = Seasons(options.half_life_days)
        self._exposure: tuple[int, NDArray[np.float64]] | None = None
        self.of = {
            AlertKind.NEGATIVE: Watch(options.negative, options),
            AlertKind.URGENT: Watch(options.urgent, options),
        }
        self._make_room()

    def begin(self, key: Key, bucket: int) -> int:
        """Begin to watch a key, with what its site and its topic let expect; its place."""
        site = Key(key.site)
        if key != site and site not in self.keys.index:
            self.begin(site, bucket)
        room = self.keys.room
        place = self.keys.add(key, bucket)
        if self.keys.room != room or len(self.keys.sites) > self._seasons.sites:
            self._make_room()
        known = bucket - int(self.keys.since[place])
        for kind, watch in self.of.items():
            rate, share = _GUESSES[kind]
            levels = watch.levels
            if key != site:
                parent = int(self.keys.parent[place])
                share = float(levels.share[parent])
                rate = float(levels.rate[parent]) * self._part(kind, key)
            levels.start(place, max(rate, _LEAST_RATE), share, known)
        return place

    def _part(self, kind: AlertKind, key: Key) -> float:
        """How much of what comes to a site is about a topic, over all sites."""
        if key.topic is None:
            return 1.0
        seen = self.of[kind].levels.seen
        count = len(self.keys.all)
        of_topic = float(seen[self.keys.alike(key.topic)].sum())
        of_all = float(seen[:count][self.keys.parent[:count] < 0].sum())
        return (of_topic + _TOPIC_SHARE) / (of_all + 1.0)

    def _make_room(self) -> None:
        self._exposure = None
        self._seasons.grow(len(self.keys.sites))
        for watch in self.of.values():
            watch.grow(self.keys.room)

    def add_late(self, last: int, bucket: int, tallies: Tallies) -> None:
        """Count in a bucket that is closed; ``last`` is the newest of these."""
        for watch, x, n in self._columns(tallies):
            watch.x.add_late(last, bucket, x)
            watch.n.add_late(last, bucket, n)

    def close(self, bucket: int, tallies: Tallies) -> list[Told]:
        """Close the bucket after the last one; what is to be told."""
        keys = self.keys
        exposure = self._seasons.exposure(bucket)[:, keys.site]
        hours = Hours(exposure, self._seasons.factors(bucket - LATE)[keys.site])
        silent = keys.silent(bucket, self._warm_up_days)
        told: list[Told] = []
        for kind, (watch, x, n) in zip(self.of, self._columns(tallies), strict=True):
            told += [(kind, n_) for n_ in watch.close(bucket, x, n, hours, silent, keys.parent)]
        own = [keys.index[Key(site)] for site in keys.sites]
        self._seasons.learn(bucket, tallies.came[own].astype(np.float64))
        self._exposure = None
        return told

    def glance(self, bucket: int, tallies: Tallies, places: NDArray[np.int64] | None) -> list[Told]:
        """What is to be told already of the bucket after the last one; ``places`` are the keys
        that something may be new of, all if None."""
        keys = self.keys
        places = np.arange(len(keys.all)) if places is None else places
        if self._exposure is None or self._exposure[0] != bucket:
            self._exposure = (bucket, self._seasons.exposure(bucket))
        exposure = self._exposure[1][:, keys.site[places]]
        silent = keys.silent(bucket, self._warm_up_days)
        told: list[Told] = []
        for kind, (watch, x, n) in zip(self.of, self._columns(tallies), strict=True):
            notices = watch.glance(bucket, x, n, exposure, silent, keys.parent, places)
            told += [(kind, notice) for notice in notices]
        return told

    def raise_by(self, place: int, buckets: int, brought: list[int]) -> None:
        """Expect more of a key from now on: what a source brought while it warmed up."""
        negative, scored, urgent, came = brought
        self.of[AlertKind.NEGATIVE].levels.raise_by(place, buckets, negative, scored)
        self.of[AlertKind.URGENT].levels.raise_by(place, buckets, urgent, came)

    def _columns(
        self, tallies: Tallies
    ) -> Iterator[tuple[Watch, NDArray[np.uint32], NDArray[np.uint32]]]:
        yield self.of[AlertKind.NEGATIVE], tallies.negative, tallies.scored
        yield self.of[AlertKind.URGENT], tallies.urgent, tallies.came

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state that is arrays."""
        arrays = {f"seasons.{name}": array for name, array in self._seasons.arrays().items()}
        for kind, watch in self.of.items():
            arrays |= {f"{kind}.{name}": array for name, array in watch.arrays().items()}
        return arrays

    def facts(self) -> dict[str, Any]:
        """The state that is not."""
        episodes = {kind.value: watch.episodes.facts() for kind, watch in self.of.items()}
        return {"keys": self.keys.facts(), "episodes": episodes}

    def restore(
        self, facts: dict[str, Any], arrays: dict[str, NDArray[Any]], last: int | None
    ) -> None:
        """Take the state back; ``last`` is the newest bucket."""
        self.keys = Keys.restored(facts["keys"])
        self._seasons.restore(under("seasons", arrays))
        for kind, watch in self.of.items():
            watch.restore(under(kind, arrays), facts["episodes"][kind], last)
