"""A partition that this worker has: counts what comes, and publishes what it found when due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import structlog

from pipeline.kafka.reader import AsyncTopicReader
from pipeline.kafka.retry import retry_until_available
from pipeline.watch.checkpoint import TransactionalStateStore
from pipeline.watch.partition import Partition
from schemas.alert import Alert
from schemas.kafka_topics import SIGNALS

_SLICE: Final = 250  # records between two looks at the network
_GLANCE_S: Final = 0.5
_ALERTS_S: Final = 1.0
_SNAPSHOT_S: Final = 60.0
_QUIET_S: Final = 1.0
_QUIET_BYTES_A_S: Final = 20_000
"""Once nothing comes, a snapshot is taken soon: somebody may wait for the worker to be done. Where
a little comes now and then, this is the most that is written."""

Acknowledge = Callable[[Any], Awaitable[None]]

log = structlog.get_logger("worker")


class Owned:
    """One partition with its state store, and the events that no snapshot knows yet."""

    def __init__(
        self,
        partition: Partition,
        store: TransactionalStateStore,
        acknowledge: Acknowledge,
        held: Sequence[Any] = (),
    ) -> None:
        """``held`` are events that came already, and that the partition does not know of."""
        self.partition = partition
        self._store = store
        self._acknowledge = acknowledge
        self._held = list(held)
        self._written_at = float("-inf")
        self._written_bytes = 0
        self._glanced_at = float("-inf")
        self._came_at = float("-inf")

    @property
    def quiet_s(self) -> float:
        """Seconds since the last record."""
        return time.monotonic() - self._came_at

    async def handle(self, event: Any, reader: AsyncTopicReader, *, behind: bool) -> None:
        """Count one fetch; its event is acknowledged once a snapshot knows of it."""
        records = event.value.records
        if self.partition.next_offset is not None:
            await self._fill(reader, records[0].offset, behind)
        await self._count(records, behind)
        event.value.records = ()  # held for a minute, it need not keep them
        self._held.append(event)
        await self.write_if_due()

    async def resume(self, reader: AsyncTopicReader, *, behind: bool) -> None:
        """Count what came before the partition was this worker's again: it does not come twice."""
        if self._held:
            await self._fill(reader, self._held[-1].message.offset + 1, behind)

    async def write_if_due(self) -> None:
        """Glance, and take a snapshot where it is time; raises :class:`Fenced`."""
        partition, now = self.partition, time.monotonic()
        if partition.unseen and now - self._glanced_at >= _GLANCE_S:
            partition.glance()
            self._glanced_at = now
        since = now - self._written_at
        if partition.alerts:
            wait = _ALERTS_S
        elif self.quiet_s >= _QUIET_S:
            wait = min(_SNAPSHOT_S, self._written_bytes / _QUIET_BYTES_A_S)
        else:
            wait = _SNAPSHOT_S
        if partition.changed and since >= wait:
            await self.write()
        await self._acknowledge_saved()

    async def write(self) -> None:
        """Publish what was found and the state that knows of it, if there is anything new.

        Raises :class:`Fenced`.
        """
        partition = self.partition
        if partition.changed:
            alerts = list(partition.alerts)
            state = await asyncio.to_thread(partition.snapshot)
            await retry_until_available(lambda: self._store.write(state, alerts))
            partition.saved(state, alerts)
            self._written_at = time.monotonic()
            self._written_bytes = len(state.state)
            for alert in alerts:
                _say(alert)
        await self._acknowledge_saved()

    async def close(self) -> list[Any]:
        """Disconnect; the events that are held, which stay unacknowledged."""
        await self._store.close()
        return self._held

    async def _count(self, records: Sequence[Any], behind: bool) -> None:
        for start in range(0, len(records), _SLICE):
            self.partition.take(records[start : start + _SLICE], behind=behind)
            await asyncio.sleep(0)
        self._came_at = time.monotonic()

    async def _fill(self, reader: AsyncTopicReader, offset: int, behind: bool) -> None:
        """Read what lies between the state and ``offset`` again.

        The group is past it, but the state is not: who counted it was shut out before it could
        save it.
        """
        partition = self.partition

        async def attempt() -> None:
            start, _ = await reader.bounds(SIGNALS, partition.number)
            begin = max(start, partition.next_offset or 0)
            if begin < offset:
                async for records in reader.read(SIGNALS, partition.number, begin, offset):
                    await self._count(records, behind)

        if (partition.next_offset or 0) < offset:
            log.info("reading_signals_again", partition=partition.number)
            await retry_until_available(attempt)

    async def _acknowledge_saved(self) -> None:
        while self._held and self._held[0].message.offset < self.partition.saved_offset:
            await self._acknowledge(self._held.pop(0))


def _say(alert: Alert) -> None:
    log.info(
        "alert",
        alert_id=alert.alert_id,
        revision=alert.revision,
        kind=alert.kind,
        state=alert.state,
        severity=alert.severity,
    )
