"""What is usual for each key: its rate, its share and how much both swing.

The rate is a discounted Gamma posterior (West and Harrison 1997, chapter 10): ``seen`` by
``exposure``, where exposure is buckets weighted by the hour of the week. How little is known of a
sparse key is then part of its interval, and a new key can start from what its site and its topic
let expect.

Swing beyond chance is learnt per window, as variance by mean: of the count at its expectation,
and of the share at its total. Every key's own is shrunk to what all keys show at such a mean.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import WINDOWS
from pipeline.watch.detection.signals import BUCKETS_A_DAY

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SWING_PRIOR: Final = 200.0  # expected negatives that the shared swing is worth
_SHARE_PRIOR: Final = 40.0  # and that no swing of the share is worth: each key learns its own
_FIRST_SWING: Final = 0.02  # variance beyond chance, by squared mean, until it is learnt
_MOST: Final = 60.0
_GUESS: Final = 1.0 * BUCKETS_A_DAY  # what a guessed rate is worth at most, in buckets seen
_CLIP: Final = 3.0  # standard deviations beyond which a bucket teaches no more


class Levels:
    """Rates, shares and swings of the keys of one kind."""

    def __init__(self, half_life_days: float) -> None:
        self._life = half_life_days * BUCKETS_A_DAY
        self._keep = 0.5 ** (1 / self._life)
        none = np.zeros(0)
        self.seen, self.exposure, self.total = none, none.copy(), none.copy()
        # Single precision will do, and half the state.
        self._swing = np.zeros((4, len(WINDOWS), 0), dtype=np.float32)
        # Sums over all keys: squared deviations less the mean, squared means; for each window.
        self._shared = np.zeros((2, len(WINDOWS)))
        self._shared[0], self._shared[1] = _FIRST_SWING * 200, 200.0

    def grow(self, keys: int) -> None:
        """Make room for so many keys; :meth:`start` gives them their first rates."""
        more = keys - len(self.seen)
        if more > 0:
            self.seen = np.pad(self.seen, (0, more))
            self.exposure = np.pad(self.exposure, (0, more), constant_values=1.0)
            self.total = np.pad(self.total, (0, more))
            self._swing = np.pad(self._swing, ((0, 0), (0, 0), (0, more)))

    def start(self, key: int, rate: float, share: float, buckets: float) -> None:
        """Let a key begin with what its rate (a bucket) is guessed to be, worth one comment or
        one day, the less of the two, and the ``buckets`` in which nothing of it was seen."""
        guessed = min(1.0 / rate, _GUESS)
        self.seen[key] = rate * guessed
        self.exposure[key] = guessed + self.known(buckets)
        self.total[key] = rate * guessed / share

    def raise_by(self, key: int, buckets: int, x: int, n: int) -> None:
        """Expect more of a key from now on: what came in so many buckets, for as long as it is
        known."""
        share = float(self.exposure[key]) / max(1, buckets)
        self.seen[key] += x * share
        self.total[key] += n * share

    @property
    def rate(self) -> Floats:
        """Expected a bucket of factor 1; shape (keys,)."""
        return self.seen / self.exposure

    @property
    def others(self) -> Floats:
        """Comments a bucket of factor 1 that were judged and are none of these; shape (keys,)."""
        return np.maximum(self.total - self.seen, 0.0) / self.exposure

    def known(self, buckets: float) -> float:
        """What so many buckets are worth after discounting."""
        return float((1 - self._keep**buckets) / (1 - self._keep))

    def learn(self, x: Floats, n: Floats, factors: Floats, frozen: Mask) -> None:
        """Take in a settled bucket; arrays of shape (keys,).

        What goes beyond three standard deviations teaches no more, so that a spike does not
        become the usual; keys that are ``frozen``, in an alert, learn nothing.
        """
        mean = self.rate * factors
        limit = np.ceil(mean + _CLIP * np.sqrt(mean * self.dispersion(0, mean)) + 1.0)
        clipped = np.minimum(x, limit)
        keep = np.where(frozen, 1.0, self._keep)
        learns = ~frozen
        self.seen = self.seen * keep + clipped * learns
        self.exposure = self.exposure * keep + factors * learns
        self.total = self.total * keep + (n - (x - clipped)) * learns

    def learn_swing(self, window: int, x: Floats, n: Floats, mean: Floats, counts: Mask) -> None:
        """Take in a whole trailing window, by its index; keys outside ``counts`` learn nothing."""
        keep = 0.5 ** (WINDOWS[window] / self._life)
        allowed = _CLIP**2 * mean * self.dispersion(window, mean) + 4.0
        square = np.minimum((x - mean) ** 2, allowed) * counts
        share = self.share
        usual = n * share * (1 - share)
        of_share = np.minimum((x - n * share) ** 2, _CLIP**2 * usual * 4 + 1.0) * counts
        swing = self._swing[:, window].astype(np.float64) * keep
        swing[0] += square
        swing[1] += mean * counts
        swing[2] += of_share
        swing[3] += usual * counts
        self._swing[:, window] = swing
        self._shared[:, window] *= keep
        self._shared[0, window] += float(np.sum(square - mean * counts))
        self._shared[1, window] += float(np.sum(mean * mean * counts))

    @property
    def share(self) -> Floats:
        """The usual share; shape (keys,)."""
        share: Floats = np.clip(self.seen / np.maximum(self.total, 1e-9), 1e-4, 0.999)
        return share

    def dispersion(self, window: Any, mean: Floats, keys: Any = slice(None)) -> Floats:
        """Variance by mean of the count in a window, at least 1; of the shape of ``mean``.

        ``window`` is an index, or one for each of ``keys``.
        """
        beyond, squares = self._shared[0, window], self._shared[1, window]
        of_all = 1.0 + np.maximum(0.0, beyond) / squares * mean
        swing = self._swing[:2, window, keys].astype(np.float64)
        own = (swing[0] + _SWING_PRIOR * of_all) / (swing[1] + _SWING_PRIOR)
        dispersion: Floats = np.clip(own, 1.0, _MOST)
        return dispersion

    def share_dispersion(self, window: Any, keys: Any) -> Floats:
        """Variance of the share in a window by what chance makes it, at least 1."""
        swing = self._swing[2:, window, keys].astype(np.float64)
        dispersion: Floats = np.clip(
            (swing[0] + _SHARE_PRIOR * 1.05) / (swing[1] + _SHARE_PRIOR), 1.0, _MOST
        )
        return dispersion

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The state."""
        return {
            "seen": self.seen,
            "exposure": self.exposure,
            "total": self.total,
            "swing": self._swing,
            "shared": self._shared,
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take the state back."""
        self.seen, self.exposure = arrays["seen"], arrays["exposure"]
        self.total, self._swing = arrays["total"], arrays["swing"]
        self._shared = arrays["shared"]
