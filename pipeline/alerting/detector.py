"""The detector: signals in, time on, alerts out; its state in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.intake import Dropped, Once, OpenBucket
from pipeline.alerting.keys import Keys
from pipeline.alerting.notice import alert_of
from pipeline.alerting.options import LATE, Options
from pipeline.alerting.seasons import Seasons
from pipeline.alerting.signals import BUCKET_S, BUCKETS_A_DAY, Key, Signal
from pipeline.alerting.state import pack, unpack
from pipeline.alerting.warming import Warming
from pipeline.alerting.watch import Hours, Watch
from pipeline.alerting.words import Example, Words
from schemas.alert import Alert, AlertKind

_EARLY: Final = 2 * BUCKETS_A_DAY
_FIRST_REACH: Final = BUCKETS_A_DAY  # how far before the first watermark counting may begin
_GUESSES: Final = {AlertKind.NEGATIVE: (0.02, 0.3), AlertKind.URGENT: (0.0005, 0.02)}
"""Rate a bucket and share of a key that nothing is known of."""
_TOPIC_SHARE: Final = 0.1
_LEAST_RATE: Final = 1e-5


class Detector:
    """Watches all keys. Deterministic: the same calls give the same alerts, restored or not.

    ``add`` before ``advance``; the watermark is event time up to which all is believed to have
    come. Not safe for several threads.
    """

    def __init__(self, options: Options | None = None) -> None:
        self._options = options or Options()
        self._keys = Keys()
        self._seasons = Seasons(self._options.half_life_days)
        self._watches = {
            AlertKind.NEGATIVE: Watch(self._options.negative, self._options),
            AlertKind.URGENT: Watch(self._options.urgent, self._options),
        }
        self._warming = Warming(self._options.warm_up_days)
        self._words = {kind: Words() for kind in self._watches}
        self._once = Once()
        self._open: dict[int, OpenBucket] = {}
        self._last: int | None = None
        self.dropped = Dropped()
        self._make_room()

    @property
    def keys(self) -> int:
        """How many are watched."""
        return len(self._keys.all)

    @property
    def array_bytes(self) -> int:
        """What the counts and rates take in memory; examples and open events come on top."""
        arrays = [self._seasons.arrays(), *(watch.arrays() for watch in self._watches.values())]
        return sum(array.nbytes for each in arrays for array in each.values())

    def add(self, signals: Iterable[Signal]) -> None:
        """Count feedback; what comes twice, too late or as backfill is counted in ``dropped``."""
        late: dict[int, OpenBucket] = {}
        last = self._last
        for signal in signals:
            bucket = int(signal.at // BUCKET_S)
            if signal.backfill:
                self.dropped.backfill += 1
            elif last is not None and bucket <= last - LATE:
                self.dropped.late += 1
            elif last is not None and bucket > last + _EARLY:
                self.dropped.early += 1
            elif not self._once.is_new(signal.event_id, bucket):
                self.dropped.repeated += 1
            else:
                into = late if last is not None and bucket <= last else self._open
                self._take(signal, bucket, into)
        for bucket, counts in late.items():
            self._add_late(bucket, counts)

    def advance(self, watermark: float) -> list[Alert]:
        """Close the buckets that end by the watermark (seconds since 1970); returns what to tell.

        A watermark that was reached before does nothing.
        """
        end = int(watermark // BUCKET_S) - 1
        if self._last is None:
            if not self._open or end < min(self._open):
                return []
            first = max(min(self._open), end - _FIRST_REACH)
            for bucket in [b for b in self._open if b < first]:
                self.dropped.late += len(self._open.pop(bucket).came)
            self._last = first - 1
        alerts: list[Alert] = []
        for bucket in range(self._last + 1, end + 1):
            alerts += self._close(bucket)
            self._last = bucket
        self._once.forget_before(self._last - LATE + 1)
        return alerts

    def _take(self, signal: Signal, bucket: int, into: dict[int, OpenBucket]) -> None:
        site = signal.site or ""
        if self.keys + len(signal.topics) + 2 > self._options.most_keys and (
            Key(site, None, signal.source) not in self._keys.index
        ):
            self.dropped.keys += 1
            return
        index = self._keys.index
        wanted = [Key(site), *(Key(site, topic) for topic in dict.fromkeys(signal.topics))]
        places = [index[k] if k in index else self._watch(k, bucket) for k in wanted]
        source = Key(site, None, signal.source)
        own = index[source] if source in index else self._watch(source, bucket)
        counts = into.get(bucket)
        if counts is None:
            counts = into[bucket] = OpenBucket()
        negative, scored, urgent = signal.negative, signal.scored, signal.urgent
        pair = (site, signal.source)
        if self._warming.counts_apart(pair, bucket, int(self._keys.since[places[0]])):
            for place in places:
                self._warming.take(pair, place, negative, scored, urgent)
            counts.take([own], negative, scored, urgent)
            return
        places.append(own)
        counts.take(places, negative, scored, urgent)
        if negative or urgent:
            self._keep_words(signal, bucket, places)

    def _keep_words(self, signal: Signal, bucket: int, places: list[int]) -> None:
        example = Example(bucket, signal.event_id, signal.words)
        for kind, counts in (
            (AlertKind.NEGATIVE, signal.negative),
            (AlertKind.URGENT, signal.urgent),
        ):
            if counts:
                words = self._words[kind]
                kept = words.learn(example)
                for place in places:
                    words.keep(place, kept)

    def _add_late(self, bucket: int, counts: OpenBucket) -> None:
        last = self._last
        if last is None:
            return
        negative, urgent = self._watches[AlertKind.NEGATIVE], self._watches[AlertKind.URGENT]
        for windows, places in (
            (negative.x, counts.negative),
            (negative.n, counts.scored),
            (urgent.x, counts.urgent),
            (urgent.n, counts.came),
        ):
            windows.add_late(last, bucket, np.array(places, dtype=np.int64))

    def _watch(self, key: Key, bucket: int) -> int:
        """Begin to watch a key, with what its site and its topic let expect."""
        site = Key(key.site)
        if key != site and site not in self._keys.index:
            self._watch(site, bucket)
        room = self._keys.room
        place = self._keys.add(key, bucket)
        if self._keys.room != room or len(self._keys.sites) > self._seasons.sites:
            self._make_room()
        known = bucket - int(self._keys.since[place])
        for kind, watch in self._watches.items():
            rate, share = _GUESSES[kind]
            levels = watch.levels
            if key != site:
                parent = int(self._keys.parent[place])
                share = float(levels.share[parent])
                rate = float(levels.rate[parent]) * self._part(kind, key)
            levels.start(place, max(rate, _LEAST_RATE), share, known)
        return place

    def _part(self, kind: AlertKind, key: Key) -> float:
        """How much of what comes to a site is about a topic, over all sites."""
        if key.topic is None:
            return 1.0
        levels = self._watches[kind].levels
        seen = levels.seen
        of_topic = float(seen[self._keys.alike(key.topic)].sum())
        of_all = float(seen[: self.keys][self._keys.parent[: self.keys] < 0].sum())
        return (of_topic + _TOPIC_SHARE) / (of_all + 1.0)

    def _make_room(self) -> None:
        self._seasons.grow(len(self._keys.sites))
        for watch in self._watches.values():
            watch.grow(self._keys.room)

    def _close(self, bucket: int) -> list[Alert]:
        keys, room = self._keys, self._keys.room
        counts = self._open.pop(bucket, None) or OpenBucket()
        came = _tally(counts.came, room)
        hours = Hours(
            self._seasons.exposure(bucket)[:, keys.site],
            self._seasons.factors(bucket - LATE)[keys.site],
        )
        silent = keys.silent(bucket, self._options.warm_up_days)
        columns = {
            AlertKind.NEGATIVE: (_tally(counts.negative, room), _tally(counts.scored, room)),
            AlertKind.URGENT: (_tally(counts.urgent, room), came),
        }
        alerts = []
        for kind, watch in self._watches.items():
            x, n = columns[kind]
            notices = watch.close(bucket, x, n, hours, silent, keys.parent)
            words = self._words[kind]
            alerts += [alert_of(each, kind, keys.all[each.key], words) for each in notices]
        own = [keys.index[Key(site)] for site in keys.sites]
        self._seasons.learn(bucket, came[own].astype(np.float64))
        self._take_warmed(bucket)
        return alerts

    def _take_warmed(self, bucket: int) -> None:
        for buckets, brought in self._warming.warmed(bucket):
            for place, (negative, scored, urgent, came) in brought.items():
                self._watches[AlertKind.NEGATIVE].levels.raise_by(place, buckets, negative, scored)
                self._watches[AlertKind.URGENT].levels.raise_by(place, buckets, urgent, came)

    def to_bytes(self) -> bytes:
        """The whole state."""
        arrays = {f"seasons.{k}": v for k, v in self._seasons.arrays().items()}
        for kind, watch in self._watches.items():
            arrays |= {f"{kind}.{name}": array for name, array in watch.arrays().items()}
        facts = {
            "keys": self._keys.facts(),
            "warming": self._warming.facts(),
            "episodes": {
                kind.value: watch.episodes.facts() for kind, watch in self._watches.items()
            },
            "words": {kind.value: words.facts() for kind, words in self._words.items()},
            "once": self._once.facts(),
            "open": [[bucket, counts.facts()] for bucket, counts in self._open.items()],
            "last": self._last,
            "dropped": asdict(self.dropped),
        }
        return pack(facts, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, options: Options | None = None) -> Detector:
        """A detector that goes on where ``to_bytes`` was taken; raises
        :class:`~.state.StateError`."""
        facts, arrays = unpack(data)
        detector = cls(options)
        detector._keys = Keys.restored(facts["keys"])
        detector._seasons.restore(_under("seasons", arrays))
        for kind, watch in detector._watches.items():
            watch.restore(_under(kind, arrays), facts["episodes"][kind])
            detector._words[kind].restore(facts["words"][kind])
        detector._warming.restore(facts["warming"])
        detector._once.restore(facts["once"])
        detector._open = {bucket: OpenBucket(*lists) for bucket, lists in facts["open"]}
        detector._last = facts["last"]
        detector.dropped = Dropped(**facts["dropped"])
        return detector


def _tally(places: list[int], room: int) -> NDArray[np.uint32]:
    return np.bincount(np.array(places, dtype=np.int64), minlength=room).astype(np.uint32)


def _under(name: str, arrays: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
