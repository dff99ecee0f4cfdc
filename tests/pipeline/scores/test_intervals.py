"""Intervals against statsmodels and scipy, and against what they are defined by."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.scores import intervals

SAME = {"rel": 1e-12, "abs": 1e-14}
SHARES = [(0, 5), (5, 5), (1, 5), (3, 7), (80, 100), (999, 1_000), (0, 100_000), (31_415, 100_000)]


@pytest.mark.parametrize(("hits", "n"), SHARES)
def test_the_interval_of_a_share_is_wilson_s(hits: int, n: int) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(hits, n, method="wilson")
    assert intervals.wilson(hits, n) == pytest.approx(expected, **SAME)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 33, 250, 999, 1_000, 1_001, 5_000, 10**6])
def test_the_quantile_is_student_s(freedom: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert intervals.t_quantile(0.975, freedom) == pytest.approx(
        stats.t.ppf(0.975, freedom), rel=1e-12
    )


def test_the_interval_of_a_mean_is_student_s() -> None:
    weightstats = pytest.importorskip("statsmodels.stats.weightstats")
    answers = np.array([0.25, 0.5, 0.5, 0.75, 0.75, 0.75, 1.0])
    expected = weightstats.DescrStatsW(answers).tconfint_mean()
    interval = intervals.mean(answers.mean(), answers.var(ddof=1), len(answers))
    assert interval == pytest.approx(expected, **SAME)


def test_answers_that_are_all_the_same_are_not_taken_for_certain() -> None:
    assert intervals.mean(1.0, 0.0, 5) == intervals.wilson(5, 5)
    low, high = intervals.mean(0.5, 0.0, 5)
    assert (low, high) == intervals.wilson(2.5, 5)
    assert low < 0.5 < high


@pytest.mark.parametrize("moved", [SHARES[2], SHARES[4], (95, 240)])
def test_the_change_between_two_shares_is_newcombe_s(moved: tuple[int, int]) -> None:
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    (hits, n), (hits_before, n_before) = moved, (41, 90)
    expected = proportion.confint_proportions_2indep(
        hits, n, hits_before, n_before, method="newcomb", compare="diff"
    )
    interval = intervals.difference(
        hits / n, intervals.wilson(hits, n),
        hits_before / n_before, intervals.wilson(hits_before, n_before),
    )  # fmt: skip
    assert interval == pytest.approx(expected, **SAME)


@pytest.mark.parametrize("counts", [(7, 1, 10), (40, 25, 100), (3, 3, 9), (1, 0, 30), (0, 4, 12)])
def test_the_ends_of_a_net_share_are_where_its_own_test_begins_to_refuse(
    counts: tuple[int, int, int],
) -> None:
    plus, minus, n = counts
    shares = np.array([plus, n - plus - minus, minus]) / n
    contrast = np.array([1, 0, -1])
    net = contrast @ shares
    second_moment = contrast**2 @ shares
    for end in intervals.net_share(plus, minus, n):
        z = (net - end) / np.sqrt((second_moment - end**2) / n)
        assert abs(z) == pytest.approx(intervals.Z, rel=1e-9)


def test_without_passives_a_net_share_is_wilson_s() -> None:
    low, high = intervals.wilson(17, 20)
    assert intervals.net_share(17, 3, 20) == pytest.approx((2 * low - 1, 2 * high - 1), **SAME)
    assert intervals.net_share(20, 0, 20)[1] == 1.0
    assert intervals.net_share(0, 20, 20)[0] == -1.0


def test_a_net_share_of_passives_only_is_not_certain_to_be_nought() -> None:
    _, high = intervals.wilson(0, 8)
    assert intervals.net_share(0, 0, 8) == (-high, high)


def test_a_net_share_of_few_covers_the_truth_more_often_than_wald_s() -> None:
    """Simulated: 10 answers of 90, 8 and 2 percent; Wald's holds the truth in two thirds."""
    draws = np.random.default_rng(7).multinomial(10, (0.9, 0.08, 0.02), 2_000)
    covered = [
        low <= 0.88 <= high
        for plus, _, minus in draws.tolist()
        for low, high in [intervals.net_share(plus, minus, 10)]
    ]
    assert np.mean(covered) > 0.9
