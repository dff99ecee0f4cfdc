"""Conversion of a notice to the ``Alert`` that people and subscribers read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pipeline.watch.detection.episodes import Notice
from pipeline.watch.detection.options import WINDOWS
from pipeline.watch.detection.signals import BUCKET_S, Key
from pipeline.watch.detection.tail_probability import count_interval
from pipeline.watch.detection.words import WordStatistics
from schemas.alert import Alert, AlertKind, AlertState, Interval

_MAX_EXPONENT: Final = 300.0


def to_alert(
    notice: Notice, kind: AlertKind, key: Key, words: WordStatistics, now: float | None = None
) -> Alert:
    """Build the alert of a notice; for an open bucket, with events until ``now`` (Unix time, s)."""
    episode, finding = notice.episode, notice.episode.found
    resolved = notice.state is AlertState.RESOLVED
    end = _bucket_start(notice.bucket + 1) if now is None else datetime.fromtimestamp(int(now), UTC)
    low, high = count_interval(finding.mean, finding.dispersion)
    since = min(episode.start, episode.found_at - WINDOWS[finding.window] + 1)
    distinctive = words.distinctive_words(notice.key, since)
    return Alert.identify(
        kind=kind,
        site=key.site or None,
        topic=key.topic,
        source=key.source,
        started_at=_bucket_start(episode.start),
        revision=episode.revision,
        state=notice.state,
        severity=episode.severity,
        updated_at=end,
        resolved_at=end if resolved else None,
        counted_from=_bucket_start(episode.found_at - WINDOWS[finding.window] + 1),
        counted_to=min(end, _bucket_start(episode.found_at + 1)),
        seen=finding.seen,
        total=finding.total,
        expected=round(finding.mean, 3),
        interval=Interval(low=low, high=high),
        ratio=round(finding.seen / finding.mean, 2),
        share=round(finding.seen / finding.total, 4),
        usual_share=round(finding.usual_share, 4),
        once_in_days=float(f"{10 ** min(finding.score, _MAX_EXPONENT):.3g}"),
        words=distinctive,
        example_ids=words.examples(notice.key, since),
        sentence=_sentence(notice, kind, key, (low, high), distinctive),
    )


def _sentence(
    notice: Notice,
    kind: AlertKind,
    key: Key,
    usual: tuple[int, int],
    words: tuple[str, ...],
) -> str:
    finding = notice.episode.found
    about = f"on {key.topic.replace('_', ' ')} " if key.topic else ""
    about += f"from {key.source.replace('_', ' ')} " if key.source else ""
    site = key.site or "Feedback without a site"
    if notice.state is AlertState.RESOLVED:
        what = "negative" if kind is AlertKind.NEGATIVE else "urgent"
        hours = (notice.bucket + 1 - notice.episode.start) / 4
        return f"{site}: {what} comments {about}are back to normal after {_format_hours(hours)}."
    what = "were negative" if kind is AlertKind.NEGATIVE else "were urgent"
    period = _format_hours(WINDOWS[finding.window] / 4)
    sentence = (
        f"{site}: {finding.seen} of {finding.total} comments {about}{what} within {period} "
        f"(usually {usual[0]} to {usual[1]})"
    )
    return sentence + (f"; distinctive words: {', '.join(words)}." if words else ".")


def _format_hours(hours: float) -> str:
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def _bucket_start(bucket: int) -> datetime:
    return datetime.fromtimestamp(bucket * BUCKET_S, UTC)
