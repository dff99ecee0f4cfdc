"""What the detector is told of one piece of feedback."""

from __future__ import annotations

from typing import Final, NamedTuple

BUCKET_S: Final = 900
"""Seconds of event time in a bucket."""
BUCKETS_A_DAY: Final = 96


class Signal(NamedTuple):
    """One piece of feedback, reduced to what is counted."""

    event_id: str
    """32 hex digits."""
    at: float
    """When the feedback was given, seconds since 1970."""
    site: str | None
    source: str
    topics: tuple[str, ...]
    negative: bool
    scored: bool
    """Whether anything judged it; what is not scored is in no share."""
    urgent: bool
    backfill: bool = False
    words: tuple[str, ...] = ()


class Key(NamedTuple):
    """What is watched: a site, and where set one topic or one source of it."""

    site: str
    topic: str | None = None
    source: str | None = None
