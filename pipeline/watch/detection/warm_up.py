"""Warm-up of sources that are new at a site: counted separately until their rate is known.

Their feedback would look like a spike of the site. It is kept out of the site's and its topics'
counts for some days; then their rates are raised by the source's counts, and it counts normally.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipeline.watch.detection.signals import BUCKETS_PER_DAY

Pair = tuple[str, str]
"""Site and source."""
_FOUNDING: Final = BUCKETS_PER_DAY  # sources of a site's first day are part of its baseline


class WarmUp:
    """First occurrence of each pair, and the counts of those that are warming up."""

    def __init__(self, days: float) -> None:
        self._buckets = int(days * BUCKETS_PER_DAY)
        self._first: dict[Pair, int] = {}
        self._counts: dict[Pair, dict[int, list[int]]] = {}

    def is_warming_up(self, pair: Pair, bucket: int, site_since: int) -> bool:
        """True if an event is from a source that is warming up; records first occurrences."""
        if pair in self._counts:
            return True
        if pair not in self._first:
            self._first[pair] = bucket
            if self._buckets and bucket - site_since >= _FOUNDING:
                self._counts[pair] = {}
                return True
        return False

    def count(self, pair: Pair, key: int, negative: bool, scored: bool, urgent: bool) -> None:
        """Count one event of a pair that is warming up, for one key."""
        counts = self._counts[pair].setdefault(key, [0, 0, 0, 0])
        counts[0] += negative
        counts[1] += scored
        counts[2] += urgent
        counts[3] += 1

    def pop_finished(self, bucket: int) -> Iterator[tuple[int, dict[int, list[int]]]]:
        """Yield buckets and counts by key of each pair whose warm-up is over."""
        for pair in [p for p in self._counts if bucket - self._first[p] >= self._buckets]:
            yield bucket - self._first[pair], self._counts.pop(pair)

    def facts(self) -> dict[str, Any]:
        """Return the state."""
        return {
            "first": [[*pair, bucket] for pair, bucket in self._first.items()],
            "brought": [[*pair, list(by.items())] for pair, by in self._counts.items()],
        }

    def restore(self, facts: dict[str, Any]) -> None:
        """Restore the state."""
        self._first = {(site, source): bucket for site, source, bucket in facts["first"]}
        self._counts = {(site, source): dict(by) for site, source, by in facts["brought"]}
