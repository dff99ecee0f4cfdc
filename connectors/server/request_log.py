"""Outcomes of requests, logged once per minute instead of once per request."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import structlog

from connectors.sdk.source import Source

_INTERVAL_S: Final = 60.0

log = structlog.get_logger(__name__)


class RequestLog:
    """Counts by instance since the last line."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add_accepted(self, source: Source, records: int, dead_letters: int) -> None:
        """Count a request whose items Kafka has acknowledged."""
        counter = self._counter(source)
        counter["requests"] += 1
        counter["records"] += records
        counter["dead_letters"] += dead_letters

    def add_problem(self, source: Source, status: int) -> None:
        """Count a request that ended with an HTTP status of 400 or more."""
        self._counter(source)[f"status_{status}"] += 1

    def add_left_out(self, source: Source, count: int) -> None:
        """Count texts of a request that became no record."""
        self._counter(source)["left_out"] += count

    def add_empty_answers(self, source: Source, count: int) -> None:
        """Count answers that say nothing."""
        self._counter(source)["empty_answers"] += count

    def add_suspect(self, source: Source) -> None:
        """Count a submission that may be by a program that fills in every field."""
        self._counter(source)["suspects"] += 1

    def _counter(self, source: Source) -> Counter[str]:
        return self._counts.setdefault(f"{source.name}.{source.context.instance}", Counter())

    def flush(self) -> None:
        """Log one line per instance that received requests, and start counting again."""
        counts, self._counts = self._counts, {}
        for label, counter in counts.items():
            counted = {name: count for name, count in counter.items() if count}
            log.info("requests_received", instance=label, **counted)

    async def log_periodically(self) -> None:
        """Flush every minute until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            self.flush()
