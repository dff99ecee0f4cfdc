"""The detector: signals in, time on, alerts out; its state in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import numpy as np

from pipeline.watch.detection.buckets import Dropped, Once, OpenBucket
from pipeline.watch.detection.detectors import Told, Watches
from pipeline.watch.detection.notice import alert_of
from pipeline.watch.detection.options import LATE, Options
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_A_DAY, Key, Signal
from pipeline.watch.detection.state import pack, unpack
from pipeline.watch.detection.warm_up import Warming
from pipeline.watch.detection.words import Example, Words
from schemas.alert import Alert, AlertKind

_EARLY: Final = 2 * BUCKETS_A_DAY
_FIRST_REACH: Final = BUCKETS_A_DAY  # how far before the first watermark counting may begin


class Detector:
    """Watches all keys. Deterministic: the same calls give the same alerts, restored or not.

    ``add`` before ``advance``; the watermark is event time up to which all is believed to have
    come. Not safe for several threads.
    """

    def __init__(self, options: Options | None = None) -> None:
        self._options = options or Options()
        self._watches = Watches(self._options)
        self._warming = Warming(self._options.warm_up_days)
        self._words = {kind: Words() for kind in self._watches.of}
        self._once = Once()
        self._open: dict[int, OpenBucket] = {}
        self._last: int | None = None
        self._touched: set[int] | None = None
        """Keys with late feedback since the last glance; None: any may have news."""
        self.dropped = Dropped()

    @property
    def keys(self) -> int:
        """How many are watched."""
        return len(self._watches.keys.all)

    def ongoing(self, kind: AlertKind) -> list[Key]:
        """Keys in an episode, those included that their site's alert stands for."""
        keys = self._watches.keys.all
        return [keys[place] for place in self._watches.of[kind].episodes.firing]

    @property
    def array_bytes(self) -> int:
        """What the counts and rates take in memory; examples and open events come on top."""
        sums = sum(w.x.sums.nbytes + w.n.sums.nbytes for w in self._watches.of.values())
        return sums + sum(array.nbytes for array in self._watches.arrays().values())

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
            if last is not None:
                self._watches.add_late(last, bucket, counts.tally(self._watches.keys.room))
                if self._touched is not None:
                    self._touched.update(counts.came)

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
                self.dropped.late += self._open.pop(bucket).events
            self._last = first - 1
        alerts: list[Alert] = []
        for bucket in range(self._last + 1, end + 1):
            alerts += self._close(bucket)
            self._last, self._touched = bucket, None
        self._once.forget_before(self._last - LATE + 1)
        return alerts

    def _take(self, signal: Signal, bucket: int, into: dict[int, OpenBucket]) -> None:
        site = signal.site or ""
        if self.keys + len(signal.topics) + 2 > self._options.most_keys and (
            Key(site, None, signal.source) not in self._watches.keys.index
        ):
            self.dropped.keys += 1
            return
        index = self._watches.keys.index
        wanted = [Key(site), *(Key(site, topic) for topic in dict.fromkeys(signal.topics))]
        places = [index[k] if k in index else self._watches.begin(k, bucket) for k in wanted]
        source = Key(site, None, signal.source)
        own = index[source] if source in index else self._watches.begin(source, bucket)
        counts = into.get(bucket)
        if counts is None:
            counts = into[bucket] = OpenBucket()
        negative, scored, urgent = signal.negative, signal.scored, signal.urgent
        pair = (site, signal.source)
        if self._warming.counts_apart(pair, bucket, int(self._watches.keys.since[places[0]])):
            for place in places:
                self._warming.take(pair, place, negative, scored, urgent)
            counts.take([own], negative, scored, urgent, signal.at)
            return
        places.append(own)
        counts.take(places, negative, scored, urgent, signal.at)
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

    def glance(self) -> list[Alert]:
        """Look at the first open bucket as it stands, without waiting for its end; returns what is
        to be told already.

        Expected is what the whole bucket lets expect, and counts only grow: what fires now would
        fire at its close, unless far more good than usual comes in between. The close goes on with
        the episode, whose first notice this was. A glance that finds no news changes nothing.
        """
        if self._last is None:
            return []
        bucket, room = self._last + 1, self._watches.keys.room
        counts = self._open.get(bucket) or OpenBucket()
        new, touched = counts.settle(room), self._touched
        self._touched = set()
        places = None
        if touched is not None:
            places = np.union1d(new, np.array(sorted(touched), dtype=np.int64))
            if not len(places):
                return []
        told = self._watches.glance(bucket, counts.tally(room), places)
        return self._alerts(told, max(counts.latest, bucket * BUCKET_S))

    def _close(self, bucket: int) -> list[Alert]:
        counts = self._open.pop(bucket, None) or OpenBucket()
        told = self._watches.close(bucket, counts.tally(self._watches.keys.room))
        alerts = self._alerts(told)
        for buckets, by_place in self._warming.warmed(bucket):
            for place, brought in by_place.items():
                self._watches.raise_by(place, buckets, brought)
        return alerts

    def _alerts(self, told: list[Told], now: float | None = None) -> list[Alert]:
        keys = self._watches.keys.all
        return [
            alert_of(notice, kind, keys[notice.key], self._words[kind], now)
            for kind, notice in told
        ]

    def to_bytes(self) -> bytes:
        """The whole state."""
        room = self._watches.keys.room
        arrays = self._watches.arrays()
        arrays |= {f"open.{bucket}": counts.counts(room) for bucket, counts in self._open.items()}
        facts = {
            "watches": self._watches.facts(),
            "warming": self._warming.facts(),
            "words": {kind.value: words.facts() for kind, words in self._words.items()},
            "once": self._once.facts(),
            "open": [[b, counts.latest, counts.events] for b, counts in self._open.items()],
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
        detector._last = facts["last"]
        detector._watches.restore(facts["watches"], arrays, detector._last)
        for kind, words in detector._words.items():
            words.restore(facts["words"][kind])
        detector._warming.restore(facts["warming"])
        detector._once.restore(facts["once"])
        for bucket, latest, events in facts["open"]:
            before = arrays[f"open.{bucket}"]
            detector._open[bucket] = OpenBucket(before=before, latest=latest, events=events)
        detector.dropped = Dropped(**facts["dropped"])
        return detector
