"""One kind of count, negative or urgent, over all keys: what happens when a bucket closes."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.baseline import Levels
from pipeline.watch.detection.episodes import Episodes, Notice
from pipeline.watch.detection.options import LATE, RING, WINDOWS, Options, Rules
from pipeline.watch.detection.scan import Counted, scan
from pipeline.watch.detection.windows import Counts, Windows

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]


class Hours(NamedTuple):
    """What the hours of the week make of each key; see :class:`~.seasons.Seasons`."""

    exposure: Floats
    """Factors summed over each trailing window; shape (windows, keys)."""
    settled: Floats
    """Factors of the bucket that is learnt now; shape (keys,)."""


def under(name: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays of one part, by their own names."""
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


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
        onset = partial(self._onset, x)
        notices = self.episodes.step(bucket, found, limit, counted, parents, onset)
        self._learn(bucket, counted, hours)
        return notices

    def glance(
        self,
        bucket: int,
        x: Counts,
        n: Counts,
        exposure: Floats,
        silent: NDArray[np.bool_],
        parents: Indexes,
        places: Indexes,
    ) -> list[Notice]:
        """Test some keys, ``places``, as :meth:`close` would were the bucket over; learn nothing.

        Expected is what the whole bucket lets expect, and other comments are taken to come as
        usual until its end. ``exposure`` is that of ``places``, shape (windows, len(places));
        other arrays as in :meth:`close`.
        """
        others = self.levels.others[places] * exposure[0]
        came = n[places].astype(np.float64) - x[places]
        counted = Counted(
            self.x.with_open(bucket, x, places),
            self.n.with_open(bucket, n, places),
            self.levels.rate[places] * exposure,
            np.maximum(others - came, 0.0),
        )
        since = np.minimum(bucket - self.episodes.ended[places], RING)
        testable = np.where(silent[places], 0, since)
        limit = self.limit(silent)
        found = scan(counted, self.levels, self._rules, testable, limit, places)
        return self.episodes.glance(bucket, found, limit, parents, partial(self._onset, x))

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

    def _onset(self, newest: Counts, key: int, window: int, bucket: int) -> int:
        """Where in the trailing window the likelihood says that the rate went up; ``newest`` are
        the counts of its last bucket."""
        span = np.arange(bucket - window + 1, bucket + 1)
        before = [self.x.at(int(b))[key] for b in span[-2::-1]]
        from_then_on = np.cumsum([newest[key], *before])[::-1]
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

    def restore(
        self, arrays: dict[str, NDArray[Any]], facts: dict[str, Any], last: int | None
    ) -> None:
        """Take the state back: :meth:`arrays`, ``episodes.facts()`` and the newest bucket."""
        self.x.restore(under("x", arrays), last)
        self.n.restore(under("n", arrays), last)
        self.levels.restore(under("levels", arrays))
        self.episodes.restore(facts, arrays["ended"])
