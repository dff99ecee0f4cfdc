"""Intervals of 95 %: of a share, of a net share, of a mean, and of the change between two.

- a share: Wilson (1927), which stays inside 0 and 1 and is informative even for 5 of 5.
- a net share, as the Net Promoter Score is: the difference of two shares of one multinomial sample,
  with the score interval's idea: the values that the test with their own variance does not
  reject. Without passives it is Wilson's interval of the promoters.
- a mean: Student's t, kept on the scale; Wilson's, the widest possible, if all answers are the
  same and t's has no width.
- a change: MOVER, the method of variance estimates recovery (Zou and Donner, 2008) from the two
  intervals; for shares it is Newcombe's hybrid score interval (1998).
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

Interval = tuple[float, float]

CONFIDENCE: Final = 0.95
Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

_MANY: Final = 1_000


def wilson(hits: float, n: int) -> Interval:
    """Return the interval of the share ``hits / n``, 0 to 1; ``n`` is at least 1."""
    share, z2 = hits / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At the ends of the scale rounding must not move the interval's end off them.
    low = 0.0 if hits <= 0 else max(0.0, middle - half)
    high = 1.0 if hits >= n else min(1.0, middle + half)
    return low, high


def net_share(plus: int, minus: int, n: int) -> Interval:
    """Return the interval of ``(plus - minus) / n``, -1 to 1; ``n`` is at least 1.

    The ends are the roots of ``n (net - x)² = z² (moved - x²)``, with ``moved`` the share of plus
    and minus together. If there are none of either, one such answer of each is assumed.
    """
    z2 = Z * Z
    if plus + minus == 0:
        low, high = wilson(0, n)
        return -high, high
    net, moved = (plus - minus) / n, (plus + minus) / n
    middle = n * net / (n + z2)
    half = math.sqrt(max(0.0, middle**2 - (n * net * net - z2 * moved) / (n + z2)))
    low = -1.0 if minus == n else max(-1.0, middle - half)
    high = 1.0 if plus == n else min(1.0, middle + half)
    return low, high


def mean(value: float, variance: float, n: int) -> Interval:
    """Return the interval of a mean on 0..1; ``variance`` is the sample's, with ``n - 1``."""
    if n < 2 or variance <= 0:
        return wilson(value * n, n)
    half = t_quantile((1 + CONFIDENCE) / 2, n - 1) * math.sqrt(variance / n)
    return max(0.0, value - half), min(1.0, value + half)


def difference(value: float, around: Interval, before: float, around_before: Interval) -> Interval:
    """Return the interval of ``value - before``, two independent estimates."""
    (low, high), (low_before, high_before) = around, around_before
    change = value - before
    down = math.hypot(value - low, high_before - before)
    up = math.hypot(high - value, before - low_before)
    return change - down, change + up


@lru_cache(maxsize=4_096)
def t_quantile(probability: float, freedom: int) -> float:
    """Return the quantile of Student's t at ``probability``, above 0.5.

    By the series of Abramowitz and Stegun 26.7.3 and 26.7.4 inverted by bisection; for many degrees
    of freedom by their expansion 26.7.5.
    """
    normal = NormalDist().inv_cdf(probability)
    if freedom > _MANY:
        return _expansion(normal, freedom)
    low, high = 0.0, 1.0
    inside = 2 * probability - 1
    while _inside(high, freedom) < inside:
        high *= 2
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if _inside(middle, freedom) < inside:
            low = middle
        else:
            high = middle


def _inside(t: float, freedom: int) -> float:
    """P(-t < T < t)."""
    angle = math.atan2(t, math.sqrt(freedom))
    squared = math.cos(angle) ** 2
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0 if freedom == 1 else term
    for number in range(2 + odd, freedom - 1, 2):
        term *= (number - 1) / number * squared
        total += term
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def _expansion(z: float, freedom: int) -> float:
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160
    n = float(freedom)
    return z + first / n + second / n**2 + third / n**3 + fourth / n**4
