"""How far event time has come in one partition of the signals. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

from pipeline.watch.detection.signals import BUCKET_S

_HELD: Final = 100_000
_FURTHEST_S: Final = 1.5 * 86_400  # the detector drops what is two days ahead


class Clock:
    """The highest time seen; while upstream is behind, what it was some signals ago.

    After an outage the enrich role reads one partition's backlog after the other: the first brings
    the time to now, and the others would all be taken for late.
    """

    def __init__(self) -> None:
        self.highest = 0.0
        self._seen = 0
        self._steps: deque[tuple[int, float]] = deque([(0, 0.0)])

    def saw(self, at: float) -> bool:
        """Take in one signal's time; whether a bucket begins with it."""
        self._seen += 1
        if at <= self.highest:
            return False
        begins = at // BUCKET_S > self.highest // BUCKET_S
        self.highest = at
        if begins:
            self._steps.append((self._seen, at))
        return begins

    def watermark(self, *, behind: bool) -> float:
        """Seconds since 1970 up to which all is believed to have come."""
        steps = self._steps
        while len(steps) > 1 and steps[1][0] <= self._seen - _HELD:
            steps.popleft()
        if not behind:
            return self.highest
        return max(steps[0][1], self.highest - _FURTHEST_S)
