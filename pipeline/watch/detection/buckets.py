"""Events of open buckets: each counted once, late ones while they still may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint32]


class BucketCounts(NamedTuple):
    """Number of events of each key; arrays of shape (keys,)."""

    negative: Counts
    scored: Counts
    urgent: Counts
    total: Counts


@dataclass(slots=True)
class OpenBucket:
    """Counts of a bucket that is not closed.

    Consolidated counts of earlier events, and places of keys, one for each later count.
    """

    negative: list[int] = field(default_factory=list)
    scored: list[int] = field(default_factory=list)
    urgent: list[int] = field(default_factory=list)
    total: list[int] = field(default_factory=list)
    before: Counts = field(default_factory=lambda: np.zeros((4, 0), dtype=np.uint32))
    latest: float = 0.0
    """Time of the latest event, Unix time (s)."""
    events: int = 0

    def count(
        self, places: list[int], negative: list[int], scored: bool, urgent: bool, at: float
    ) -> None:
        """Count one event for all of its keys; it is negative for those in ``negative``."""
        self.events += 1
        self.latest = max(self.latest, at)
        self.total += places
        if scored:
            self.scored += places
        self.negative += negative
        if urgent:
            self.urgent += places

    def to_counts(self, room: int) -> BucketCounts:
        """Return all counts, grown to ``room`` keys."""
        return BucketCounts(*self.to_array(room))

    def to_array(self, room: int) -> Counts:
        """Return the rows of :meth:`to_counts`; shape (4, room)."""
        rows = [
            np.bincount(np.array(places, dtype=np.int64), minlength=room)
            for places in (self.negative, self.scored, self.urgent, self.total)
        ]
        counts = np.array(rows).astype(np.uint32)
        counts[:, : self.before.shape[1]] += self.before
        return counts

    def consolidate(self, room: int) -> NDArray[np.int64]:
        """Consolidate the events since the last call; return the keys they are about."""
        keys = np.unique(np.array(self.total, dtype=np.int64))
        self.before = self.to_array(room)
        for places in (self.negative, self.scored, self.urgent, self.total):
            places.clear()
        return keys


@dataclass(slots=True)
class Dropped:
    """Number of events that were not counted, by reason, since the state was created."""

    backfill: int = 0
    repeated: int = 0
    late: int = 0
    early: int = 0
    """More than two days ahead of the watermark."""
    keys: int = 0
    """Events of keys beyond ``Options.most_keys``."""


class Deduplicator:
    """Identifiers of the events of open buckets, 8 bytes of each."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._by_bucket: dict[int, list[int]] = {}

    def is_first(self, event_id: str, bucket: int) -> bool:
        """True for the first occurrence of an event, which is remembered."""
        number = int(event_id[:16], 16)
        if number in self._seen:
            return False
        self._seen.add(number)
        self._by_bucket.setdefault(bucket, []).append(number)
        return True

    def forget_before(self, bucket: int) -> None:
        """Forget earlier buckets, whose events are dropped as late anyway."""
        for old in [b for b in self._by_bucket if b < bucket]:
            self._seen.difference_update(self._by_bucket.pop(old))

    def facts(self) -> list[Any]:
        """Return the state."""
        return [[bucket, numbers] for bucket, numbers in self._by_bucket.items()]

    def restore(self, facts: list[Any]) -> None:
        """Restore the state."""
        self._by_bucket = dict(facts)
        self._seen = {number for numbers in self._by_bucket.values() for number in numbers}
