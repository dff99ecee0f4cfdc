"""Watermark of event time in one partition of the signals. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

from pipeline.watch.detection.signals import BUCKET_S

_MAX_SIGNALS_BACK: Final = 100_000
_MAX_LAG_S: Final = 1.5 * 86_400  # the detector drops what is two days ahead


class WatermarkTracker:
    """The highest event time; while the enrich role is behind, the highest some signals ago.

    After an outage the enrich role reads one partition's backlog after the other: the first
    advances the time to now, and the others would all be late.
    """

    def __init__(self) -> None:
        self.highest = 0.0
        self._seen = 0
        self._steps: deque[tuple[int, float]] = deque([(0, 0.0)])

    def observe(self, at: float) -> bool:
        """Record a signal's time; return True if it starts a bucket."""
        self._seen += 1
        if at <= self.highest:
            return False
        begins = at // BUCKET_S > self.highest // BUCKET_S
        self.highest = at
        if begins:
            self._steps.append((self._seen, at))
        return begins

    def watermark(self, *, behind: bool) -> float:
        """Return the Unix time (s) up to which everything is assumed to have arrived."""
        steps = self._steps
        while len(steps) > 1 and steps[1][0] <= self._seen - _MAX_SIGNALS_BACK:
            steps.popleft()
        if not behind:
            return self.highest
        return max(steps[0][1], self.highest - _MAX_LAG_S)
