"""The worker's ``watch`` role: assigned partitions, rebalances and the passing of time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import Any, Final

import structlog

from pipeline.kafka.reader import AsyncTopicReader
from pipeline.kafka.retry import retry_until_available
from pipeline.kafka.transactional_producer import Fenced
from pipeline.settings import Settings
from pipeline.streams.loop import Agent, Control
from pipeline.watch.assigned_partition import AssignedPartition
from pipeline.watch.backlog import EnrichBacklog
from pipeline.watch.checkpoint import TransactionalStateStore
from pipeline.watch.partition import Partition, RoleCounts
from pipeline.watch.settings import WatchSettings, watch_settings
from schemas.kafka_topics import SIGNALS

_MAX_BATCHES: Final = 8
_MAX_WAIT_S: Final = 0.05
_TICK_S: Final = 0.25
_MAX_BACKLOG_AGE_S: Final = 5.0
_BEHIND_LOOK_S: Final = 1.0
_IDLE_S: Final = 5.0
_ADVANCE_EVERY_S: Final = 30.0
_MARGIN_S: Final = 60.0  # maximum age of what has been published until now
_BACK_OFF_S: Final = 5.0  # two heartbeats, within which the group settles the assignment

log = structlog.get_logger(__name__)


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for invalid settings."""
    watch = watch_settings(settings.config)
    role = WatchRole(settings, watch, control)
    stack.push_async_callback(role.close)
    return role.consume if watch.watch else role.drain_only


class WatchRole:
    """Feeds each partition records and time, and acknowledges saved events.

    Agent, ticker and rebalances exclude each other by a lock; their errors reach the worker through
    ``control``.
    """

    def __init__(self, settings: Settings, watch: WatchSettings, control: Control) -> None:
        self._settings = settings
        self._watch_settings = watch
        self._control = control
        self._reader = AsyncTopicReader(settings.kafka)
        self._backlog = EnrichBacklog(settings.kafka)
        self._partitions: dict[int, AssignedPartition] = {}
        self._backing_off: dict[int, float] = {}
        """Partitions taken over by another member, and when they may be acquired again."""
        self._unacked: dict[int, list[Any]] = {}
        """Their events, which are not delivered again if the partition is re-assigned here."""
        self._counts = RoleCounts()
        self._lock = asyncio.Lock()
        self._stream: Any = None
        self._ticker: asyncio.Task[None] | None = None
        self._advanced_at = time.monotonic()

    async def drain_only(self, stream: Any) -> None:
        """Run the agent if watching is disabled: acknowledge everything."""
        self._stream = stream
        async for events in stream.noack_take(_MAX_BATCHES, within=_MAX_WAIT_S):
            async with self._control.processing():
                for event in events:
                    await self._acknowledge(event)

    async def consume(self, stream: Any) -> None:
        """Run the agent."""
        self._stream = stream
        stream.app.on_partitions_revoked.connect(self._on_revoked)
        self._control.on_shutdown(self._on_shutdown)
        self._ticker = asyncio.ensure_future(self._tick_loop())
        async for events in stream.noack_take(_MAX_BATCHES, within=_MAX_WAIT_S):
            async with self._exclusive():
                await self._backlog.refresh(max_age_s=_MAX_BACKLOG_AGE_S)
                for event in events:
                    await self._handle(event)

    async def close(self) -> None:
        """Disconnect; unpublished alerts are found again by the next owner."""
        if self._ticker is not None:
            self._ticker.cancel()
        for number in list(self._partitions):
            await self._release(number)
        with suppress(Exception):
            await self._reader.close()
        await self._backlog.close()

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        async with self._control.processing(), self._lock:
            yield

    async def _handle(self, event: Any) -> None:
        number = event.message.tp.partition
        if number not in self._assigned_partitions():
            return  # revoked by a rebalance; the new owner gets the same records
        self._control.records += len(event.value.records)
        if self._in_back_off(number):
            event.value.records = ()
            self._unacked.setdefault(number, []).append(event)
            return
        owned = await self._acquire(number)
        async with self._handle_fencing(number):
            await owned.handle(event, self._reader, behind=self._backlog.is_behind)

    async def _acquire(self, number: int) -> AssignedPartition:
        """Return a partition, with its state restored if it is new here."""
        if number not in self._partitions:
            store = TransactionalStateStore(self._settings.kafka, number, self._reader)
            state = await retry_until_available(store.open)
            _, end = await retry_until_available(lambda: self._reader.bounds(SIGNALS, number))
            options = self._watch_settings.options(await store.signal_partition_count())
            partition = Partition(number, state, options, self._counts, end=end)
            unacked = self._unacked.pop(number, [])
            owned = self._partitions[number] = AssignedPartition(
                partition, store, self._acknowledge, unacked
            )
            await owned.resume(self._reader, behind=self._backlog.is_behind)
        return self._partitions[number]

    def _in_back_off(self, number: int) -> bool:
        return time.monotonic() < self._backing_off.get(number, 0.0)

    @asynccontextmanager
    async def _handle_fencing(self, number: int) -> AsyncIterator[None]:
        """Give up a partition that another member has taken over.

        If it is assigned to this worker again, it resumes from the other's commit. The group
        decides that soon; taking it back earlier would fence the other in turn.
        """
        try:
            yield
        except Fenced:
            log.warning("partition_fenced", partition=number)
            self._unacked[number] = await self._partitions.pop(number).close()
            self._backing_off[number] = time.monotonic() + _BACK_OFF_S

    async def _release(self, number: int) -> None:
        await self._partitions.pop(number).close()

    def _assigned_partitions(self) -> set[int]:
        return {tp.partition for tp in self._stream.app.consumer.assignment()}

    async def _acknowledge(self, event: Any) -> None:
        event.value.processed = True
        await self._stream.ack(event)

    async def _tick_loop(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            async with self._exclusive():
                await self._tick()

    async def _tick(self) -> None:
        assigned = self._assigned_partitions()
        for number in set(self._partitions) - assigned:
            await self._release(number)
        for number in assigned:
            if not self._in_back_off(number):
                await self._acquire(number)
        if any(owned.partition.has_open_buckets for owned in self._partitions.values()):
            await self._backlog.refresh(max_age_s=_BEHIND_LOOK_S)
        await self._advance_idle_time()
        for number, owned in list(self._partitions.items()):
            async with self._handle_fencing(number):
                owned.partition.close_due_buckets(behind=self._backlog.is_behind)
                await owned.write_if_due()

    async def _advance_idle_time(self) -> None:
        """Advance the time of idle partitions if no signals are on their way."""
        if time.monotonic() - self._advanced_at < _ADVANCE_EVERY_S:
            return
        self._advanced_at = time.monotonic()
        await self._backlog.refresh(max_age_s=_MAX_BACKLOG_AGE_S)
        if self._backlog.is_behind:
            return
        for number, owned in self._partitions.items():
            if owned.idle_seconds >= _IDLE_S:
                _, end = await retry_until_available(partial(self._reader.bounds, SIGNALS, number))
                if owned.partition.next_offset == end:
                    owned.partition.advance(self._backlog.enriched_until - _MARGIN_S)

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        """Save the counts, so that the next owner need not repeat them."""
        async with self._lock:
            await self._write_all()
            # The next owner gets the events that were not acknowledged.
            self._unacked.clear()
            self._backing_off.clear()

    async def _on_shutdown(self) -> None:
        async with self._lock:
            await self._write_all()
            detectors = [owned.partition.detector for owned in self._partitions.values()]
            dropped = Counter[str]()
            for detector in detectors:
                dropped.update(asdict(detector.dropped))
            log.info(
                "watch_finished",
                **asdict(self._counts),
                keys=sum(detector.keys for detector in detectors),
                dropped=dict(dropped),
            )

    async def _write_all(self) -> None:
        for number, owned in list(self._partitions.items()):
            async with self._handle_fencing(number):
                await owned.write()
