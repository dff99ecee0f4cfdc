"""aiokafka's producer on a thread of its own, for callers that wait for nothing but outcomes.

It takes whole record batches, which its C extension builds. An idempotent producer whose batch
has failed is of no more use, since the numbers that follow have a gap: take a new one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, ProducerClosed

from schemas.brokers import pace
from schemas.cloud_events import Headers

_BATCH_BYTES = 262_144
_START_SECONDS = 8.0
_METADATA_SECONDS = 15.0
_CLOSE_SECONDS = 5.0
_REQUEST_TIMEOUT_MS = 10_000

T = TypeVar("T")


class Delivery:
    """What becomes of one batch: without an ``exception`` once done, the broker has all of it."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self.exception: BaseException | None = None

    @property
    def is_done(self) -> bool:
        """Whether the broker answered, or never will."""
        return self._done.is_set()

    def wait(self, seconds: float) -> None:
        """Wait for the outcome, at most so long."""
        self._done.wait(seconds)

    @property
    def succeeded(self) -> bool:
        """Whether the broker has it."""
        return self.is_done and self.exception is None

    def end(self, exception: BaseException | None) -> None:
        """Note the outcome."""
        self.exception = exception
        self._done.set()

    def begin_again(self) -> None:
        """Forget the outcome: another producer tries."""
        self.exception = None
        self._done.clear()


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition, on their way together."""

    kafka_topic: str
    partition: int
    builder: Any
    delivery: Delivery
    opened_ms: int
    """The time of all its records: one for all, so that built again it is no larger."""

    def take(self, key: bytes, value: bytes, headers: Headers) -> bool:
        """Put one more record in; False where there is no room. The first one always fits."""
        taken = self.builder.append(timestamp=self.opened_ms, key=key, value=value, headers=headers)
        return taken is not None


class Producer:
    """An idempotent producer that asks for the acknowledgement of all in-sync replicas."""

    def __init__(self, bootstrap_servers: str) -> None:
        """Connect. Raises aiokafka's ``KafkaError`` where no broker answers within 8 seconds."""
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._live, name="outbox", daemon=True)
        self._thread.start()
        self._under_way: set[Delivery] = set()
        self._failure: BaseException | None = None
        try:
            self._producer = self._wait_for(self._start(bootstrap_servers), _START_SECONDS)
        except BaseException:
            self._end()
            raise

    def partitions(self, kafka_topic: str) -> int:
        """How many partitions a Kafka topic has; raises ``KafkaError`` where nobody tells."""
        known = self._producer.client.cluster.partitions_for_topic(kafka_topic)
        if known:  # asking the other thread takes longer than sending some records
            return len(known)
        return len(self._wait_for(self._producer.partitions_for(kafka_topic), _METADATA_SECONDS))

    def batch(self, kafka_topic: str, partition: int, delivery: Delivery) -> Batch:
        """An empty batch, to be filled and posted."""
        builder, now = self._producer.create_batch(), int(time.time() * 1000)
        return Batch(kafka_topic, partition, builder, delivery, now)

    def post(self, batches: Sequence[Batch]) -> None:
        """Hand batches over, those of a partition in their order."""
        self._under_way.update(batch.delivery for batch in batches)
        asyncio.run_coroutine_threadsafe(self._post(batches), self._loop)

    def close(self, *, flush: float = 0.0) -> None:
        """Disconnect, after waiting ``flush`` seconds at most for what is under way.

        What is still under way then has failed.
        """
        with suppress(KafkaError):
            self._wait_for(self._close(flush), flush + _CLOSE_SECONDS)
        self._end()

    def _wait_for(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise KafkaTimeoutError from None

    async def _start(self, bootstrap_servers: str) -> AIOKafkaProducer:
        self._turn = asyncio.Lock()
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        pace(producer.client)
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _post(self, batches: Sequence[Batch]) -> None:
        # In turn: aiokafka lets a partition's second batch wait until the first is on its way,
        # and batches that waited side by side might overtake one another.
        async with self._turn:
            for batch in batches:
                try:
                    if self._failure is not None:
                        raise ProducerClosed  # nothing may overtake what is sent again
                    sent = await self._producer.send_batch(
                        batch.builder, batch.kafka_topic, partition=batch.partition
                    )
                except KafkaError as error:
                    self._note(batch.delivery, error)
                else:
                    sent.add_done_callback(partial(self._answered, batch.delivery))

    def _answered(self, delivery: Delivery, sent: asyncio.Future[Any]) -> None:
        self._note(delivery, ProducerClosed() if sent.cancelled() else sent.exception())

    def _note(self, delivery: Delivery, error: BaseException | None) -> None:
        self._failure = self._failure or error
        self._under_way.discard(delivery)
        delivery.end(error)

    async def _close(self, flush: float) -> None:
        stopping = asyncio.ensure_future(self._producer.stop())
        await asyncio.wait([stopping], timeout=flush)
        # stop() waits for a broker however long it is away. All tasks of this loop are ours.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._producer.client.close()

    def _live(self) -> None:
        with self._runner:
            self._loop.run_forever()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)
        for delivery in list(self._under_way):
            self._note(delivery, ProducerClosed())
