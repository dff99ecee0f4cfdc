"""The publisher of a server: what requests bring is gathered for milliseconds, then sent together.

aiokafka never gives up a batch of an idempotent producer. So once the brokers have not answered
within the time limit, nothing more is handed over until they have answered all of it, or the
producer is replaced: the memory that waits stays bounded however long Kafka is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError

from connectors.sdk.errors import Retry
from pipeline.failures import Failure, TransientError
from pipeline.kafka.producer import BatchDelivery, BatchProducer, Pending
from pipeline.settings import KafkaConnection
from schemas.kafka_topics import COVERAGE, DEAD, RAW
from schemas.message import Message

_LINGER_S: Final = 0.004
_REPLACE_AFTER_S: Final = 30.0
_RECONNECT_AFTER_S: Final = 1.0
_PROBE_TIMEOUT_S: Final = 2.0
_STOP_TIMEOUT_S: Final = 2.0
_REQUEST_TIMEOUT_S: Final = 10.0
_KAFKA_TOPICS: Final = (*RAW.values(), DEAD, COVERAGE)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    """Messages of one request, and whether they were delivered."""

    messages: Sequence[Message]
    delivered: asyncio.Future[bool]


class KafkaRequestPublisher:
    """Publishes messages and returns once the brokers have them. One per event loop.

    Implements :class:`connectors.runtime.ports.RequestPublisher`.
    """

    def __init__(self, connection: KafkaConnection, *, timeout_s: float = 5.0) -> None:
        """``timeout_s``: how long the brokers may take to acknowledge."""
        self._connection = connection
        self._timeout_s = timeout_s
        self._producer: BatchProducer | None = None
        self._queue: list[_Request] = []
        self._sending: list[_Request] = []
        self._arrived = asyncio.Event()
        self._broken = asyncio.Event()
        self._overdue: set[asyncio.Future[Any]] = set()
        """Batches that the brokers have yet to acknowledge, past the time limit."""
        self._tasks: list[asyncio.Task[None]] = []
        self.unavailable_reason = "not connected yet"

    async def start(self) -> None:
        """Start connecting; returns at once, whether Kafka is available or not."""
        self._spawn(self._stay_connected())
        self._spawn(self._deliver_forever())

    async def stop(self) -> None:
        """Deliver what was handed over, as far as Kafka answers, and disconnect."""
        waiting = [request.delivered for request in (*self._sending, *self._queue)]
        if waiting:
            await asyncio.wait(waiting, timeout=self._timeout_s)
        producer, self._producer = self._producer, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if producer is not None:
            await producer.discard(_STOP_TIMEOUT_S)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return once the brokers have all of them; raises ``Retry``."""
        if not messages:
            return
        if self._producer is None or self._overdue:
            raise self._unavailable()
        delivered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append(_Request(messages, delivered))
        self._arrived.set()
        try:
            async with asyncio.timeout(self._timeout_s):
                succeeded = await delivered
        except TimeoutError:
            succeeded = False
        if not succeeded:
            raise self._unavailable()

    async def is_ready(self) -> bool:
        """Return True if the brokers answer now and have the Kafka topics."""
        producer = self._producer
        if producer is None or self._overdue:
            return False
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                answered = await producer.is_reachable()
        except TimeoutError:
            answered = False
        if not answered:
            self.unavailable_reason = "Kafka does not answer"
        return answered

    def _unavailable(self) -> Retry:
        return Retry("publishing to Kafka: it does not answer", wait=self._timeout_s)

    # From the queue to the producer

    async def _deliver_forever(self) -> None:
        # One at a time: aiokafka sends a partition's batches one by one, and many small ones
        # would wait for each other while what arrives in between fits into one.
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_LINGER_S)
            self._arrived.clear()
            queue, self._queue = self._queue, []
            self._sending = [request for request in queue if not request.delivered.done()]
            messages = [message for request in self._sending for message in request.messages]
            undelivered = await self._deliver(messages)
            for request in self._sending:
                if not request.delivered.done():  # otherwise the caller has given up
                    failed = any(id(message) in undelivered for message in request.messages)
                    request.delivered.set_result(not failed)
            self._sending = []

    async def _deliver(self, messages: Sequence[Message]) -> set[int]:
        """Send all; return the identities of the messages that the brokers do not have."""
        everything = {id(message) for message in messages}
        try:
            async with asyncio.timeout(self._timeout_s):
                refused = await self._send(messages)
        except TimeoutError:
            return everything
        if refused is None:
            return everything
        return {id(messages[failure.index]) for failure in refused}

    async def _send(self, messages: Sequence[Message]) -> list[Failure] | None:
        """Send all; return the refused ones, or None if the brokers may not have the others."""
        producer = self._producer
        if producer is None or self._overdue:
            return None
        pending = Pending([], [])
        try:
            await producer.submit(messages, pending)
            if pending.deliveries:
                await asyncio.wait([delivery.acknowledged for delivery in pending.deliveries])
        except asyncio.CancelledError:
            if producer is self._producer:
                self._watch_overdue(pending.deliveries)
            raise
        except Exception as error:
            self._break(error)
            return None
        outcomes = [delivery.acknowledged.exception() for delivery in pending.deliveries]
        errors = [outcome for outcome in outcomes if outcome is not None]
        if errors:
            self._break(errors[0])
        return None if errors else pending.failures

    def _watch_overdue(self, deliveries: Sequence[BatchDelivery]) -> None:
        """Remember the batches that the brokers have yet to acknowledge."""
        for delivery in deliveries:
            if not delivery.acknowledged.done():
                self._overdue.add(delivery.acknowledged)
                delivery.acknowledged.add_done_callback(self._on_acknowledged)
        if self._overdue:
            self._report_unavailable(f"no acknowledgement within {self._timeout_s:g} s")

    def _on_acknowledged(self, future: asyncio.Future[Any]) -> None:
        self._overdue.discard(future)
        if not future.cancelled() and (error := future.exception()):
            self._break(error)
        elif not self._overdue:
            log.info("kafka_recovered")

    # The producer's life

    async def _stay_connected(self) -> None:
        while True:
            producer = await self._connect()
            if producer is None:
                await asyncio.sleep(_RECONNECT_AFTER_S)
                continue
            self._broken.clear()
            self._producer = producer
            log.info("kafka_connected", servers=self._connection.bootstrap_servers)
            await self._wait_until_broken()
            self._producer = None
            await producer.discard(_STOP_TIMEOUT_S)
            self._overdue.clear()

    async def _wait_until_broken(self) -> None:
        """Return once the producer is unusable: refused, or silent for too long."""
        silent_since: float | None = None
        while not self._broken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._broken.wait()
            silent_since = (silent_since or time.monotonic()) if self._overdue else None
            if silent_since is not None and time.monotonic() - silent_since > _REPLACE_AFTER_S:
                return

    async def _connect(self) -> BatchProducer | None:
        producer = BatchProducer(self._connection, request_timeout_s=_REQUEST_TIMEOUT_S)
        try:
            await producer.start()
            for kafka_topic in _KAFKA_TOPICS:
                await producer.partition_count(kafka_topic.name)
        except (TransientError, KafkaError, OSError) as error:
            servers = self._connection.bootstrap_servers
            reason = str(error) if isinstance(error, TransientError) else type(error).__name__
            self._report_unavailable(f"connecting to Kafka at {servers}: {reason}")
            await producer.discard(_STOP_TIMEOUT_S)
            return None
        except asyncio.CancelledError:
            await producer.discard(_STOP_TIMEOUT_S)
            raise
        return producer

    def _break(self, error: BaseException) -> None:
        self._report_unavailable(f"publishing to Kafka: {type(error).__name__}")
        self._broken.set()

    def _report_unavailable(self, reason: str) -> None:
        if reason != self.unavailable_reason:
            log.warning("kafka_unavailable", reason=reason)
        self.unavailable_reason = reason

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))
