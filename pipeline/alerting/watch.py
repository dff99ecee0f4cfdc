"""One kind of count, negative or urgent, over all keys: what happens when a bucket closes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.alerting.episodes import Episodes, Notice
from pipeline.alerting.levels import Levels
from pipeline.alerting.options import LATE, RING, WINDOWS, Options, Rules
from pipeline.alerting.scan import Counted, scan
from pipeline.alerting.windows import Windows

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]


class Hours(NamedTuple):
    """What the hours of the week make of each key; see :class:`~.seasons.Seasons`."""

    exposure: Floats
    """Factors summed over each trailing window; shape (windows, keys)."""
    settled: Floats
    """Factors of the bucket that is learnt now; shape (keys,)."""


class Watch:
    """Counts, what is usual, and episodes of one kind."""

    def __init__(self, rules: Rules, options: Options) -> None:
        self._rules = rules
        self.x, self.n = Windows(), Windows()
        self.levels = Levels(options.half_life_days)
        self.episodes = Episodes(rules, options)

    def grow(self, keys: int) -> None:
        """Make room for so many keys."""
        for part in (self.x, self.n, self.levels, self.episodes):
            part.grow(keys)

    def close(
        self,
        bucket: int,
        x: NDArray[np.uint32],
        n: NDArray[np.uint32],
        hours: Hours,
        silent: NDArray[np.bool_],
        parents: Indexes,
    ) -> list[Notice]:
        """Close one bucket: test, then learn what is settled; all arrays of shape (keys,).

        ``x`` of ``n`` counted; ``silent`` keys raise no alert; ``parents`` as in
        :meth:`~.episodes.Episodes.step`.
        """
        self.x.close(bucket, x)
        self.n.close(bucket, n)
        counted = Counted(self.x.sums, self.n.sums, self.levels.rate * hours.exposure)
        testable = np.where(silent, 0, np.minimum(bucket - self.episodes.ended, RING))
        limit = self.limit(silent)
        found = scan(counted, self.levels, self._rules, testable, limit)
        notices = self.episodes.step(bucket, found, limit, counted, parents, self._onset)
        self._learn(bucket, counted, hours)
        return notices

    def limit(self, silent: NDArray[np.bool_]) -> float:
        """The score that the budget asks for, with so many keys that may raise an alert."""
        active = int(np.count_nonzero((self.levels.seen > 0.5) & ~silent))
        return math.log10(max(1, active) / self._rules.false_alarms_a_day)

    def _learn(self, bucket: int, counted: Counted, hours: Hours) -> None:
        frozen = self.episodes.frozen(bucket)
        for index, window in enumerate(WINDOWS):
            if (bucket + 1) % window == 0:
                x = counted.x[index].astype(np.float64)
                n = counted.n[index].astype(np.float64)
                self.levels.learn_swing(index, x, n, counted.mean[index], ~frozen)
        settled = bucket - LATE
        x = self.x.at(settled).astype(np.float64)
        n = self.n.at(settled).astype(np.float64)
        self.levels.learn(x, n, hours.settled, frozen)

    def _onset(self, key: int, window: int, bucket: int) -> int:
        """Where in the trailing window the likelihood says that the rate went up."""
        span = np.arange(bucket - window + 1, bucket + 1)
        from_then_on = np.cumsum([self.x.at(int(b))[key] for b in span[::-1]])[::-1]
        usual = float(self.levels.rate[key]) * np.arange(window, 0, -1)
        ratio = np.maximum(from_then_on / usual, 1.0)
        gain = from_then_on * np.log(ratio) - usual * (ratio - 1)
        start = int(span[int(np.argmax(gain))])
        return max(start, int(self.episodes.ended[key]) + 1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state that is arrays."""
        parts: dict[str, Windows | Levels] = {"x": self.x, "n": self.n, "levels": self.levels}
        arrays = {f"{n}.{k}": v for n, part in parts.items() for k, v in part.arrays().items()}
        return {**arrays, "ended": self.episodes.ended}

    def restore(self, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
        """Take the state back: :meth:`arrays`, and ``episodes.facts()``."""
        parts: dict[str, Windows | Levels] = {"x": self.x, "n": self.n, "levels": self.levels}
        for name, part in parts.items():
            own = {k.split(".")[1]: v for k, v in arrays.items() if k.startswith(f"{name}.")}
            part.restore(own)
        self.episodes.restore(facts, arrays["ended"])
