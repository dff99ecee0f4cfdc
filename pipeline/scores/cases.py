"""Scores of cases: how many were opened, how long people waited, how many were overdue.

Of the cases that were opened in a period, whenever they were dealt with. One that still waits
counts as longer than every other, so that leaving cases alone makes no median better; where more
than half wait, there is no median yet. Hours are those of the clock, as people live through them.

- a number of cases: the score interval of a Poisson mean, which is Wilson's idea for counts.
- a median: between two of the ordered values, by the binomial distribution of how many lie below
  the true median (Conover, Practical Nonparametric Statistics, 3.2); no assumption of a shape. An
  end that no value tells is left out.
- a share: Wilson's interval, and a change: MOVER, as of all scores.
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

Found = tuple[float | None, float | None, float | None]
"""Value, and the lower and upper end of its interval; None where there is none."""

_ONE_SIDE: Final = (1 - intervals.CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class CaseMeasure:
    """A measure of cases; lower is better with all but their number, which is neither."""

    name: MeasureName
    title: str
    unit: str
    definition: str
    interval: str
    estimate: Callable[[Sequence[Case]], Found]

    @property
    def span(self) -> float:
        """What its digits go by: more than 1."""
        return 100.0


@dataclass(frozen=True, slots=True)
class CaseRow:
    """The scores of one group's cases, or of all (``name`` is None)."""

    name: str | None
    scores: Mapping[MeasureName, Score]


@dataclass(frozen=True, slots=True)
class CaseScores:
    """The scores of all cases of a report's scope, and of the groups of its dimensions."""

    overall: CaseRow
    groups: Mapping[str, tuple[CaseRow, ...]]

    @property
    def rows(self) -> list[CaseRow]:
        """All of them."""
        return [self.overall, *(row for rows in self.groups.values() for row in rows)]


def volume(cases: Sequence[Case]) -> Found:
    """How many there are."""
    n, z2 = len(cases), intervals.Z**2
    half = intervals.Z * math.sqrt(n + z2 / 4)
    return float(n), max(0.0, n + z2 / 2 - half), n + z2 / 2 + half


def median(hours: Iterable[float | None]) -> Found:
    """Of waiting times, at least one; None still waits, longer than any."""
    ordered = sorted(math.inf if one is None else one for one in hours)
    n = len(ordered)
    value = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    rank = _rank(n)
    # No waiting time is below 0: with so few that no value tells the lower end, that does.
    low = ordered[rank - 1] if rank else 0.0
    high = ordered[n - rank] if rank else math.inf
    return _known(value), _known(low), _known(high)


def _rank(n: int) -> int:
    """The greatest r with P(X < r) <= 2.5 % where X of ``n`` lie below the median; 0: none."""
    below, rank = 0.0, 0
    for number in range(n):
        below += math.exp(_log_binomial(n, number) - n * math.log(2))
        if below > _ONE_SIDE:
            break
        rank = number + 1
    return rank


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _share_overdue(cases: Sequence[Case]) -> Found:
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
    """The scores of cases that were opened in the period; None where there are none at all."""
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
        told, told_before = _grouped(dimension, now), _grouped(dimension, before)
        names = sorted(told.keys() | told_before.keys(), key=lambda n: (-len(told.get(n, ())), n))
        groups[dimension] = tuple(
            row(name, told.get(name, ()), told_before.get(name, ()), **{dimension: name})
            for name in names
        )
    return CaseScores(row(None, now, before), groups)


def _within(cases: Iterable[Case], period: Period) -> list[Case]:
    return [case for case in cases if period.start <= case.opened_at < period.end]


def _grouped(dimension: str, cases: Iterable[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        value = case.topics if dimension == "topic" else getattr(case, dimension)
        for name in (value,) if isinstance(value, str) else value or ():
            found.setdefault(name, []).append(case)
    return found


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
    value, low, high = _told(measure, cases)
    previous, low_before, high_before = _told(measure, before)
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


def _told(measure: CaseMeasure, cases: Sequence[Case]) -> Found:
    return measure.estimate(cases) if len(cases) >= MIN_ANSWERS else (None, None, None)
