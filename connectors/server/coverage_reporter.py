"""Coverage of sources that call: one entry per minute, so that a silent one is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from connectors.runtime.collect import build_entry
from connectors.runtime.coverage import coverage_message, load_coverage, merge_with_previous
from connectors.runtime.instances import Instance
from connectors.runtime.ports import Broker, RequestPublisher
from connectors.runtime.run_stats import RunStats, TimeRange
from connectors.runtime.runner import RunOutcome
from connectors.sdk.errors import Retry
from connectors.sdk.source import Source
from schemas.coverage import Coverage, State

_INTERVAL_S: Final = 60.0
_COUNTS: Final = ("read", "published", "repeated", "skipped", "dead_lettered", "empty_answers")

log = structlog.get_logger(__name__)


class CoverageReporter:
    """Counts what each instance received since its last entry, and publishes the entries."""

    def __init__(self, instances: Sequence[Instance], broker: Broker) -> None:
        self._instances = {
            (instance.source.name, instance.name): instance for instance in instances
        }
        self._broker = broker
        self._totals: dict[tuple[str, str], tuple[RunStats, TimeRange]] = {}
        self._before: dict[tuple[str, str], Coverage] | None = None
        self._since = datetime.now(UTC)

    def add(self, source: Source, stats: RunStats, time_range: TimeRange) -> None:
        """Count a request's items, once Kafka has acknowledged them."""
        self._add((source.name, source.context.instance), stats, time_range)

    def _add(self, key: tuple[str, str], stats: RunStats, time_range: TimeRange) -> None:
        total, span = self._totals.setdefault(key, (RunStats(), TimeRange()))
        for count in _COUNTS:
            setattr(total, count, getattr(total, count) + getattr(stats, count))
        for moment in (time_range.earliest, time_range.latest):
            if moment is not None:
                span.add(moment)

    async def write_periodically(self, publisher: RequestPublisher) -> None:
        """Write an entry per instance every minute, until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_S)
            await self.write(publisher)

    async def write(self, publisher: RequestPublisher) -> None:
        """Write an entry per instance; if Kafka is unavailable, its counts go into the next one."""
        totals, self._totals = self._totals, {}
        try:
            if self._before is None:
                self._before = await asyncio.to_thread(load_coverage, self._broker)
            entries = self._entries(self._before, totals)
            await publisher.publish([coverage_message(entry) for entry in entries.values()])
        except Retry:
            for key, (stats, time_range) in totals.items():
                self._add(key, stats, time_range)
            return
        self._before |= entries
        self._since = datetime.now(UTC)
        for entry in entries.values():
            if entry.state(entry.finished_at) is State.SILENT:
                label = f"{entry.source}.{entry.instance}"
                log.error("source_silent", source=label, since=str(entry.news_at))

    def _entries(
        self,
        before: dict[tuple[str, str], Coverage],
        totals: dict[tuple[str, str], tuple[RunStats, TimeRange]],
    ) -> dict[tuple[str, str], Coverage]:
        entries = {}
        for key, instance in self._instances.items():
            stats, time_range = totals.get(key, (RunStats(), TimeRange()))
            entry = build_entry(
                instance, RunOutcome(stats, None, time_range), started=self._since, backfill=False
            )
            entries[key] = merge_with_previous(entry, before.get(key))
        return entries
