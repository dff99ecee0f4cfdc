"""From a notice to the ``Alert`` that people and subscribers read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pipeline.watch.detection.episodes import Notice
from pipeline.watch.detection.options import WINDOWS
from pipeline.watch.detection.signals import BUCKET_S, Key
from pipeline.watch.detection.tail_probability import count_interval
from pipeline.watch.detection.words import Words
from schemas.alert import Alert, AlertKind, AlertState, Interval

_MOST_EXPONENT: Final = 300.0


def alert_of(
    notice: Notice, kind: AlertKind, key: Key, words: Words, now: float | None = None
) -> Alert:
    """The record of a notice; of a bucket that is still open, with what came until ``now``,
    seconds since 1970."""
    episode, found = notice.episode, notice.episode.found
    resolved = notice.state is AlertState.RESOLVED
    end = _time(notice.bucket + 1) if now is None else datetime.fromtimestamp(int(now), UTC)
    low, high = count_interval(found.mean, found.dispersion)
    since = min(episode.start, episode.found_at - WINDOWS[found.window] + 1)
    standing_out = words.standing_out(notice.key, since)
    return Alert.identify(
        kind=kind,
        site=key.site or None,
        topic=key.topic,
        source=key.source,
        started_at=_time(episode.start),
        revision=episode.told,
        state=notice.state,
        severity=episode.severity,
        updated_at=end,
        resolved_at=end if resolved else None,
        counted_from=_time(episode.found_at - WINDOWS[found.window] + 1),
        counted_to=min(end, _time(episode.found_at + 1)),
        seen=found.seen,
        total=found.total,
        expected=round(found.mean, 3),
        interval=Interval(low=low, high=high),
        ratio=round(found.seen / found.mean, 2),
        share=round(found.seen / found.total, 4),
        usual_share=round(found.usual_share, 4),
        once_in_days=float(f"{10 ** min(found.score, _MOST_EXPONENT):.3g}"),
        words=standing_out,
        example_ids=words.examples(notice.key, since),
        sentence=_sentence(notice, kind, key, (low, high), standing_out),
    )


def _sentence(
    notice: Notice,
    kind: AlertKind,
    key: Key,
    usual: tuple[int, int],
    words: tuple[str, ...],
) -> str:
    found = notice.episode.found
    about = f"on {key.topic.replace('_', ' ')} " if key.topic else ""
    about += f"from {key.source.replace('_', ' ')} " if key.source else ""
    site = key.site or "Feedback without a site"
    if notice.state is AlertState.RESOLVED:
        what = "negative" if kind is AlertKind.NEGATIVE else "urgent"
        hours = (notice.bucket + 1 - notice.episode.start) / 4
        return f"{site}: {what} comments {about}are back to usual after {_hours(hours)}."
    what = "were negative" if kind is AlertKind.NEGATIVE else "could not wait"
    told = (
        f"{site}: {found.seen} of {found.total} comments {about}{what} "
        f"within {_hours(WINDOWS[found.window] / 4)}, where {usual[0]} to {usual[1]} are usual"
    )
    return told + (f"; words that stand out: {', '.join(words)}." if words else ".")


def _hours(hours: float) -> str:
    if hours < 1:
        return f"{round(hours * 60)} minutes"
    return "1 hour" if hours == 1 else f"{hours:g} hours"


def _time(bucket: int) -> datetime:
    return datetime.fromtimestamp(bucket * BUCKET_S, UTC)
