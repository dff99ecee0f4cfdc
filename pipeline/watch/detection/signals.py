"""Input of the detector."""

from __future__ import annotations

from typing import Final, NamedTuple

BUCKET_S: Final = 900
"""Seconds of event time in a bucket."""
BUCKETS_PER_DAY: Final = 96


class Signal(NamedTuple):
    """One piece of feedback, reduced to its counted properties."""

    event_id: str
    """32 hex digits."""
    at: float
    """Unix time (s)."""
    site: str | None
    source: str
    topics: tuple[str, ...]
    negative: bool
    scored: bool
    """True if its sentiment was scored; others do not count in shares."""
    urgent: bool
    backfill: bool = False
    words: tuple[str, ...] = ()
    negative_topics: tuple[str, ...] | None = None
    """Topics whose own sentiment is negative; None: the comment's holds for all of them."""

    def is_negative(self, key: Key) -> bool:
        """Return True if it counts as negative for a key: for a topic, by the topic's sentiment."""
        if key.topic is None or self.negative_topics is None:
            return self.negative
        return key.topic in self.negative_topics


class Key(NamedTuple):
    """A unit of detection: a site, or one topic or one source of it."""

    site: str
    topic: str | None = None
    source: str | None = None
