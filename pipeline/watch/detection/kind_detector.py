"""Detection of one kind, negative or urgent, over all keys, when a bucket closes."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.baseline import Baselines
from pipeline.watch.detection.episodes import Episodes, Notice
from pipeline.watch.detection.options import LATE, RING, WINDOWS, DetectorOptions, SpikeRules
from pipeline.watch.detection.scan import Observations, scan
from pipeline.watch.detection.windows import Counts, Windows

Floats = NDArray[np.float64]
Indexes = NDArray[np.int64]


class HourlyFactors(NamedTuple):
    """Factors of the hours of the week for each key; see :class:`~.seasonality.Seasonality`."""

    exposure: Floats
    """Factors summed over each trailing window; shape (windows, keys)."""
    settled: Floats
    """Factors of the bucket that is learnt now; shape (keys,)."""


def select_arrays(name: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of one part, by their own names."""
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


class KindDetector:
    """Counts, baselines and episodes of one kind."""

    def __init__(self, rules: SpikeRules, options: DetectorOptions) -> None:
        self._rules = rules
        self.x, self.n = Windows(), Windows()
        self.baselines = Baselines(options.half_life_days)
        self.episodes = Episodes(rules, options)

    def grow(self, keys: int) -> None:
        """Grow to ``keys`` keys."""
        for part in (self.x, self.n, self.baselines, self.episodes):
            part.grow(keys)

    def close(
        self,
        bucket: int,
        x: NDArray[np.uint32],
        n: NDArray[np.uint32],
        hours: HourlyFactors,
        silent: NDArray[np.bool_],
        parents: Indexes,
    ) -> list[Notice]:
        """Close one bucket: test, then learn from the settled one; all arrays of shape (keys,).

        ``x`` of ``n`` counted; ``silent`` keys raise no alert; ``parents`` as in
        :meth:`~.episodes.Episodes.step`.
        """
        self.x.close(bucket, x)
        self.n.close(bucket, n)
        observed = Observations(self.x.sums, self.n.sums, self.baselines.rate * hours.exposure)
        testable = np.where(silent, 0, np.minimum(bucket - self.episodes.ended, RING))
        limit = self.limit(silent)
        findings = scan(observed, self.baselines, self._rules, testable, limit)
        onset = partial(self._onset, x)
        notices = self.episodes.step(bucket, findings, limit, observed, parents, onset)
        self._learn(bucket, observed, hours)
        return notices

    def evaluate_open_bucket(
        self,
        bucket: int,
        x: Counts,
        n: Counts,
        exposure: Floats,
        silent: NDArray[np.bool_],
        parents: Indexes,
        places: Indexes,
    ) -> list[Notice]:
        """Test some keys, ``places``, as if the bucket were over; learn nothing.

        The expectation is that of the whole bucket, and other comments are assumed to arrive as
        usual until its end. ``exposure`` is that of ``places``, shape (windows, len(places)); other
        arrays as in :meth:`close`.
        """
        others = self.baselines.others[places] * exposure[0]
        arrived = n[places].astype(np.float64) - x[places]
        observed = Observations(
            self.x.with_open(bucket, x, places),
            self.n.with_open(bucket, n, places),
            self.baselines.rate[places] * exposure,
            np.maximum(others - arrived, 0.0),
        )
        since = np.minimum(bucket - self.episodes.ended[places], RING)
        testable = np.where(silent[places], 0, since)
        limit = self.limit(silent)
        findings = scan(observed, self.baselines, self._rules, testable, limit, places)
        return self.episodes.evaluate_open_bucket(
            bucket, findings, limit, parents, partial(self._onset, x)
        )

    def limit(self, silent: NDArray[np.bool_]) -> float:
        """Return the score required by the budget, given the keys that may raise an alert."""
        active = int(np.count_nonzero((self.baselines.seen > 0.5) & ~silent))
        return math.log10(max(1, active) / self._rules.false_alarms_a_day)

    def _learn(self, bucket: int, observed: Observations, hours: HourlyFactors) -> None:
        frozen = self.episodes.frozen_mask(bucket)
        for index, window in enumerate(WINDOWS):
            if (bucket + 1) % window == 0:
                x = observed.x[index].astype(np.float64)
                n = observed.n[index].astype(np.float64)
                self.baselines.learn_dispersion(index, x, n, observed.mean[index], ~frozen)
        settled = bucket - LATE
        x = self.x.at(settled).astype(np.float64)
        n = self.n.at(settled).astype(np.float64)
        self.baselines.learn(x, n, hours.settled, frozen)

    def _onset(self, newest: Counts, key: int, window: int, bucket: int) -> int:
        """Return the most likely bucket in the trailing window at which the rate rose.

        ``newest`` are the counts of its last bucket.
        """
        span = np.arange(bucket - window + 1, bucket + 1)
        before = [self.x.at(int(b))[key] for b in span[-2::-1]]
        from_then_on = np.cumsum([newest[key], *before])[::-1]
        usual = float(self.baselines.rate[key]) * np.arange(window, 0, -1)
        ratio = np.maximum(from_then_on / usual, 1.0)
        gain = from_then_on * np.log(ratio) - usual * (ratio - 1)
        start = int(span[int(np.argmax(gain))])
        return max(start, int(self.episodes.ended[key]) + 1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state that is arrays."""
        parts: dict[str, Windows | Baselines] = {"x": self.x, "n": self.n, "levels": self.baselines}
        arrays = {f"{n}.{k}": v for n, part in parts.items() for k, v in part.arrays().items()}
        return {**arrays, "ended": self.episodes.ended}

    def restore(
        self, arrays: dict[str, NDArray[Any]], facts: dict[str, Any], last: int | None
    ) -> None:
        """Restore :meth:`arrays` and ``episodes.facts()``; ``last`` is the newest bucket."""
        self.x.restore(select_arrays("x", arrays), last)
        self.n.restore(select_arrays("n", arrays), last)
        self.baselines.restore(select_arrays("levels", arrays))
        self.episodes.restore(facts, arrays["ended"])
