"""Scores of cases: medians of waiting times, shares, numbers, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from scipy import stats

from pipeline.scores.cases import case_scores, median, volume
from schemas.case import Case, derive_case_id
from schemas.score import Dimensions, MeasureName, Period, PeriodName

MARCH = Period(
    name=PeriodName.MONTH,
    start=datetime(2026, 3, 1, tzinfo=UTC),
    end=datetime(2026, 4, 1, tzinfo=UTC),
)
FEBRUARY = Period(
    name=PeriodName.MONTH,
    start=datetime(2026, 2, 1, tzinfo=UTC),
    end=datetime(2026, 3, 1, tzinfo=UTC),
)
NOW = datetime(2026, 4, 2, tzinfo=UTC)


def case(number: int, *, month: int = 3, hours: float | None = None, **fields: Any) -> Case:
    opened = datetime(2026, month, 2, tzinfo=UTC) + timedelta(minutes=number)
    feedback_id = f"{number:032x}"
    answered = None if hours is None else opened + timedelta(hours=hours)
    usual: dict[str, Any] = {"site": "Eastgate", "topics": ("food", "parking"), "source": "form"}
    return Case(
        case_id=derive_case_id(feedback_id), revision=1, events=(), feedback_id=feedback_id,
        type="complaint", priority="high", opened_at=opened, updated_at=opened,
        due_at=opened + timedelta(days=3), first_answered_at=answered,
        given_at=opened, **{**usual, **fields},
    )  # fmt: skip


def score_cases(cases: Sequence[Case]) -> Any:
    return case_scores(
        cases, period=MARCH, previous=FEBRUARY, scope=Dimensions(), by=("site", "topic"),
        computed_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("n", [5, 6, 7, 10, 25, 100, 999])
def test_the_medians_interval_covers_at_least_95_of_100_and_no_narrower_one_does(n: int) -> None:
    value, low, high = median(float(number) for number in range(1, n + 1))
    rank = int(stats.binom.ppf(0.025, n, 0.5))  # the greatest r with P(X < r) <= 2.5 %
    assert value == (n + 1) / 2
    assert (low, high) == ((rank, n + 1 - rank) if rank else (0.0, None))
    if rank:
        assert 1 - 2 * stats.binom.cdf(rank - 1, n, 0.5) >= 0.95
        assert 1 - 2 * stats.binom.cdf(rank, n, 0.5) < 0.95


def test_who_waits_still_waits_longest() -> None:
    assert median([1.0, 2.0, 3.0, None, None]) == (3.0, 0.0, None)
    assert median([1.0, 2.0, None, None, None])[0] is None
    answered = [float(hour) for hour in range(1, 31)]
    assert median([*answered, *[None] * 5])[0] == 18.0


def test_a_numbers_interval_is_where_the_score_test_of_a_poisson_mean_does_not_refuse() -> None:
    value, low, high = volume([case(number) for number in range(20)])
    assert value == 20
    for end in (low, high):
        assert end is not None
        assert abs(20 - end) / math.sqrt(end) == pytest.approx(stats.norm.ppf(0.975))


def test_scores_are_of_the_cases_opened_in_the_period() -> None:
    before = [case(number, month=2, hours=10) for number in range(8)]
    now = [case(number + 100, hours=4, first_overdue_at=NOW if number < 3 else None)
           for number in range(10)]  # fmt: skip
    scores = score_cases([*before, *now, case(999, site="Westgate", topics=())])
    overall = scores.overall.scores
    opened = overall[MeasureName.CASES_OPENED]
    assert (opened.value, opened.previous_value, opened.changed) == (11, 8, False)
    waited = overall[MeasureName.CASE_HOURS_TO_ANSWER]
    assert (waited.value, waited.previous_value, waited.change, waited.changed) == (4, 10, -6, True)
    overdue = overall[MeasureName.SHARE_CASES_OVERDUE]
    low, high = stats.binomtest(3, 11).proportion_ci(method="wilson")
    assert (overdue.value, overdue.low, overdue.high) == pytest.approx(
        (300 / 11, 100 * low, 100 * high)
    )
    never = overall[MeasureName.CASE_HOURS_TO_RESOLVE]
    assert (never.value, never.suppressed, never.n) == (None, False, 11)
    assert [row.name for row in scores.groups["site"]] == ["Eastgate", "Westgate"]
    assert [row.name for row in scores.groups["topic"]] == ["food", "parking"]


def test_fewer_than_five_cases_are_told_by_no_measure() -> None:
    scores = score_cases([case(number, hours=1, first_overdue_at=NOW) for number in range(4)])
    for score in scores.overall.scores.values():
        assert (score.n, score.suppressed, score.value, score.low, score.high) == (
            4, True, None, None, None,
        )  # fmt: skip


def test_without_cases_there_are_no_scores() -> None:
    assert score_cases([]) is None
    assert score_cases([case(1, month=1)]) is None
