"""Sources that are new at a site: counted apart until their usual amount is known.

Their feedback would look like a spike of the site. It is kept out of the site's and its topics'
counts for some days; then their rates are raised by what the source brought, and it counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pipeline.watch.detection.signals import BUCKETS_A_DAY

Pair = tuple[str, str]
"""Site and source."""
_FOUNDING: Final = BUCKETS_A_DAY  # sources of a site's first day are what the site is known by


class Warming:
    """First sight of each pair, and what those brought that are warming up."""

    def __init__(self, days: float) -> None:
        self._buckets = int(days * BUCKETS_A_DAY)
        self._first: dict[Pair, int] = {}
        self._brought: dict[Pair, dict[int, list[int]]] = {}

    def counts_apart(self, pair: Pair, bucket: int, site_since: int) -> bool:
        """Whether an event of a pair is of a source that warms up; remembers the first sight."""
        if pair in self._brought:
            return True
        if pair not in self._first:
            self._first[pair] = bucket
            if self._buckets and bucket - site_since >= _FOUNDING:
                self._brought[pair] = {}
                return True
        return False

    def take(self, pair: Pair, key: int, negative: bool, scored: bool, urgent: bool) -> None:
        """Count one event of a pair that warms up, for one key."""
        counts = self._brought[pair].setdefault(key, [0, 0, 0, 0])
        counts[0] += negative
        counts[1] += scored
        counts[2] += urgent
        counts[3] += 1

    def warmed(self, bucket: int) -> Iterator[tuple[int, dict[int, list[int]]]]:
        """Pairs that have warmed up by now: for how many buckets, and what they brought by key."""
        for pair in [p for p in self._brought if bucket - self._first[p] >= self._buckets]:
            yield bucket - self._first[pair], self._brought.pop(pair)

    def facts(self) -> dict[str, Any]:
        """The state."""
        return {
            "first": [[*pair, bucket] for pair, bucket in self._first.items()],
            "brought": [[*pair, list(by.items())] for pair, by in self._brought.items()],
        }

    def restore(self, facts: dict[str, Any]) -> None:
        """Take the state back."""
        self._first = {(site, source): bucket for site, source, bucket in facts["first"]}
        self._brought = {(site, source): dict(by) for site, source, by in facts["brought"]}
