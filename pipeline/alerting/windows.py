"""Counts of the last day in buckets of event time, and their sums over trailing windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.options import RING, WINDOWS

Counts = NDArray[np.uint32]
Indexes = NDArray[np.int64]


class Windows:
    """A ring of the last buckets of every key, newest last; sums are kept, not computed anew."""

    def __init__(self, keys: int = 0) -> None:
        self._ring: Counts = np.zeros((RING, keys), dtype=np.uint32)
        self.sums: Counts = np.zeros((len(WINDOWS), keys), dtype=np.uint32)
        """Shape (windows, keys), after :meth:`close`."""

    def grow(self, keys: int) -> None:
        """Make room for so many keys."""
        more = keys - self._ring.shape[1]
        if more > 0:
            self._ring = np.pad(self._ring, ((0, 0), (0, more)))
            self.sums = np.pad(self.sums, ((0, 0), (0, more)))

    def close(self, bucket: int, counts: Counts) -> None:
        """Put in the counts of a bucket, the one after the last; shape (keys,)."""
        for index, window in enumerate(WINDOWS):
            self.sums[index] += counts
            self.sums[index] -= self._ring[(bucket - window) % RING]
        self._ring[bucket % RING] = counts

    def add_late(self, last: int, bucket: int, keys: Indexes) -> None:
        """Count one more for each of ``keys`` in a bucket that is closed, ``last`` the newest."""
        np.add.at(self._ring[bucket % RING], keys, 1)
        for index, window in enumerate(WINDOWS):
            if last - bucket < window:
                np.add.at(self.sums[index], keys, 1)

    def at(self, bucket: int) -> Counts:
        """The counts of one of the last buckets; shape (keys,)."""
        counts: Counts = self._ring[bucket % RING]
        return counts

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state."""
        return {"ring": self._ring, "sums": self.sums}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take the state back."""
        self._ring, self.sums = arrays["ring"], arrays["sums"]
