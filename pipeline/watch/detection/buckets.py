"""Events of buckets that are open: each counted once, late ones while they still may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.uint32]


class Tallies(NamedTuple):
    """How much came of each key; arrays of shape (keys,)."""

    negative: Counts
    scored: Counts
    urgent: Counts
    came: Counts


@dataclass(slots=True)
class OpenBucket:
    """What came in a bucket that is not closed: the tallies of what was looked at before, and
    places of keys, one for each count since."""

    negative: list[int] = field(default_factory=list)
    scored: list[int] = field(default_factory=list)
    urgent: list[int] = field(default_factory=list)
    came: list[int] = field(default_factory=list)
    before: Counts = field(default_factory=lambda: np.zeros((4, 0), dtype=np.uint32))
    latest: float = 0.0
    """When the last of it was given, seconds since 1970."""
    events: int = 0

    def take(
        self, places: list[int], negative: bool, scored: bool, urgent: bool, at: float
    ) -> None:
        """Count one event for all of its keys."""
        self.events += 1
        self.latest = max(self.latest, at)
        self.came += places
        if scored:
            self.scored += places
        if negative:
            self.negative += places
        if urgent:
            self.urgent += places

    def tally(self, room: int) -> Tallies:
        """All of it, with room for so many keys."""
        return Tallies(*self.counts(room))

    def counts(self, room: int) -> Counts:
        """The rows of :meth:`tally`; shape (4, room)."""
        rows = [
            np.bincount(np.array(places, dtype=np.int64), minlength=room)
            for places in (self.negative, self.scored, self.urgent, self.came)
        ]
        counts = np.array(rows).astype(np.uint32)
        counts[:, : self.before.shape[1]] += self.before
        return counts

    def settle(self, room: int) -> NDArray[np.int64]:
        """Tally what came since the last time; the keys that it was about."""
        touched = np.unique(np.array(self.came, dtype=np.int64))
        self.before = self.counts(room)
        for places in (self.negative, self.scored, self.urgent, self.came):
            places.clear()
        return touched


@dataclass(slots=True)
class Dropped:
    """What was not counted, and why; ever since the state began."""

    backfill: int = 0
    repeated: int = 0
    late: int = 0
    early: int = 0
    """More than two days ahead of the watermark."""
    keys: int = 0
    """Events of keys beyond ``Options.most_keys``."""


class Once:
    """The identifiers of the events of buckets that still take some, 8 bytes of each."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._by_bucket: dict[int, list[int]] = {}

    def is_new(self, event_id: str, bucket: int) -> bool:
        """Whether it comes for the first time; remembers it."""
        number = int(event_id[:16], 16)
        if number in self._seen:
            return False
        self._seen.add(number)
        self._by_bucket.setdefault(bucket, []).append(number)
        return True

    def forget_before(self, bucket: int) -> None:
        """Events of earlier buckets are dropped as late; their identifiers are not needed."""
        for old in [b for b in self._by_bucket if b < bucket]:
            self._seen.difference_update(self._by_bucket.pop(old))

    def facts(self) -> list[Any]:
        """The state."""
        return [[bucket, numbers] for bucket, numbers in self._by_bucket.items()]

    def restore(self, facts: list[Any]) -> None:
        """Take the state back."""
        self._by_bucket = dict(facts)
        self._seen = {number for numbers in self._by_bucket.values() for number in numbers}
