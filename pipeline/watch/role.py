"""The worker's ``watch`` role: the partitions that Faust assigns, and the time that passes."""

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
from pipeline.watch.assigned_partition import Owned
from pipeline.watch.backlog import EnrichBacklog
from pipeline.watch.checkpoint import TransactionalStateStore
from pipeline.watch.partition import Counts, Partition
from pipeline.watch.settings import WatchSettings, watch_settings
from schemas.kafka_topics import SIGNALS

_BATCHES: Final = 8
_WITHIN_S: Final = 0.05
_TICK_S: Final = 0.25
_STALE_S: Final = 5.0
_BEHIND_LOOK_S: Final = 1.0
_IDLE_S: Final = 5.0
_TIME_PASSES_S: Final = 30.0
_MARGIN_S: Final = 60.0  # what was published until now may be as old
_SHUT_OUT_S: Final = 5.0  # two heartbeats, by which the group says whose the partition is

log = structlog.get_logger("worker")


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for an invalid settings file."""
    chosen = watch_settings(settings.config)
    role = WatchRole(settings, chosen, control)
    stack.push_async_callback(role.close)
    return role.watch if chosen.watch else role.pass_over


class WatchRole:
    """Hands each partition its records and its time, and acknowledges what is saved.

    Agent, ticker and rebalances take turns by a lock; what they raise reaches the worker through
    ``control``.
    """

    def __init__(self, settings: Settings, chosen: WatchSettings, control: Control) -> None:
        self._settings = settings
        self._chosen = chosen
        self._control = control
        self._reader = AsyncTopicReader(settings.kafka)
        self._backlog = EnrichBacklog(settings.kafka)
        self._owned: dict[int, Owned] = {}
        self._shut_out: dict[int, float] = {}
        """Partitions that another member has taken over, and when they may be taken back."""
        self._held: dict[int, list[Any]] = {}
        """Events of these, which do not come again if the partition is this member's after all."""
        self._counts = Counts()
        self._lock = asyncio.Lock()
        self._stream: Any = None
        self._ticking: asyncio.Task[None] | None = None
        self._time_passed_at = time.monotonic()

    async def pass_over(self, stream: Any) -> None:
        """The agent where nothing is to be watched."""
        self._stream = stream
        async for events in stream.noack_take(_BATCHES, within=_WITHIN_S):
            async with self._control.processing():
                for event in events:
                    await self._acknowledge(event)

    async def watch(self, stream: Any) -> None:
        """The agent."""
        self._stream = stream
        stream.app.on_partitions_revoked.connect(self._on_revoked)
        self._control.on_shutdown(self._at_last)
        self._ticking = asyncio.ensure_future(self._tick_for_ever())
        async for events in stream.noack_take(_BATCHES, within=_WITHIN_S):
            async with self._turn():
                await self._backlog.refresh(max_age_s=_STALE_S)
                for event in events:
                    await self._handle(event)

    async def close(self) -> None:
        """Disconnect; what is not published by now is found again by who goes on."""
        if self._ticking is not None:
            self._ticking.cancel()
        for number in list(self._owned):
            await self._drop(number)
        with suppress(Exception):
            await self._reader.close()
        await self._backlog.close()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        async with self._control.processing(), self._lock:
            yield

    async def _handle(self, event: Any) -> None:
        number = event.message.tp.partition
        if number not in self._assigned():
            return  # a rebalance took it; who has it now gets the same records
        self._control.records += len(event.value.records)
        if self._is_shut_out(number):
            event.value.records = ()
            self._held.setdefault(number, []).append(event)
            return
        owned = await self._own(number)
        async with self._unless_fenced(number):
            await owned.handle(event, self._reader, behind=self._backlog.is_behind)

    async def _own(self, number: int) -> Owned:
        """A partition with its state; read where it is new here."""
        if number not in self._owned:
            store = TransactionalStateStore(self._settings.kafka, number, self._reader)
            state = await retry_until_available(store.open)
            _, end = await retry_until_available(lambda: self._reader.bounds(SIGNALS, number))
            options = self._chosen.options(await store.signal_partition_count())
            partition = Partition(number, state, options, self._counts, end=end)
            held = self._held.pop(number, [])
            owned = self._owned[number] = Owned(partition, store, self._acknowledge, held)
            await owned.resume(self._reader, behind=self._backlog.is_behind)
        return self._owned[number]

    def _is_shut_out(self, number: int) -> bool:
        return time.monotonic() < self._shut_out.get(number, 0.0)

    @asynccontextmanager
    async def _unless_fenced(self, number: int) -> AsyncIterator[None]:
        """Forgets a partition that another member has taken over.

        If it is this one's after all, it goes on from what the other has saved. Whether it is, the
        group says soon; to take it back before would shut out the other in its turn.
        """
        try:
            yield
        except Fenced:
            log.warning("partition_taken_over", partition=number)
            self._held[number] = await self._owned.pop(number).close()
            self._shut_out[number] = time.monotonic() + _SHUT_OUT_S

    async def _drop(self, number: int) -> None:
        await self._owned.pop(number).close()

    def _assigned(self) -> set[int]:
        return {tp.partition for tp in self._stream.app.consumer.assignment()}

    async def _acknowledge(self, event: Any) -> None:
        event.value.processed = True
        await self._stream.ack(event)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            async with self._turn():
                await self._tick()

    async def _tick(self) -> None:
        assigned = self._assigned()
        for number in set(self._owned) - assigned:
            await self._drop(number)
        for number in assigned:
            if not self._is_shut_out(number):
                await self._own(number)
        if any(owned.partition.unfinished for owned in self._owned.values()):
            await self._backlog.refresh(max_age_s=_BEHIND_LOOK_S)
        await self._let_time_pass()
        for number, owned in list(self._owned.items()):
            async with self._unless_fenced(number):
                owned.partition.catch_up(behind=self._backlog.is_behind)
                await owned.write_if_due()

    async def _let_time_pass(self) -> None:
        """Where no signals come and none are on their way, time goes on by itself."""
        if time.monotonic() - self._time_passed_at < _TIME_PASSES_S:
            return
        self._time_passed_at = time.monotonic()
        await self._backlog.refresh(max_age_s=_STALE_S)
        if self._backlog.is_behind:
            return
        for number, owned in self._owned.items():
            if owned.quiet_s >= _IDLE_S:
                _, end = await retry_until_available(partial(self._reader.bounds, SIGNALS, number))
                if owned.partition.next_offset == end:
                    owned.partition.advance(self._backlog.done_until - _MARGIN_S)

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        """Save what was counted, so that the next owner need not count it again."""
        async with self._lock:
            await self._write_all()
            # Whoever has them next gets the events that were not acknowledged.
            self._held.clear()
            self._shut_out.clear()

    async def _at_last(self) -> None:
        async with self._lock:
            await self._write_all()
            detectors = [owned.partition.detector for owned in self._owned.values()]
            dropped = Counter[str]()
            for detector in detectors:
                dropped.update(asdict(detector.dropped))
            log.info(
                "watched",
                **asdict(self._counts),
                keys=sum(detector.keys for detector in detectors),
                dropped=dict(dropped),
            )

    async def _write_all(self) -> None:
        for number, owned in list(self._owned.items()):
            async with self._unless_fenced(number):
                await owned.write()
