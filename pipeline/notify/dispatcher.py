"""The postman: brings deliveries to their destinations, each destination by itself.

The Kafka topic of the deliveries has one partition, so that of all workers one owns it: Kafka's
group sees to that, and to a successor within ten seconds. The owner reads the compacted topic from
its beginning, which is all that waits, and follows it from there. Nothing is ever committed: what
stands in the topic is the state. A destination that is down holds up nobody but itself.

What was told before a crash but not yet retracted is told again, with the same identifier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.notify.attempts import Attempts
from pipeline.notify.digest_schedule import Digesting
from schemas.delivery import Delivery
from schemas.kafka_topics import DELIVER_GROUP, DELIVERIES

_GRACE_S: Final = 10.0
_LOOK_MS: Final = 200
_LONGEST_SLEEP_S: Final = 60.0  # the clock may be set

log = structlog.get_logger("telling")


class Postman:
    """Owns the deliveries, or waits to."""

    def __init__(
        self,
        bootstrap_servers: str,
        attempts: Attempts,
        digesting: Digesting,
        fail: Callable[[BaseException], None],
    ) -> None:
        """``fail`` is told what nothing can go on after."""
        self._bootstrap_servers = bootstrap_servers
        self._attempts = attempts
        self._digesting = digesting
        self._fail = fail
        self._consumer: Any = None
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._woken: dict[str, asyncio.Event] = {}
        self._busy: set[str] = set()
        self._owned: Any = None
        self._end: int | None = None
        self._loaded = False
        self._settled = asyncio.Event()
        self.expected = False
        """Whether this process has published something that is to be told."""

    async def start(self) -> None:
        """Join the group; raises aiokafka's ``KafkaError``."""
        from aiokafka import AIOKafkaConsumer
        from aiokafka.abc import ConsumerRebalanceListener
        from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

        from schemas.brokers import pace

        postman = self

        class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
            async def on_partitions_revoked(self, revoked: Any) -> None:
                await postman._put_down()

            async def on_partitions_assigned(self, assigned: Any) -> None:
                postman._take_up(next(iter(assigned), None))

        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            group_id=DELIVER_GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            # The owner stays the owner when another worker comes.
            partition_assignment_strategy=[StickyPartitionAssignor],
        )
        pace(self._consumer._client)
        self._consumer.subscribe([DELIVERIES.name], listener=Listener())
        await self._consumer.start()
        self._begin("", self._follow())

    async def stop(self) -> None:
        """Tell what is due and was never tried, at most 10 seconds, and leave the group."""
        with suppress(TimeoutError, Exception):
            async with asyncio.timeout(_GRACE_S):
                await self._settle()
        await self._put_down(0)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._consumer.stop()

    async def _settle(self) -> None:
        if self.expected:
            await self._settled.wait()
        if self._owned is None:
            return
        end = (await self._consumer.end_offsets([self._owned]))[self._owned]
        while await self._consumer.position(self._owned) < end or self._has_work():  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # at the end of a life: no event is worth its upkeep

    def _has_work(self) -> bool:
        return bool(self._busy) or self._attempts.book.fresh(datetime.now(UTC))

    async def _follow(self) -> None:
        from aiokafka.errors import KafkaError

        while True:
            try:
                await self._look()
            except KafkaError as error:  # the broker is away, or the partition just went
                log.warning("waiting", reason=f"reading deliveries: {type(error).__name__}")
                await asyncio.sleep(1)

    async def _look(self) -> None:
        found = await self._consumer.getmany(timeout_ms=_LOOK_MS, max_records=1_000)
        for records in found.values():
            for record in records:
                await self._read(record)
        if self._owned is None:
            return
        if not self._loaded:
            if self._end is None:
                self._end = (await self._consumer.end_offsets([self._owned]))[self._owned]
            if await self._consumer.position(self._owned) < self._end:
                return
            self._loaded = True
            self._settled.set()
            log.info("delivering", waiting=list(self._attempts.book.destinations))
            self._begin("digests", self._digesting.run())
        self._wake()

    async def _read(self, record: Any) -> None:
        book, key = self._attempts.book, (record.key or b"").decode()
        if record.value is None:
            book.read(key, None)
            return
        try:
            delivery = Delivery.from_payload(record.value)
        except ValidationError:
            log.error("unreadable_delivery", offset=record.offset)  # a newer version's: it stays
            return
        if not book.read(key, delivery):
            await self._attempts.conclude([delivery])

    def _wake(self) -> None:
        for name in self._attempts.book.destinations:
            if name not in self._woken:
                self._woken[name] = asyncio.Event()
                self._begin(f"to {name}", self._serve(name))
            self._woken[name].set()

    async def _serve(self, destination: str) -> None:
        """Try a destination's deliveries when they are due, one after the other."""
        woken, free_at = self._woken[destination], datetime.min.replace(tzinfo=UTC)
        while True:
            woken.clear()
            delivery, now = self._attempts.book.next(destination), datetime.now(UTC)
            due = max(delivery.due_at, free_at) if delivery is not None else None
            if delivery is None or due is None or due > now:
                left = (due - now).total_seconds() if due is not None else _LONGEST_SLEEP_S
                # Not wait_for: before Python 3.12 it loses a cancellation that comes with the wake,
                # and the lane would go on beside its successor.
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left, _LONGEST_SLEEP_S)):
                        await woken.wait()
                continue
            self._busy.add(destination)
            try:
                wait = await self._attempts.attempt(delivery)
            finally:
                self._busy.discard(destination)
            free_at = datetime.now(UTC) + (wait or timedelta(0))

    async def _put_down(self, grace_s: float = 5.0) -> None:
        """Another worker may own the deliveries now: end what is in hand and forget the rest."""
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
        self._take_up(None)
        self._settled.clear()

    def _take_up(self, owned: Any) -> None:
        """Own the partition, or none; whatever was known is read again."""
        self._attempts.book.clear()
        self._owned, self._end, self._loaded = owned, None, False
        if owned is None:
            self._settled.set()  # another worker's

    def _begin(self, name: str, work: Any) -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._ended)
        self._tasks[name] = task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            self._fail(task.exception())  # type: ignore[arg-type]  # it is there
