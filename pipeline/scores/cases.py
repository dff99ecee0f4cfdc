"""Scores of cases: how many were opened, how long people waited, how many were overdue.

They cover the cases opened in a period, whenever they were handled. An open case counts as longer
than every other, so that neglecting cases improves no median; the median is
undetermined while more than half are open. Hours are clock hours, as people experience them.

- a number of cases: the score interval of a Poisson mean, which is Wilson's idea for counts.
- a median: between two of the ordered values, by the binomial distribution of how many lie below
  the true median (Conover, Practical Nonparametric Statistics, 3.2); distribution-free. An end
  that no value determines is omitted.
- a share: Wilson's interval, and for a change MOVER, as for all scores.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from pipeline.scores import intervals
from schemas.case import Case
from schemas.score import MIN_ANSWERS, Dimensions, MeasureName, Period, Score

EstimateWithInterval = tuple[float | None, float | None, float | None]
"""Value, and the lower and upper end of its interval; None if undetermined."""

_ONE_SIDE: Final = (1 - intervals.CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class CaseMeasure:
    """A measure of cases; lower is better, except for their number, which is neutral."""

    name: MeasureName
    title: str
    unit: str
    definition: str
    interval: str
    estimate: Callable[[Sequence[Case]], EstimateWithInterval]

    @property
    def span(self) -> float:
        """Range of the scale that the number of digits depends on."""
        return 100.0


@dataclass(frozen=True, slots=True)
class CaseRow:
    """The scores of one group's cases, or of all (``name`` is None)."""

    name: str | None
    scores: Mapping[MeasureName, Score]


@dataclass(frozen=True, slots=True)
class CaseScores:
    """The scores of all cases in a report's scope, and of the groups of its dimensions."""

    overall: CaseRow
    groups: Mapping[str, tuple[CaseRow, ...]]

    @property
    def rows(self) -> list[CaseRow]:
        """All rows, the total first."""
        return [self.overall, *(row for rows in self.groups.values() for row in rows)]


def volume(cases: Sequence[Case]) -> EstimateWithInterval:
    """Return the number of cases."""
    n, z2 = len(cases), intervals.Z**2
    half = intervals.Z * math.sqrt(n + z2 / 4)
    return float(n), max(0.0, n + z2 / 2 - half), n + z2 / 2 + half


def median(hours: Iterable[float | None]) -> EstimateWithInterval:
    """Return the median of waiting times, at least one; None is still waiting, longer than any."""
    ordered = sorted(math.inf if wait is None else wait for wait in hours)
    n = len(ordered)
    value = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    rank = _rank(n)
    # No wait is below 0: that is the lower end if there are too few values for another.
    low = ordered[rank - 1] if rank else 0.0
    high = ordered[n - rank] if rank else math.inf
    return _finite(value), _finite(low), _finite(high)


def _rank(n: int) -> int:
    """Return the largest r with P(X < r) <= 2.5 % if X of ``n`` lie below the median, else 0."""
    below, rank = 0.0, 0
    for number in range(n):
        below += math.exp(_log_binomial(n, number) - n * math.log(2))
        if below > _ONE_SIDE:
            break
        rank = number + 1
    return rank


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _share_overdue(cases: Sequence[Case]) -> EstimateWithInterval:
    late = sum(case.first_overdue_at is not None for case in cases)
    low, high = intervals.wilson(late, len(cases))
    return 100 * late / len(cases), 100 * low, 100 * high


def _hours(case: Case, until: datetime | None) -> float | None:
    return None if until is None else (until - case.opened_at).total_seconds() / 3_600


_ORDER: Final = "order statistics, by the binomial distribution"

CASE_MEASURES: Final = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            CaseMeasure(
                MeasureName.CASES_OPENED, "Cases opened", "cases", "cases that were opened",
                "score interval of a Poisson mean", volume,
            ),
            CaseMeasure(
                MeasureName.CASE_HOURS_TO_ANSWER, "Hours to first answer", "hours",
                "median of the hours from opening a case to its first answer; one without an "
                "answer counts as longer than all others",
                _ORDER, lambda cases: median(_hours(c, c.first_answered_at) for c in cases),
            ),
            CaseMeasure(
                MeasureName.CASE_HOURS_TO_RESOLVE, "Hours to resolve", "hours",
                "median of the hours from opening a case to its last resolution; one that is not "
                "resolved counts as longer than all others",
                _ORDER, lambda cases: median(_hours(c, c.resolved_at) for c in cases),
            ),
            CaseMeasure(
                MeasureName.SHARE_CASES_OVERDUE, "Cases overdue", "%",
                "share of the cases that were past due at some time",
                "Wilson's interval of a share", _share_overdue,
            ),
        )
    }
)  # fmt: skip
"""Every measure of cases, in the order of a report."""


def case_scores(
    cases: Sequence[Case],
    *,
    period: Period,
    previous: Period,
    scope: Dimensions,
    by: Iterable[str],
    computed_at: datetime,
) -> CaseScores | None:
    """Return the scores of the cases opened in the period, or None without cases."""
    now, before = _within(cases, period), _within(cases, previous)
    if not now and not before:
        return None

    def row(name: str | None, some: Sequence[Case], earlier: Sequence[Case], **of: str) -> CaseRow:
        dimensions = scope.model_copy(update=of)
        scores = {
            measure.name: _score(measure, period, dimensions, some, earlier, computed_at)
            for measure in CASE_MEASURES.values()
        }
        return CaseRow(name, scores)

    groups = {}
    for dimension in by:
        current, earlier = _group_by(dimension, now), _group_by(dimension, before)
        names = sorted(current.keys() | earlier.keys(), key=lambda n: (-len(current.get(n, ())), n))
        groups[dimension] = tuple(
            row(name, current.get(name, ()), earlier.get(name, ()), **{dimension: name})
            for name in names
        )
    return CaseScores(row(None, now, before), groups)


def _within(cases: Iterable[Case], period: Period) -> list[Case]:
    return [case for case in cases if period.start <= case.opened_at < period.end]


def _group_by(dimension: str, cases: Iterable[Case]) -> dict[str, list[Case]]:
    groups: dict[str, list[Case]] = {}
    for case in cases:
        value = case.topics if dimension == "topic" else getattr(case, dimension)
        for name in (value,) if isinstance(value, str) else value or ():
            groups.setdefault(name, []).append(case)
    return groups


def _score(
    measure: CaseMeasure,
    period: Period,
    dimensions: Dimensions,
    cases: Sequence[Case],
    before: Sequence[Case],
    computed_at: datetime,
) -> Score:
    n, n_before = len(cases), len(before)
    fields: dict[str, Any] = {"n": n, "suppressed": n < MIN_ANSWERS, "previous_n": n_before}
    value, low, high = _estimate(measure, cases)
    previous, low_before, high_before = _estimate(measure, before)
    fields |= {"value": value, "low": low, "high": high, "previous_value": previous}
    if value is not None and previous is not None:
        fields["change"] = value - previous
        if None not in (low, high, low_before, high_before):
            around, around_before = (
                (low or 0.0, high or 0.0),
                (low_before or 0.0, high_before or 0.0),
            )
            down, up = intervals.difference(value, around, previous, around_before)
            fields |= {"change_low": down, "change_high": up, "changed": down > 0 or up < 0}
    return Score.create(measure.name, period, dimensions, computed_at=computed_at, **fields)


def _estimate(measure: CaseMeasure, cases: Sequence[Case]) -> EstimateWithInterval:
    return measure.estimate(cases) if len(cases) >= MIN_ANSWERS else (None, None, None)
