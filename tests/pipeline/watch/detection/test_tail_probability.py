"""The tails, against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.watch.detection.tail_probability import (
    count_exponent,
    count_interval,
    count_tail,
    log_gamma,
    share_exponent,
    share_tail,
    wilson_lower,
)

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


@given(st.floats(1e-3, 1e7))
def test_log_gamma_is_scipys(z: float) -> None:
    assert float(special.gammaln(z)) == pytest.approx(
        float(log_gamma(one(z))[0]), rel=1e-11, abs=1e-11
    )


@settings(max_examples=300)
@given(st.integers(1, 2_000), st.floats(0.001, 500), st.floats(1.01, 50))
def test_the_count_tail_is_the_negative_binomials(x: int, mean: float, dispersion: float) -> None:
    if x < mean:
        x = int(mean) + 1
    expected = stats.nbinom.logsf(x - 1, mean / (dispersion - 1), 1 / dispersion)
    if expected < -600:
        return
    actual = count_tail(one(x), one(mean), one(dispersion))[0]
    assert expected == pytest.approx(actual, rel=1e-8, abs=1e-8)
    assert actual <= -count_exponent(one(x), one(mean), one(dispersion))[0] + 1e-9


@given(st.integers(1, 200), st.floats(0.01, 100))
def test_without_dispersion_the_count_tail_is_poissons(x: int, mean: float) -> None:
    if x < mean:
        x = int(mean) + 1
    expected = stats.poisson.logsf(x - 1, mean)
    if expected < -600:
        return
    assert expected == pytest.approx(count_tail(one(x), one(mean), one(1.0))[0], rel=1e-3, abs=1e-4)


@settings(max_examples=300)
@given(st.integers(1, 300), st.integers(0, 300), st.floats(0.01, 0.95))
def test_the_share_tail_is_the_binomials(x: int, others: int, share: float) -> None:
    n = x + others
    if x <= n * share:
        return
    expected = stats.binom.logsf(x - 1, n, share)
    if expected < -600:
        return
    actual = share_tail(one(x), one(n), one(share), one(1.0))[0]
    assert expected == pytest.approx(actual, rel=1e-8, abs=1e-8)
    assert actual <= -share_exponent(one(x), one(n), one(share), one(1.0))[0] + 1e-9


def test_the_wilson_bound_is_scipys() -> None:
    for x, n in ((1, 10), (5, 5), (40, 90)):
        low = stats.binomtest(x, n).proportion_ci(0.9, "wilson").low
        assert low == pytest.approx(wilson_lower(x, n, 1.6448536), rel=1e-6)


@given(st.floats(0.05, 400), st.floats(1.05, 10))
def test_the_interval_is_that_of_the_quantiles(mean: float, dispersion: float) -> None:
    law = stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
    low, high = count_interval(mean, dispersion)
    assert law.cdf(high) >= 0.975 - 1e-9
    assert law.cdf(low - 1) <= 0.025 + 1e-9
