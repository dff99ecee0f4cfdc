"""Counts of the last day in buckets of event time, and their sums over trailing windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import RING, WINDOWS

Counts = NDArray[np.uint32]
Indexes = NDArray[np.int64]


class Windows:
    """A ring of the last buckets of every key; sums are updated incrementally."""

    def __init__(self, keys: int = 0) -> None:
        self._ring: Counts = np.zeros((RING, keys), dtype=np.uint32)
        self.sums: Counts = np.zeros((len(WINDOWS), keys), dtype=np.uint32)
        """Shape (windows, keys), after :meth:`close`."""

    def grow(self, keys: int) -> None:
        """Grow to ``keys`` keys."""
        more = keys - self._ring.shape[1]
        if more > 0:
            self._ring = np.pad(self._ring, ((0, 0), (0, more)))
            self.sums = np.pad(self.sums, ((0, 0), (0, more)))

    def close(self, bucket: int, counts: Counts) -> None:
        """Add the bucket after the last one; ``counts`` of shape (keys,)."""
        for index, window in enumerate(WINDOWS):
            self.sums[index] += counts
            self.sums[index] -= self._ring[(bucket - window) % RING]
        self._ring[bucket % RING] = counts

    def add_late(self, last: int, bucket: int, counts: Counts) -> None:
        """Count in a closed bucket, ``last`` the newest; ``counts`` of shape (keys,)."""
        self._ring[bucket % RING] += counts
        for index, window in enumerate(WINDOWS):
            if last - bucket < window:
                self.sums[index] += counts

    def with_open(self, bucket: int, counts: Counts, keys: Indexes) -> Counts:
        """Return :attr:`sums` of some keys as if ``bucket``, the one after the last, closed now.

        ``counts`` are those of all keys; the result has shape (windows, len(keys)).
        """
        newest = counts[keys]
        leaving = [self._ring[(bucket - window) % RING, keys] for window in WINDOWS]
        sums: Counts = self.sums[:, keys] + newest - np.array(leaving, dtype=np.uint32)
        return sums

    def at(self, bucket: int) -> Counts:
        """Return the counts of one of the last buckets; shape (keys,)."""
        counts: Counts = self._ring[bucket % RING]
        return counts

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {"ring": self._ring}

    def restore(self, arrays: dict[str, NDArray[Any]], last: int | None) -> None:
        """Restore the state; ``last`` is the newest bucket."""
        self._ring = arrays["ring"]
        self.sums = np.zeros((len(WINDOWS), self._ring.shape[1]), dtype=np.uint32)
        if last is not None:
            for index, window in enumerate(WINDOWS):
                held = np.arange(last - window + 1, last + 1) % RING
                self.sums[index] = self._ring[held].sum(axis=0, dtype=np.uint32)
