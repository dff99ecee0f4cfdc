"""A partition assigned to this worker: counts its records and publishes alerts when due."""

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

_YIELD_EVERY: Final = 250  # records between two yields to the event loop
_EVALUATE_S: Final = 0.5
_ALERTS_S: Final = 1.0
_SNAPSHOT_S: Final = 60.0
_IDLE_S: Final = 1.0
_IDLE_BYTES_PER_S: Final = 20_000
"""An idle partition takes a snapshot soon, as an operator may wait for the worker to finish. This
limits what is written if records arrive now and then."""

Acknowledge = Callable[[Any], Awaitable[None]]

log = structlog.get_logger(__name__)


class AssignedPartition:
    """One partition with its state store, and the events that are not in a snapshot yet."""

    def __init__(
        self,
        partition: Partition,
        store: TransactionalStateStore,
        acknowledge: Acknowledge,
        unacked: Sequence[Any] = (),
    ) -> None:
        """Set up; ``unacked`` are earlier events that the partition has not counted."""
        self.partition = partition
        self._store = store
        self._acknowledge = acknowledge
        self._unacked = list(unacked)
        self._written_at = float("-inf")
        self._written_bytes = 0
        self._evaluated_at = float("-inf")
        self._received_at = float("-inf")

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last record."""
        return time.monotonic() - self._received_at

    async def handle(self, event: Any, reader: AsyncTopicReader, *, behind: bool) -> None:
        """Count one fetch; its event is acknowledged once a snapshot includes it."""
        records = event.value.records
        if self.partition.next_offset is not None:
            await self._replay(reader, records[0].offset, behind)
        await self._count(records, behind)
        event.value.records = ()  # unacknowledged for a minute, it need not keep them
        self._unacked.append(event)
        await self.write_if_due()

    async def resume(self, reader: AsyncTopicReader, *, behind: bool) -> None:
        """Count the events from before a re-assignment, which are not delivered again."""
        if self._unacked:
            await self._replay(reader, self._unacked[-1].message.offset + 1, behind)

    async def write_if_due(self) -> None:
        """Evaluate the open bucket, and take a snapshot if it is due.

        Raises :class:`Fenced`.
        """
        partition, now = self.partition, time.monotonic()
        if partition.dirty and now - self._evaluated_at >= _EVALUATE_S:
            partition.evaluate_open_bucket()
            self._evaluated_at = now
        since = now - self._written_at
        if partition.alerts:
            wait = _ALERTS_S
        elif self.idle_seconds >= _IDLE_S:
            wait = min(_SNAPSHOT_S, self._written_bytes / _IDLE_BYTES_PER_S)
        else:
            wait = _SNAPSHOT_S
        if partition.changed and since >= wait:
            await self.write()
        await self._acknowledge_saved()

    async def write(self) -> None:
        """Publish alerts and the state that includes them, if anything has changed.

        Raises :class:`Fenced`.
        """
        partition = self.partition
        if partition.changed:
            alerts = list(partition.alerts)
            state = await asyncio.to_thread(partition.snapshot)
            await retry_until_available(lambda: self._store.write(state, alerts))
            partition.mark_saved(state, alerts)
            self._written_at = time.monotonic()
            self._written_bytes = len(state.state)
            for alert in alerts:
                _log_alert(alert)
        await self._acknowledge_saved()

    async def close(self) -> list[Any]:
        """Disconnect; return the events that stay unacknowledged."""
        await self._store.close()
        return self._unacked

    async def _count(self, records: Sequence[Any], behind: bool) -> None:
        for start in range(0, len(records), _YIELD_EVERY):
            self.partition.consume(records[start : start + _YIELD_EVERY], behind=behind)
            await asyncio.sleep(0)
        self._received_at = time.monotonic()

    async def _replay(self, reader: AsyncTopicReader, offset: int, behind: bool) -> None:
        """Replay the records between the state and ``offset``.

        The group is past them, but the state is not: their owner was fenced before it could commit.
        """
        partition = self.partition

        async def attempt() -> None:
            start, _ = await reader.bounds(SIGNALS, partition.number)
            begin = max(start, partition.next_offset or 0)
            if begin < offset:
                async for records in reader.read(SIGNALS, partition.number, begin, offset):
                    await self._count(records, behind)

        if (partition.next_offset or 0) < offset:
            log.info("signals_replayed", partition=partition.number)
            await retry_until_available(attempt)

    async def _acknowledge_saved(self) -> None:
        while self._unacked and self._unacked[0].message.offset < self.partition.saved_offset:
            await self._acknowledge(self._unacked.pop(0))


def _log_alert(alert: Alert) -> None:
    log.info(
        "alert_published",
        alert_id=alert.alert_id,
        revision=alert.revision,
        kind=alert.kind,
        state=alert.state,
        severity=alert.severity,
    )
