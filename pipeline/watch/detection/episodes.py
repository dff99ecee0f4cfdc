"""From "improbable now" to an episode with a beginning, notices and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import WINDOWS, Options, Rules
from pipeline.watch.detection.scan import Counted, Found
from pipeline.watch.detection.signals import BUCKETS_A_DAY
from schemas.alert import AlertState, Severity

_WORSE: Final = 3.0  # powers of ten rarer: worth telling again, or critical at once
_CRITICAL_RATIO: Final = 2.0
_FORGOTTEN: Final = 16  # buckets without anything improbable end an episode, calm or not
_MOST_RATIO: Final = 10.0
_FROZEN: Final = 2 * BUCKETS_A_DAY  # what lasts longer is the new usual, and is learnt


@dataclass(slots=True)
class Episode:
    """One spike of one key."""

    start: int
    """The first bucket."""
    fired: int
    ratio: float
    """Seen by expected when it fired: what must be gone for it to be over."""
    found: Found
    """What was last improbable enough."""
    found_at: int
    severity: Severity = Severity.WARNING
    calm: int = 0
    told: int = -1
    """The last revision that was told; -1 while a site's alert stands for it."""
    told_at: int = 0
    told_score: float = 0.0
    """The highest score that was told."""


class Notice(NamedTuple):
    """That an alert is to be sent."""

    key: int
    bucket: int
    state: AlertState
    episode: Episode


class Episodes:
    """The life of the episodes of one kind.

    Two of three buckets start one, unless it is extreme; some calm buckets end it. A notice is
    sent when it starts, gets worse, goes on for long, and ends. While a site's own episode goes
    on, its topics and sources start none that is told.
    """

    def __init__(self, rules: Rules, options: Options) -> None:
        self._rules = rules
        self._calm_buckets = options.calm_buckets
        self._remind = max(1, round(options.remind_hours * BUCKETS_A_DAY / 24))
        self.firing: dict[int, Episode] = {}
        self._hot: dict[int, list[tuple[int, int]]] = {}
        self.ended: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        """The bucket in which each key's last episode ended; shape (keys,)."""

    def grow(self, keys: int) -> None:
        """Make room for so many keys."""
        self.ended = np.pad(self.ended, (0, max(0, keys - len(self.ended))))

    def frozen(self, bucket: int) -> NDArray[np.bool_]:
        """Which keys are in an episode, and not for so long that it has become the usual."""
        frozen = np.zeros(len(self.ended), dtype=np.bool_)
        for key, episode in self.firing.items():
            frozen[key] = bucket - episode.fired < _FROZEN
        return frozen

    def step(
        self,
        bucket: int,
        found: dict[int, Found],
        limit: float,
        counted: Counted,
        parents: NDArray[np.int64],
        onset: Callable[[int, int, int], int],
    ) -> list[Notice]:
        """Take in what one bucket showed.

        ``parents`` are each key's site, -1 for a site; ``onset(key, window, bucket)`` is where in
        a window the spike began.
        """
        for key, one in found.items():
            if one.score >= limit and key not in self.firing:
                self._heat(bucket, key, one, limit, onset)
        for key, episode in self.firing.items():
            self._follow(bucket, key, episode, found.get(key), limit, counted)
        notices = []
        # Sites come first: whether they fire decides about their topics.
        for key in sorted(self.firing, key=lambda key: (parents[key] >= 0, key)):
            notices += self._tell(bucket, key, int(parents[key]))
        for key in [key for key, episode in self.firing.items() if self._over(bucket, episode)]:
            self.ended[key] = bucket
            del self.firing[key]
        self._hot = {k: hot for k, hot in self._hot.items() if hot[-1][0] > bucket - 2}
        return notices

    def glance(
        self,
        bucket: int,
        found: dict[int, Found],
        limit: float,
        parents: NDArray[np.int64],
        onset: Callable[[int, int, int], int],
    ) -> list[Notice]:
        """Take in what a bucket shows that is still open, as far as it is news already.

        What is none leaves no trace: :meth:`step` will see the bucket as if for the first time.
        """
        notices = []
        # Sites come first, as in a step.
        for key in sorted(found, key=lambda key: (parents[key] >= 0, key)):
            one = found[key]
            episode = self.firing.get(key)
            if episode is None:
                hot = self._hot_before(bucket, key)
                if not self._suffices(len(hot) + 1, one, limit):
                    continue
                self._hot.pop(key, None)
                start = hot[0][1] if hot else onset(key, WINDOWS[one.window], bucket)
                self._begin(bucket, key, start, one)
            elif not self._got_worse(bucket, episode, one, limit):
                continue
            self._see(bucket, self.firing[key], one, limit)
            notices += self._tell(bucket, key, int(parents[key]))
        return notices

    def _got_worse(self, bucket: int, episode: Episode, one: Found, limit: float) -> bool:
        """Whether an episode that was told is to be told again before its bucket ends.

        Once a bucket, and when it becomes critical: a spike grows with every comment.
        """
        if episode.told < 0 or one.score < episode.told_score + _WORSE:
            return False
        turns = episode.severity is not Severity.CRITICAL and _is_critical(one, limit)
        return turns or bucket > episode.told_at

    def _hot_before(self, bucket: int, key: int) -> list[tuple[int, int]]:
        """The hot buckets of the two before."""
        return [each for each in self._hot.get(key, []) if each[0] > bucket - 3]

    def _heat(
        self,
        bucket: int,
        key: int,
        one: Found,
        limit: float,
        onset: Callable[[int, int, int], int],
    ) -> None:
        hot = self._hot_before(bucket, key)
        start = hot[0][1] if hot else onset(key, WINDOWS[one.window], bucket)
        hot.append((bucket, start))
        self._hot[key] = hot
        if self._suffices(len(hot), one, limit):
            del self._hot[key]
            self._begin(bucket, key, start, one)

    def _suffices(self, hot: int, one: Found, limit: float) -> bool:
        """Whether so many hot buckets, the last of which showed this, are an episode."""
        long = WINDOWS[one.window] > self._rules.confirm_up_to
        return hot >= 2 or long or one.score >= limit + self._rules.extreme

    def _begin(self, bucket: int, key: int, start: int, one: Found) -> None:
        ratio = min(one.seen / one.mean, _MOST_RATIO)
        self.firing[key] = Episode(start, bucket, ratio, one, bucket)

    def _follow(
        self,
        bucket: int,
        key: int,
        episode: Episode,
        one: Found | None,
        limit: float,
        counted: Counted,
    ) -> None:
        if one is not None and one.score >= limit:
            self._see(bucket, episode, one, limit)
        if bucket > episode.fired:
            calm = _is_calm(episode.ratio, counted.x[:, key], counted.mean[:, key])
            episode.calm = episode.calm + 1 if calm else 0

    def _see(self, bucket: int, episode: Episode, one: Found, limit: float) -> None:
        episode.found, episode.found_at = one, bucket
        if _is_critical(one, limit):
            episode.severity = Severity.CRITICAL

    def _over(self, bucket: int, episode: Episode) -> bool:
        since = bucket - episode.found_at
        window = WINDOWS[episode.found.window]
        return episode.calm >= self._calm_buckets or since >= max(window, _FORGOTTEN)

    def _tell(self, bucket: int, key: int, parent: int) -> list[Notice]:
        episode = self.firing[key]
        if self._over(bucket, episode):
            if episode.told < 0:
                return []
            episode.told += 1
            return [Notice(key, bucket, AlertState.RESOLVED, episode)]
        inhibited = parent in self.firing and not self._over(bucket, self.firing[parent])
        if inhibited or not self._news(bucket, episode):
            return []
        episode.told += 1
        episode.told_at = bucket
        episode.told_score = max(episode.told_score, episode.found.score)
        return [Notice(key, bucket, AlertState.FIRING, episode)]

    def _news(self, bucket: int, episode: Episode) -> bool:
        return (
            episode.told < 0
            or episode.found.score >= episode.told_score + _WORSE
            or bucket - episode.told_at >= self._remind
        )

    def facts(self) -> dict[str, Any]:
        """The state, without :attr:`ended`."""
        return {
            "firing": [
                [key, asdict(episode) | {"found": list(episode.found)}]
                for key, episode in self.firing.items()
            ],
            "hot": [[key, hot] for key, hot in self._hot.items()],
        }

    def restore(self, facts: dict[str, Any], ended: NDArray[np.int64]) -> None:
        """Take the state back."""
        self.ended = ended
        self.firing = {}
        for key, fields in facts["firing"]:
            fields = {**fields, "found": Found(*fields["found"])}
            self.firing[key] = Episode(**{**fields, "severity": Severity(fields["severity"])})
        self._hot = {key: [(b, start) for b, start in hot] for key, hot in facts["hot"]}


def _is_critical(one: Found, limit: float) -> bool:
    return one.score >= limit + _WORSE and one.seen >= _CRITICAL_RATIO * one.mean


def _is_calm(ratio: float, seen: NDArray[np.uint32], mean: NDArray[np.float64]) -> bool:
    """Whether the shortest window that would show the spike, did it go on, shows it no more."""
    needed = 4 * ratio / (ratio - 1) ** 2 if ratio > 1 else np.inf
    shows = np.flatnonzero(mean >= needed)
    window = int(shows[0]) if len(shows) else len(mean) - 1
    return bool(seen[window] < mean[window] * np.sqrt(ratio))
