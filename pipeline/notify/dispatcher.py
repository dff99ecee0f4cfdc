"""Dispatches deliveries to their destinations, each destination independently.

The Kafka topic of the deliveries has one partition, which one worker owns; the consumer group
elects it, and a successor within ten seconds. The owner reads the compacted topic, all pending
deliveries, from its beginning and follows it. It never commits an offset: the topic is the state. A
destination that is down does not delay others.

A notice that was sent before a crash but not yet removed is sent again, with the same identifier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.failures import TransientError
from pipeline.kafka.exclusive_consumer import ExclusiveConsumer
from pipeline.kafka.reader import Record
from pipeline.notify.attempts import DeliveryAttempts
from pipeline.notify.digest_schedule import DigestScheduler
from pipeline.settings import KafkaConnection
from schemas.delivery import Delivery
from schemas.kafka_topics import DELIVER_GROUP, DELIVERIES

_SHUTDOWN_TIMEOUT_S: Final = 10.0
_MAX_SLEEP_S: Final = 60.0  # the clock may be changed

log = structlog.get_logger(__name__)


class DeliveryDispatcher:
    """Sends deliveries while this process owns their partition."""

    def __init__(
        self,
        connection: KafkaConnection,
        attempts: DeliveryAttempts,
        digesting: DigestScheduler,
        fail: Callable[[BaseException], None],
    ) -> None:
        """``fail`` is called with unrecoverable errors."""
        self._attempts = attempts
        self._digesting = digesting
        self._fail = fail
        self._consumer = ExclusiveConsumer(
            connection,
            DELIVERIES,
            DELIVER_GROUP,
            on_acquired=self._reset,
            on_released=self._release,
            on_waiting=self._wait,
        )
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._busy: set[str] = set()
        self._end: int | None = None
        self._loaded = False
        self._ready = asyncio.Event()
        self.has_pending_work = False
        """True if this process has published deliveries."""

    async def start(self) -> None:
        """Join the group; raises aiokafka's ``KafkaError``."""
        await self._consumer.start()
        self._spawn("", self._poll_forever())

    async def stop(self) -> None:
        """Attempt due deliveries not attempted before, for at most 10 s, and leave the group."""
        with suppress(TimeoutError, Exception):
            async with asyncio.timeout(_SHUTDOWN_TIMEOUT_S):
                await self._drain()
        await self._release(0)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._consumer.stop()

    async def _drain(self) -> None:
        if self.has_pending_work:
            await self._ready.wait()
        if not self._consumer.is_owner:
            return
        end = await self._consumer.end_offset()
        while await self._consumer.position() < end or self._has_work():  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # at shutdown only, so polling will do

    def _has_work(self) -> bool:
        return bool(self._busy) or self._attempts.queue.has_untried(datetime.now(UTC))

    async def _poll_forever(self) -> None:
        while True:
            try:
                await self._poll()
            except TransientError as error:
                log.warning("kafka_unavailable", reason=str(error))
                await asyncio.sleep(1)

    async def _poll(self) -> None:
        for record in await self._consumer.poll():
            await self._read(record)
        if not self._consumer.is_owner:
            return
        if not self._loaded:
            end = self._end
            if end is None:
                end = self._end = await self._consumer.end_offset()
            if await self._consumer.position() < end or self._end != end:
                return  # more to read, or the partition was lost in between
            self._loaded = True
            self._ready.set()
            log.info("deliveries_acquired", destinations=list(self._attempts.queue.destinations))
            self._spawn("digests", self._digesting.run())
        self._notify_lanes()

    async def _read(self, record: Record) -> None:
        queue, key = self._attempts.queue, (record.key or b"").decode()
        if record.value is None:
            queue.read(key, None)
            return
        try:
            delivery = Delivery.from_payload(record.value)
        except ValidationError:
            # Written by a newer version: it stays.
            log.error(
                "delivery_unreadable",
                offset=record.offset,
                reason="it is not a delivery of this version",
            )
            return
        if not queue.read(key, delivery):
            await self._attempts.finish([delivery])

    def _notify_lanes(self) -> None:
        for name in self._attempts.queue.destinations:
            if name not in self._woken:
                self._woken[name] = asyncio.Event()
                self._spawn(f"to {name}", self._deliver_loop(name))
            self._woken[name].set()

    async def _deliver_loop(self, destination: str) -> None:
        """Attempt a destination's deliveries when they are due, one after the other."""
        woken, free_at = self._woken[destination], datetime.min.replace(tzinfo=UTC)
        while True:
            woken.clear()
            delivery, now = self._attempts.queue.next(destination), datetime.now(UTC)
            due = max(delivery.due_at, free_at) if delivery is not None else None
            if delivery is None or due is None or due > now:
                left = (due - now).total_seconds() if due is not None else _MAX_SLEEP_S
                # Not wait_for: before Python 3.12 it loses a cancellation that comes with the wake,
                # and the task would continue beside its successor.
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _MAX_SLEEP_S)):
                        await woken.wait()
                continue
            self._busy.add(destination)
            try:
                wait = await self._attempts.attempt(delivery)
            finally:
                self._busy.discard(destination)
            free_at = datetime.now(UTC) + (wait or timedelta(0))

    async def _release(self, grace_s: float = 5.0) -> None:
        """Finish current attempts and forget the rest: another worker may be the owner now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                while self._busy:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.02)
        lanes = [task for name, task in self._tasks.items() if name]
        for task in lanes:
            task.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        self._tasks = {name: task for name, task in self._tasks.items() if not name}
        self._woken.clear()
        self._reset()
        self._ready.clear()

    def _reset(self) -> None:
        """Forget the queue: it is read again."""
        self._attempts.queue.clear()
        self._end, self._loaded = None, False

    def _wait(self) -> None:
        """Another worker is the owner."""
        self._reset()
        self._ready.set()

    def _spawn(self, name: str, work: Any) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._on_task_done)
        self._tasks[name] = task

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._fail(task.exception())  # type: ignore[arg-type]  # checked above
