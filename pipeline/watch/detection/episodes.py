"""Episodes: from "improbable now" to a spike with a start, notices and an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.watch.detection.options import WINDOWS, DetectorOptions, SpikeRules
from pipeline.watch.detection.scan import Finding, Observations
from pipeline.watch.detection.signals import BUCKETS_PER_DAY
from schemas.alert import AlertState, Severity

_ESCALATION: Final = 3.0  # powers of ten rarer: another notice, or critical at once
_CRITICAL_RATIO: Final = 2.0
_MAX_SILENT_BUCKETS: Final = 16  # buckets without a finding end an episode, calm or not
_MAX_RATIO: Final = 10.0
_MAX_FROZEN: Final = 2 * BUCKETS_PER_DAY  # a longer episode is the new normal, and is learnt


@dataclass(slots=True)
class Episode:
    """One spike of one key."""

    start: int
    """The first bucket."""
    fired: int
    ratio: float
    """Seen by expected when it fired; must fall below it to end."""
    found: Finding
    """The last finding above the limit."""
    found_at: int
    severity: Severity = Severity.WARNING
    calm: int = 0
    revision: int = -1
    """The last revision that was raised; -1 while a site's alert covers it."""
    alerted_at: int = 0
    alerted_score: float = 0.0
    """The highest score that was raised."""


_EPISODE_FIELDS: Final = tuple(field.name for field in fields(Episode))
_STORED_NAMES: Final = {
    "revision": "told",
    "alerted_at": "told_at",
    "alerted_score": "told_score",
}
"""Names in the alerting state of earlier versions, which workers of both must be able to read."""


class Notice(NamedTuple):
    """An alert to send."""

    key: int
    bucket: int
    state: AlertState
    episode: Episode


class Episodes:
    """Life cycle of the episodes of one kind.

    Two of three buckets start one, unless it is extreme; some calm buckets end it. A notice is
    sent when it starts, gets worse, lasts long, and ends. During a site's own episode, its topics
    and sources start none of their own.
    """

    def __init__(self, rules: SpikeRules, options: DetectorOptions) -> None:
        self._rules = rules
        self._calm_buckets = options.calm_buckets
        self._remind = max(1, round(options.remind_hours * BUCKETS_PER_DAY / 24))
        self.firing: dict[int, Episode] = {}
        self._hot: dict[int, list[tuple[int, int]]] = {}
        self.ended: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        """The bucket in which each key's last episode ended; shape (keys,)."""

    def grow(self, keys: int) -> None:
        """Grow to ``keys`` keys."""
        self.ended = np.pad(self.ended, (0, max(0, keys - len(self.ended))))

    def frozen_mask(self, bucket: int) -> NDArray[np.bool_]:
        """Return the keys in an episode that has not lasted long enough to be the new normal."""
        frozen = np.zeros(len(self.ended), dtype=np.bool_)
        for key, episode in self.firing.items():
            frozen[key] = bucket - episode.fired < _MAX_FROZEN
        return frozen

    def step(
        self,
        bucket: int,
        findings: dict[int, Finding],
        limit: float,
        observed: Observations,
        parents: NDArray[np.int64],
        onset: Callable[[int, int, int], int],
    ) -> list[Notice]:
        """Process the findings of a closed bucket.

        ``parents`` are each key's site, -1 for a site; ``onset(key, window, bucket)`` returns the
        start of a spike in a window.
        """
        for key, finding in findings.items():
            if finding.score >= limit and key not in self.firing:
                self._record_hot_bucket(bucket, key, finding, limit, onset)
        for key, episode in self.firing.items():
            self._track(bucket, key, episode, findings.get(key), limit, observed)
        notices = []
        # Sites come first: whether they fire decides about their topics.
        for key in sorted(self.firing, key=lambda key: (parents[key] >= 0, key)):
            notices += self._notify(bucket, key, int(parents[key]))
        for key in [key for key, episode in self.firing.items() if self._is_over(bucket, episode)]:
            self.ended[key] = bucket
            del self.firing[key]
        self._hot = {k: hot for k, hot in self._hot.items() if hot[-1][0] > bucket - 2}
        return notices

    def evaluate_open_bucket(
        self,
        bucket: int,
        findings: dict[int, Finding],
        limit: float,
        parents: NDArray[np.int64],
        onset: Callable[[int, int, int], int],
    ) -> list[Notice]:
        """Process the findings of an open bucket, as far as they need a notice now.

        The others leave no trace: :meth:`step` will see the bucket as if for the first time.
        """
        notices = []
        # Sites come first, as in a step.
        for key in sorted(findings, key=lambda key: (parents[key] >= 0, key)):
            finding = findings[key]
            episode = self.firing.get(key)
            if episode is None:
                hot = self._recent_hot_buckets(bucket, key)
                if not self._starts_episode(len(hot) + 1, finding, limit):
                    continue
                self._hot.pop(key, None)
                start = hot[0][1] if hot else onset(key, WINDOWS[finding.window], bucket)
                self._begin(bucket, key, start, finding)
            elif not self._has_escalated(bucket, episode, finding, limit):
                continue
            self._update_finding(bucket, self.firing[key], finding, limit)
            notices += self._notify(bucket, key, int(parents[key]))
        return notices

    def _has_escalated(self, bucket: int, episode: Episode, finding: Finding, limit: float) -> bool:
        """True if a known episode needs another notice before its bucket ends.

        Once per bucket, and when it becomes critical: a spike grows with every comment.
        """
        if episode.revision < 0 or finding.score < episode.alerted_score + _ESCALATION:
            return False
        becomes_critical = episode.severity is not Severity.CRITICAL and _is_critical(
            finding, limit
        )
        return becomes_critical or bucket > episode.alerted_at

    def _recent_hot_buckets(self, bucket: int, key: int) -> list[tuple[int, int]]:
        """Return the hot ones of the last two buckets."""
        return [each for each in self._hot.get(key, []) if each[0] > bucket - 3]

    def _record_hot_bucket(
        self,
        bucket: int,
        key: int,
        finding: Finding,
        limit: float,
        onset: Callable[[int, int, int], int],
    ) -> None:
        hot = self._recent_hot_buckets(bucket, key)
        start = hot[0][1] if hot else onset(key, WINDOWS[finding.window], bucket)
        hot.append((bucket, start))
        self._hot[key] = hot
        if self._starts_episode(len(hot), finding, limit):
            del self._hot[key]
            self._begin(bucket, key, start, finding)

    def _starts_episode(self, hot: int, finding: Finding, limit: float) -> bool:
        """True if this number of hot buckets, the last with this finding, starts an episode."""
        long = WINDOWS[finding.window] > self._rules.confirm_up_to
        return hot >= 2 or long or finding.score >= limit + self._rules.extreme

    def _begin(self, bucket: int, key: int, start: int, finding: Finding) -> None:
        ratio = min(finding.seen / finding.mean, _MAX_RATIO)
        self.firing[key] = Episode(start, bucket, ratio, finding, bucket)

    def _track(
        self,
        bucket: int,
        key: int,
        episode: Episode,
        finding: Finding | None,
        limit: float,
        observed: Observations,
    ) -> None:
        if finding is not None and finding.score >= limit:
            self._update_finding(bucket, episode, finding, limit)
        if bucket > episode.fired:
            calm = _is_calm(episode.ratio, observed.x[:, key], observed.mean[:, key])
            episode.calm = episode.calm + 1 if calm else 0

    def _update_finding(
        self, bucket: int, episode: Episode, finding: Finding, limit: float
    ) -> None:
        episode.found, episode.found_at = finding, bucket
        if _is_critical(finding, limit):
            episode.severity = Severity.CRITICAL

    def _is_over(self, bucket: int, episode: Episode) -> bool:
        since = bucket - episode.found_at
        window = WINDOWS[episode.found.window]
        return episode.calm >= self._calm_buckets or since >= max(window, _MAX_SILENT_BUCKETS)

    def _notify(self, bucket: int, key: int, parent: int) -> list[Notice]:
        episode = self.firing[key]
        if self._is_over(bucket, episode):
            if episode.revision < 0:
                return []
            episode.revision += 1
            return [Notice(key, bucket, AlertState.RESOLVED, episode)]
        inhibited = parent in self.firing and not self._is_over(bucket, self.firing[parent])
        if inhibited or not self._should_notify(bucket, episode):
            return []
        episode.revision += 1
        episode.alerted_at = bucket
        episode.alerted_score = max(episode.alerted_score, episode.found.score)
        return [Notice(key, bucket, AlertState.FIRING, episode)]

    def _should_notify(self, bucket: int, episode: Episode) -> bool:
        return (
            episode.revision < 0
            or episode.found.score >= episode.alerted_score + _ESCALATION
            or bucket - episode.alerted_at >= self._remind
        )

    def facts(self) -> dict[str, Any]:
        """Return the state, without :attr:`ended`."""
        return {
            "firing": [[key, _to_stored(episode)] for key, episode in self.firing.items()],
            "hot": [[key, hot] for key, hot in self._hot.items()],
        }

    def restore(self, facts: dict[str, Any], ended: NDArray[np.int64]) -> None:
        """Restore the state."""
        self.ended = ended
        self.firing = {}
        for key, stored in facts["firing"]:
            self.firing[key] = _from_stored(stored)
        self._hot = {key: [(b, start) for b, start in hot] for key, hot in facts["hot"]}


def _to_stored(episode: Episode) -> dict[str, Any]:
    values = asdict(episode) | {"found": list(episode.found)}
    return {_STORED_NAMES.get(name, name): value for name, value in values.items()}


def _from_stored(stored: dict[str, Any]) -> Episode:
    values = {name: stored[_STORED_NAMES.get(name, name)] for name in _EPISODE_FIELDS}
    converted = {"found": Finding(*values["found"]), "severity": Severity(values["severity"])}
    return Episode(**values | converted)


def _is_critical(finding: Finding, limit: float) -> bool:
    return finding.score >= limit + _ESCALATION and finding.seen >= _CRITICAL_RATIO * finding.mean


def _is_calm(ratio: float, seen: NDArray[np.uint32], mean: NDArray[np.float64]) -> bool:
    """True if the shortest window that would show a continuing spike no longer shows it."""
    needed = 4 * ratio / (ratio - 1) ** 2 if ratio > 1 else np.inf
    shows = np.flatnonzero(mean >= needed)
    window = int(shows[0]) if len(shows) else len(mean) - 1
    return bool(seen[window] < mean[window] * np.sqrt(ratio))
