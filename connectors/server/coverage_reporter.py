"""The ledger of sources that call: an entry a minute, so that one that falls silent is seen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from connectors.runtime.collect import entry_of
from connectors.runtime.coverage import coverage_message, following, load_coverage
from connectors.runtime.instances import Instance
from connectors.runtime.run_stats import Tally
from connectors.runtime.runner import Outcome, Window
from connectors.sdk.errors import Retry
from connectors.sdk.source import Source
from connectors.server.problems import HTTPProblem
from connectors.server.publisher import Delivery
from schemas.coverage import Coverage, State

_EVERY_S: Final = 60.0

log = structlog.get_logger("serve")


class Ledger:
    """What each instance was sent since its last entry."""

    def __init__(self, instances: Sequence[Instance], bootstrap_servers: str) -> None:
        self._instances = {(one.source.name, one.name): one for one in instances}
        self._servers = bootstrap_servers
        self._tallies: dict[tuple[str, str], tuple[Tally, Window]] = {}
        self._before: dict[tuple[str, str], Coverage] | None = None
        self._since = datetime.now(UTC)

    def add(self, source: Source, tally: Tally, window: Window) -> None:
        """Count what a request brought, once Kafka has it."""
        self._add((source.name, source.context.instance), tally, window)

    def _add(self, key: tuple[str, str], tally: Tally, window: Window) -> None:
        total, span = self._tallies.setdefault(key, (Tally(), Window()))
        for count in ("read", "published", "repeated", "skipped", "dead_lettered"):
            setattr(total, count, getattr(total, count) + getattr(tally, count))
        for moment in (window.earliest, window.latest):
            if moment is not None:
                span.add(moment)

    async def write_on_and_on(self, delivery: Delivery) -> None:
        """Write an entry of each instance every minute."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.write(delivery)

    async def write(self, delivery: Delivery) -> None:
        """Write an entry of each instance; what Kafka does not take is written with the next."""
        tallies, self._tallies = self._tallies, {}
        try:
            if self._before is None:
                self._before = await asyncio.to_thread(load_coverage, self._servers)
            entries = self._entries(self._before, tallies)
            await delivery.publish([coverage_message(entry) for entry in entries.values()])
        except (Retry, HTTPProblem):
            for key, (tally, window) in tallies.items():
                self._add(key, tally, window)
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
        tallies: dict[tuple[str, str], tuple[Tally, Window]],
    ) -> dict[tuple[str, str], Coverage]:
        found = {}
        for key, instance in self._instances.items():
            tally, window = tallies.get(key, (Tally(), Window()))
            entry = entry_of(
                instance, Outcome(tally, None, window), started=self._since, backfill=False
            )
            found[key] = following(entry, before.get(key))
        return found
