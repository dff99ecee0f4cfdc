"""The detector: signals and time in, alerts out; its state as bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

import numpy as np

from pipeline.watch.detection.buckets import Deduplicator, Dropped, OpenBucket
from pipeline.watch.detection.detectors import Detectors, KindNotice
from pipeline.watch.detection.notice import to_alert
from pipeline.watch.detection.options import LATE, DetectorOptions
from pipeline.watch.detection.signals import BUCKET_S, BUCKETS_PER_DAY, Key, Signal
from pipeline.watch.detection.state import pack, unpack
from pipeline.watch.detection.warm_up import WarmUp
from pipeline.watch.detection.words import Example, WordStatistics
from schemas.alert import Alert, AlertKind

_EARLY: Final = 2 * BUCKETS_PER_DAY
_FIRST_REACH: Final = BUCKETS_PER_DAY  # how far before the first watermark counting may begin


class Detector:
    """Watches all keys. Deterministic: the same calls give the same alerts, restored or not.

    ``add`` before ``advance``; the watermark is the event time up to which everything is assumed to
    have arrived. Not thread-safe.
    """

    def __init__(self, options: DetectorOptions | None = None) -> None:
        self._options = options or DetectorOptions()
        self._detectors = Detectors(self._options)
        self._warm_up = WarmUp(self._options.warm_up_days)
        self._words = {kind: WordStatistics() for kind in self._detectors.by_kind}
        self._deduplicator = Deduplicator()
        self._open: dict[int, OpenBucket] = {}
        self._last: int | None = None
        self._touched: set[int] | None = None
        """Keys with late feedback since the last evaluation; None: any key may have news."""
        self.dropped = Dropped()

    @property
    def keys(self) -> int:
        """Number of keys watched."""
        return len(self._detectors.keys.all)

    def ongoing(self, kind: AlertKind) -> list[Key]:
        """Return keys in an episode, including those covered by their site's alert."""
        keys = self._detectors.keys.all
        return [keys[place] for place in self._detectors.by_kind[kind].episodes.firing]

    @property
    def array_bytes(self) -> int:
        """Memory of counts and rates; excludes examples and open events."""
        sums = sum(w.x.sums.nbytes + w.n.sums.nbytes for w in self._detectors.by_kind.values())
        return sums + sum(array.nbytes for array in self._detectors.arrays().values())

    def add(self, signals: Iterable[Signal]) -> None:
        """Count feedback; repeated, late and backfilled events are counted in ``dropped``."""
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
            elif not self._deduplicator.is_first(signal.event_id, bucket):
                self.dropped.repeated += 1
            else:
                into = late if last is not None and bucket <= last else self._open
                self._count(signal, bucket, into)
        for bucket, counts in late.items():
            if last is not None:
                self._detectors.add_late(last, bucket, counts.to_counts(self._detectors.keys.room))
                if self._touched is not None:
                    self._touched.update(counts.total)

    def advance(self, watermark: float) -> list[Alert]:
        """Close the buckets that end by the watermark (Unix time, s); return the alerts.

        Idempotent for a watermark that was reached before.
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
        self._deduplicator.forget_before(self._last - LATE + 1)
        return alerts

    def _count(self, signal: Signal, bucket: int, into: dict[int, OpenBucket]) -> None:
        site = signal.site or ""
        if self.keys + len(signal.topics) + 2 > self._options.max_keys and (
            Key(site, None, signal.source) not in self._detectors.keys.index
        ):
            self.dropped.keys += 1
            return
        index = self._detectors.keys.index
        wanted = [Key(site), *(Key(site, topic) for topic in dict.fromkeys(signal.topics))]
        places = [index[k] if k in index else self._detectors.add_key(k, bucket) for k in wanted]
        source = Key(site, None, signal.source)
        own = index[source] if source in index else self._detectors.add_key(source, bucket)
        counts = into.get(bucket)
        if counts is None:
            counts = into[bucket] = OpenBucket()
        negative = [p for p, key in zip(places, wanted, strict=True) if signal.is_negative(key)]
        of_source = [own] if signal.negative else []
        scored, urgent = signal.scored, signal.urgent
        pair = (site, signal.source)
        if self._warm_up.is_warming_up(pair, bucket, int(self._detectors.keys.since[places[0]])):
            for place in places:
                self._warm_up.count(pair, place, place in negative, scored, urgent)
            counts.count([own], of_source, scored, urgent, signal.at)
            return
        places.append(own)
        negative += of_source
        counts.count(places, negative, scored, urgent, signal.at)
        self._keep_words(signal, bucket, negative, places if urgent else [])

    def _keep_words(
        self, signal: Signal, bucket: int, negative: list[int], urgent: list[int]
    ) -> None:
        """Keep the comment for the keys for which it is negative, and for which it is urgent."""
        example = Example(bucket, signal.event_id, signal.words)
        for kind, places in ((AlertKind.NEGATIVE, negative), (AlertKind.URGENT, urgent)):
            if places:
                words = self._words[kind]
                kept = words.learn(example)
                for place in places:
                    words.keep(place, kept)

    def evaluate_open_bucket(self) -> list[Alert]:
        """Test the first open bucket without waiting for its end; return the alerts to send now.

        The expectation is that of the whole bucket, and counts only grow: an alert now would fire
        at the close too, unless far more good feedback than usual comes in between. The close
        continues the episode. An evaluation without news changes nothing.
        """
        if self._last is None:
            return []
        bucket, room = self._last + 1, self._detectors.keys.room
        counts = self._open.get(bucket) or OpenBucket()
        new, touched = counts.consolidate(room), self._touched
        self._touched = set()
        places = None
        if touched is not None:
            places = np.union1d(new, np.array(sorted(touched), dtype=np.int64))
            if not len(places):
                return []
        notices = self._detectors.evaluate_open_bucket(bucket, counts.to_counts(room), places)
        return self._to_alerts(notices, max(counts.latest, bucket * BUCKET_S))

    def _close(self, bucket: int) -> list[Alert]:
        counts = self._open.pop(bucket, None) or OpenBucket()
        notices = self._detectors.close(bucket, counts.to_counts(self._detectors.keys.room))
        alerts = self._to_alerts(notices)
        for buckets, by_place in self._warm_up.pop_finished(bucket):
            for place, counted in by_place.items():
                self._detectors.add_rate(place, buckets, counted)
        return alerts

    def _to_alerts(self, notices: list[KindNotice], now: float | None = None) -> list[Alert]:
        keys = self._detectors.keys.all
        return [
            to_alert(notice, kind, keys[notice.key], self._words[kind], now)
            for kind, notice in notices
        ]

    def to_bytes(self) -> bytes:
        """Return the whole state."""
        room = self._detectors.keys.room
        arrays = self._detectors.arrays()
        arrays |= {f"open.{bucket}": counts.to_array(room) for bucket, counts in self._open.items()}
        facts = {
            "watches": self._detectors.facts(),
            "warming": self._warm_up.facts(),
            "words": {kind.value: words.facts() for kind, words in self._words.items()},
            "once": self._deduplicator.facts(),
            "open": [[b, counts.latest, counts.events] for b, counts in self._open.items()],
            "last": self._last,
            "dropped": asdict(self.dropped),
        }
        return pack(facts, arrays)

    @classmethod
    def from_bytes(cls, data: bytes, options: DetectorOptions | None = None) -> Detector:
        """Restore a detector from :meth:`to_bytes`.

        Raises :class:`~.state.StateError`.
        """
        facts, arrays = unpack(data)
        detector = cls(options)
        detector._last = facts["last"]
        detector._detectors.restore(facts["watches"], arrays, detector._last)
        for kind, words in detector._words.items():
            words.restore(facts["words"][kind])
        detector._warm_up.restore(facts["warming"])
        detector._deduplicator.restore(facts["once"])
        for bucket, latest, events in facts["open"]:
            before = arrays[f"open.{bucket}"]
            detector._open[bucket] = OpenBucket(before=before, latest=latest, events=events)
        detector.dropped = Dropped(**facts["dropped"])
        return detector
