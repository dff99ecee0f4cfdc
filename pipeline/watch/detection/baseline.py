"""Baseline of each key: its usual rate, its usual share, and the overdispersion of both.

The rate is a discounted Gamma posterior (West and Harrison 1997, chapter 10): ``seen`` by
``exposure``, where exposure is buckets weighted by the hour of the week. The uncertainty of a
sparse key is then part of its interval, and a new key can start from the expectation of its site
and its topic.

Variance beyond chance is learnt per window, as variance by mean: of the count at its expectation,
and of the share at its total. Every key's own is shrunk to that of all keys at such a mean.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import WINDOWS
from pipeline.watch.detection.signals import BUCKETS_PER_DAY

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_DISPERSION_PRIOR: Final = 200.0  # weight of the shared spread, in expected negatives
_SHARE_PRIOR: Final = 40.0  # weight of no spread of the share: each key learns its own
_INITIAL_DISPERSION: Final = 0.02  # variance beyond chance, by squared mean, until it is learnt
_MAX_DISPERSION: Final = 60.0
_GUESS: Final = 1.0 * BUCKETS_PER_DAY  # maximum weight of a guessed rate, in buckets
_CLIP: Final = 3.0  # standard deviations at which a bucket's count is clipped


class Baselines:
    """Rates, shares and dispersions of the keys of one kind."""

    def __init__(self, half_life_days: float) -> None:
        self._life = half_life_days * BUCKETS_PER_DAY
        self._keep = 0.5 ** (1 / self._life)
        self.seen, self.exposure, self.total = np.zeros(0), np.zeros(0), np.zeros(0)
        # Single precision will do, and half the state.
        self._spread = np.zeros((4, len(WINDOWS), 0), dtype=np.float32)
        # Sums over all keys: squared deviations less the mean, squared means; for each window.
        self._shared = np.zeros((2, len(WINDOWS)))
        self._shared[0], self._shared[1] = _INITIAL_DISPERSION * 200, 200.0

    def grow(self, keys: int) -> None:
        """Grow to ``keys`` keys; :meth:`start` sets their first rates."""
        more = keys - len(self.seen)
        if more > 0:
            self.seen = np.pad(self.seen, (0, more))
            self.exposure = np.pad(self.exposure, (0, more), constant_values=1.0)
            self.total = np.pad(self.total, (0, more))
            self._spread = np.pad(self._spread, ((0, 0), (0, 0), (0, more)))

    def start(self, key: int, rate: float, share: float, buckets: float) -> None:
        """Start a key from a guessed rate (per bucket).

        The guess weighs one comment or one day, whichever is less, and the ``buckets`` without any.
        """
        guessed = min(1.0 / rate, _GUESS)
        self.seen[key] = rate * guessed
        self.exposure[key] = guessed + self.discounted_weight(buckets)
        self.total[key] = rate * guessed / share

    def add_rate(self, key: int, buckets: int, x: int, n: int) -> None:
        """Raise a key's rate by what came in ``buckets`` buckets, for its whole exposure."""
        share = float(self.exposure[key]) / max(1, buckets)
        self.seen[key] += x * share
        self.total[key] += n * share

    @property
    def rate(self) -> Floats:
        """Expected count in a bucket of factor 1; shape (keys,)."""
        return self.seen / self.exposure

    @property
    def others(self) -> Floats:
        """Expected other scored comments in a bucket of factor 1; shape (keys,)."""
        return np.maximum(self.total - self.seen, 0.0) / self.exposure

    def discounted_weight(self, buckets: float) -> float:
        """Return the weight of a number of buckets after discounting."""
        return float((1 - self._keep**buckets) / (1 - self._keep))

    def learn(self, x: Floats, n: Floats, factors: Floats, frozen: Mask) -> None:
        """Learn from a settled bucket; arrays of shape (keys,).

        Counts are clipped at three standard deviations, so that a spike does not become the
        baseline; keys that are ``frozen``, in an alert, learn nothing.
        """
        mean = self.rate * factors
        limit = np.ceil(mean + _CLIP * np.sqrt(mean * self.dispersion(0, mean)) + 1.0)
        clipped = np.minimum(x, limit)
        keep = np.where(frozen, 1.0, self._keep)
        learns = ~frozen
        self.seen = self.seen * keep + clipped * learns
        self.exposure = self.exposure * keep + factors * learns
        self.total = self.total * keep + (n - (x - clipped)) * learns

    def learn_dispersion(
        self, window: int, x: Floats, n: Floats, mean: Floats, counts: Mask
    ) -> None:
        """Learn from a whole trailing window, by its index; only keys in ``counts`` learn."""
        keep = 0.5 ** (WINDOWS[window] / self._life)
        allowed = _CLIP**2 * mean * self.dispersion(window, mean) + 4.0
        square = np.minimum((x - mean) ** 2, allowed) * counts
        share = self.share
        usual = n * share * (1 - share)
        of_share = np.minimum((x - n * share) ** 2, _CLIP**2 * usual * 4 + 1.0) * counts
        spread = self._spread[:, window].astype(np.float64) * keep
        spread[0] += square
        spread[1] += mean * counts
        spread[2] += of_share
        spread[3] += usual * counts
        self._spread[:, window] = spread
        self._shared[:, window] *= keep
        self._shared[0, window] += float(np.sum(square - mean * counts))
        self._shared[1, window] += float(np.sum(mean * mean * counts))

    @property
    def share(self) -> Floats:
        """Usual share; shape (keys,)."""
        share: Floats = np.clip(self.seen / np.maximum(self.total, 1e-9), 1e-4, 0.999)
        return share

    def dispersion(self, window: Any, mean: Floats, keys: Any = slice(None)) -> Floats:
        """Return variance by mean of the count in a window, at least 1; of the shape of ``mean``.

        ``window`` is an index, or one for each of ``keys``.
        """
        beyond, squares = self._shared[0, window], self._shared[1, window]
        of_all = 1.0 + np.maximum(0.0, beyond) / squares * mean
        spread = self._spread[:2, window, keys].astype(np.float64)
        own = (spread[0] + _DISPERSION_PRIOR * of_all) / (spread[1] + _DISPERSION_PRIOR)
        dispersion: Floats = np.clip(own, 1.0, _MAX_DISPERSION)
        return dispersion

    def share_dispersion(self, window: Any, keys: Any) -> Floats:
        """Return the variance of the share in a window by that of chance, at least 1."""
        spread = self._spread[2:, window, keys].astype(np.float64)
        dispersion: Floats = np.clip(
            (spread[0] + _SHARE_PRIOR * 1.05) / (spread[1] + _SHARE_PRIOR), 1.0, _MAX_DISPERSION
        )
        return dispersion

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the state."""
        return {
            "seen": self.seen,
            "exposure": self.exposure,
            "total": self.total,
            "swing": self._spread,
            "shared": self._shared,
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Restore the state."""
        self.seen, self.exposure = arrays["seen"], arrays["exposure"]
        self.total, self._spread = arrays["total"], arrays["swing"]
        self._shared = arrays["shared"]
