"""Tail probabilities of counts, exact by the regularised incomplete beta function.

The continued fraction is the one of Abramowitz and Stegun 26.5.8, evaluated by the modified Lentz
method (Thompson and Barnett 1986). It converges within a few dozen terms above the mean, the only
side that is needed.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_TINY: Final = 1e-300
_EPSILON: Final = 1e-14
_MAX_TERMS: Final = 500
_POISSON: Final = 1e-6  # below this excess of dispersion the two distributions do not differ
_SHIFT: Final = 8  # Stirling's series is exact to 1e-14 from here on


def log_gamma(z: Floats) -> Floats:
    """Return ln Γ(z) for z > 0, by Stirling's series after shifting small arguments up."""
    z = np.asarray(z, dtype=np.float64)
    small = z < _SHIFT
    product = np.ones_like(z)
    for step in range(_SHIFT):
        product = np.where(small, product * (z + step), product)
    y = np.where(small, z + _SHIFT, z)
    inverse = 1.0 / (y * y)
    series = 1 / 12 - inverse * (
        1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188)))
    )
    stirling = (y - 0.5) * np.log(y) - y + 0.5 * math.log(2 * math.pi) + series / y
    value: Floats = stirling - np.log(product)
    return value


def log_incomplete_beta(a: Floats, b: Floats, x: Floats) -> Floats:
    """Return ln I_x(a, b) for a, b > 0 and 0 < x < 1; arrays of one shape.

    Meant for small tails, x below a / (a + b); above that it is still correct, by symmetry, but
    its logarithm loses digits near 0.
    """
    swap = x > (a + 1) / (a + b + 2)
    a, b, x = np.where(swap, b, a), np.where(swap, a, b), np.where(swap, 1 - x, x)
    front = (
        log_gamma(a + b)
        - log_gamma(a)
        - log_gamma(b)
        + a * np.log(x)
        + b * np.log1p(-x)
        - np.log(a)
    )
    value = front + np.log(_fraction(a, b, x))
    return np.where(swap, np.log(np.maximum(-np.expm1(np.minimum(value, 0.0)), _TINY)), value)


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    c = np.ones_like(x)
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d.copy()
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        value = value * d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        step = d * c
        value = value * step
        if bool(np.all(np.abs(step - 1.0) < _EPSILON)):
            break
    return value


def _away_from_zero(z: Floats) -> Floats:
    return np.where(np.abs(z) < _TINY, _TINY, z)


def count_tail(x: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Return ln P(X >= x) of the negative binomial with variance ``dispersion * mean``.

    x >= 1, mean > 0, dispersion >= 1; at 1 it is that of the Poisson distribution.
    """
    excess = np.maximum(dispersion - 1.0, _POISSON)
    return log_incomplete_beta(x, mean / excess, excess / (1.0 + excess))


def share_tail(x: Floats, n: Floats, share: Floats, dispersion: Floats) -> Floats:
    """Return ln P(X >= x) of x among n at a usual ``share``; over-dispersion reduces n."""
    return log_incomplete_beta(x / dispersion, (n - x) / dispersion + 1.0, share)


def count_exponent(x: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Return the exponent of Chernoff's bound on :func:`count_tail`, for x > mean."""
    shape = mean / np.maximum(dispersion - 1.0, _POISSON)
    exponent: Floats = x * np.log(x / mean) - (x + shape) * np.log1p((x - mean) / (mean + shape))
    return exponent


def share_exponent(x: Floats, n: Floats, share: Floats, dispersion: Floats) -> Floats:
    """Return the exponent of Chernoff's bound on :func:`share_tail`, for x > n * share."""
    others = n - x
    not_all = others * np.log(np.maximum(others, _TINY) / (n * (1 - share)))
    exponent: Floats = (x * np.log(x / (n * share)) + not_all) / dispersion
    return exponent


def wilson_lower(x: Any, n: Any, z: float) -> Any:
    """Return the lower end of Wilson's interval (1927) of the share x / n, n > 0."""
    middle = x + z * z / 2
    spread = z * np.sqrt(x * (n - x) / n + z * z / 4)
    return (middle - spread) / (n + z * z)


def count_interval(mean: float, dispersion: float, outside: float = 0.025) -> tuple[int, int]:
    """Return the interval of counts with ``outside`` of the probability on each side."""
    excess = max(dispersion - 1.0, 1e-4)
    shape, q = mean / excess, excess / (1.0 + excess)
    probability = math.exp(shape * math.log1p(-q))
    if probability == 0.0:  # far from zero the normal distribution is as good
        spread = 1.96 * math.sqrt(mean * dispersion)
        return max(0, math.floor(mean - spread)), math.ceil(mean + spread)
    below, k, low = probability, 0, 0 if probability > outside else -1
    while below < 1 - outside and k < 100_000:
        probability *= (k + shape) / (k + 1) * q
        below += probability
        k += 1
        if low < 0 and below > outside:
            low = k
    return max(low, 0), k
