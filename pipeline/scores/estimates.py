"""From counts of answers to a value with its interval, and to the change between two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from statistics import NormalDist
from typing import Any

from pipeline.scores import intervals
from pipeline.scores.intervals import Interval
from pipeline.scores.measures import MEASURES, IntervalKind, Measure, Weight
from schemas.score import MIN_ANSWERS, Dimensions, MeasureName, Period, Score

Counts = Counter[Weight]
"""Number of answers by weight."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score; ``value`` and ``interval`` are None with fewer than five answers."""

    n: int
    value: float | None = None
    interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Difference to the previous score, with its interval."""

    value: float
    interval: Interval

    @property
    def distinguishable(self) -> bool:
        """True if 0 is outside the 95 % interval."""
        low, high = self.interval
        return low > 0 or high < 0


def estimate(measure: Measure, counts: Mapping[Weight, int]) -> Estimate:
    """Estimate the score of the answers; suppressed if they are few."""
    n = sum(counts.values())
    if n < MIN_ANSWERS:
        return Estimate(n)
    exact = sum((Fraction(weight) * count for weight, count in counts.items()), Fraction(0)) / n
    value = float(exact)
    if measure.kind is IntervalKind.NET:
        low, high = intervals.net_share(counts.get(Weight(100), 0), counts.get(Weight(-100), 0), n)
        return Estimate(n, value, (100 * low, 100 * high))
    if measure.kind is IntervalKind.SHARE:
        low, high = intervals.wilson(counts.get(Weight(100), 0), n)
        return Estimate(n, value, (100 * low, 100 * high))
    squares = sum(((Fraction(w) - exact) ** 2 * count for w, count in counts.items()), Fraction(0))
    return Estimate(n, value, intervals.mean(value, float(squares / (n - 1)), n))


def compute_change(now: Estimate, before: Estimate) -> Change | None:
    """Return the change from ``before`` to ``now``; None if either is suppressed."""
    if now.value is None or now.interval is None:
        return None
    if before.value is None or before.interval is None:
        return None
    between = intervals.difference(now.value, now.interval, before.value, before.interval)
    return Change(now.value - before.value, between)


def score(
    name: MeasureName,
    period: Period,
    dimensions: Dimensions,
    counts: Mapping[Weight, int],
    counts_before: Mapping[Weight, int] | None,
    computed_at: datetime,
) -> Score:
    """Build the record of a score; ``counts_before`` are the previous period's answers, if any."""
    now = estimate(MEASURES[name], counts)
    fields: dict[str, Any] = {"n": now.n, "suppressed": now.value is None, "value": now.value}
    if now.interval is not None:
        fields["low"], fields["high"] = now.interval
    if counts_before is not None:
        before = estimate(MEASURES[name], counts_before)
        fields |= {"previous_n": before.n, "previous_value": before.value}
        difference = compute_change(now, before)
        if difference is not None:
            fields |= {"change": difference.value, "changed": difference.distinguishable}
            fields["change_low"], fields["change_high"] = difference.interval
    return Score.create(name, period, dimensions, computed_at=computed_at, **fields)


def significant_scores(scores: Sequence[Score]) -> set[str]:
    """Return the ids of scores whose change is significant among all comparisons.

    At most one in twenty of them is so by chance: the procedure of Benjamini and Hochberg (1995),
    with the normal test that matches a change's interval.
    """
    ranked = sorted((_p_value(score), score.score_id) for score in scores if score.change)
    last = max(
        (
            rank
            for rank, (p_value, _) in enumerate(ranked, start=1)
            if p_value <= (1 - intervals.CONFIDENCE) * rank / len(ranked)
        ),
        default=0,
    )
    return {score_id for _, score_id in ranked[:last]}


def _p_value(score: Score) -> float:
    """Return the probability of a change at least as large by chance alone."""
    if score.change is None or score.change_low is None or score.change_high is None:
        return 1.0
    nearer = score.change_low if score.change > 0 else score.change_high
    error = abs(score.change - nearer) / intervals.Z
    return 2 * NormalDist().cdf(-abs(score.change) / error) if error else 0.0
