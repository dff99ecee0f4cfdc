"""To Kafka: what requests bring is gathered for milliseconds, sent, and waited for.

aiokafka never gives up a batch of an idempotent producer. So once the brokers have not answered
within the time limit, nothing more is handed over until they have answered all of it, or the
producer is replaced: what waits in memory stays bounded however long Kafka is away.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import structlog

from connectors.runtime.outbox import Message
from connectors.runtime.partitioner import partition_of
from connectors.server.problems import HTTPProblem
from schemas.brokers import pace
from schemas.kafka_topics import COVERAGE, DEAD, RAW

_LINGER_S: Final = 0.004
_BATCH_BYTES: Final = 900_000  # below the broker's default limit of a batch, 1 MiB
_REPLACE_AFTER_S: Final = 30.0
_TRY_AGAIN_S: Final = 1.0
_PROBE_S: Final = 2.0
_STOP_S: Final = 2.0
_KAFKA_TOPICS: Final = (*RAW.values(), DEAD, COVERAGE)

log = structlog.get_logger("serve")


class Delivery:
    """Publishes messages, and tells once the brokers have them. One for each event loop."""

    def __init__(self, bootstrap_servers: str, *, within_s: float = 5.0) -> None:
        self._servers = bootstrap_servers
        self._within_s = within_s
        self._producer: Any = None
        self._partitions: dict[str, list[int]] = {}
        self._queue: list[tuple[Sequence[Message], asyncio.Future[bool]]] = []
        self._sending: list[tuple[Sequence[Message], asyncio.Future[bool]]] = []
        self._arrived = asyncio.Event()
        self._broken = asyncio.Event()
        self._late: set[asyncio.Future[Any]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.why_not = "it has not been asked yet"
        """Why nothing can be delivered, for people who look after the server."""

    async def start(self) -> None:
        """Begin connecting; returns at once, whether Kafka is there or not."""
        self._begin(self._stay_connected())
        self._begin(self._deliver_on_and_on())

    async def stop(self) -> None:
        """Deliver what was handed over, as far as Kafka answers, and disconnect."""
        waiting = [done for _, done in (*self._sending, *self._queue)]
        if waiting:
            await asyncio.wait(waiting, timeout=self._within_s)
        producer, self._producer = self._producer, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if producer is not None:
            await _discard(producer)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return once the brokers have all of them; raises ``HTTPProblem`` (503)."""
        if not messages:
            return
        if self._producer is None or self._late:
            raise self._away()
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((messages, done))
        self._arrived.set()
        try:
            async with asyncio.timeout(self._within_s):
                delivered = await done
        except TimeoutError:
            delivered = False
        if not delivered:
            raise self._away()

    async def ready(self) -> bool:
        """Whether the brokers answer now and have the Kafka topics."""
        producer = self._producer
        if producer is None or self._late:
            return False
        try:
            async with asyncio.timeout(_PROBE_S):
                answered = await producer.client.force_metadata_update()
        except TimeoutError:
            answered = False
        if not answered:
            self.why_not = "Kafka does not answer"
        return bool(answered)

    def _away(self) -> HTTPProblem:
        return HTTPProblem(503, "publishing to Kafka: it does not answer", wait=self._within_s)

    # From the queue to the producer

    async def _deliver_on_and_on(self) -> None:
        # One at a time: aiokafka sends a partition's batches one by one, and many small ones
        # would wait for each other while what comes meanwhile fits into one.
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_LINGER_S)
            self._arrived.clear()
            queue, self._queue = self._queue, []
            self._sending = [one for one in queue if not one[1].done()]
            delivered = await self._delivered([one for some, _ in self._sending for one in some])
            for _, done in self._sending:
                if not done.done():  # else whoever asked waits no longer
                    done.set_result(delivered)
            self._sending = []

    async def _delivered(self, messages: Sequence[Message]) -> bool:
        try:
            async with asyncio.timeout(self._within_s):
                return await self._send(messages)
        except TimeoutError:
            return False

    async def _send(self, messages: Sequence[Message]) -> bool:
        """Send all; whether the brokers have them."""
        producer = self._producer
        if producer is None or self._late:
            return False
        chosen: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            chosen[message.kafka_topic, self._partition_of(message)].append(message)
        futures: list[asyncio.Future[Any]] = []
        try:
            for (kafka_topic, partition), run in chosen.items():
                for batch in _batches(producer, run):
                    future = await producer.send_batch(batch, kafka_topic, partition=partition)
                    futures.append(future)
            if futures:
                await asyncio.wait(futures)
        except asyncio.CancelledError:
            if producer is self._producer:
                self._watch(futures)
            raise
        except Exception as error:
            self._break(error)
            return False
        failed = [why for future in futures if (why := future.exception())]
        if failed:
            self._break(failed[0])
        return not failed

    def _partition_of(self, message: Message) -> int:
        partitions = self._partitions[message.kafka_topic]
        return partitions[partition_of(message.key, len(partitions))]

    def _watch(self, futures: Sequence[asyncio.Future[Any]]) -> None:
        """Remember what the brokers still owe an answer to."""
        for future in futures:
            if not future.done():
                self._late.add(future)
                future.add_done_callback(self._answered)
        if self._late:
            self._say_away(f"no acknowledgement within {self._within_s:g} s")

    def _answered(self, future: asyncio.Future[Any]) -> None:
        self._late.discard(future)
        if not future.cancelled() and (error := future.exception()):
            self._break(error)
        elif not self._late:
            log.info("kafka_is_back")

    # The producer's life

    async def _stay_connected(self) -> None:
        while True:
            producer = await self._connected()
            if producer is None:
                await asyncio.sleep(_TRY_AGAIN_S)
                continue
            self._broken.clear()
            self._producer = producer
            log.info("connected", kafka=self._servers)
            await self._until_broken()
            self._producer = None
            await _discard(producer)
            self._late.clear()

    async def _until_broken(self) -> None:
        """Return once the producer is beyond hope: refused, or silent for too long."""
        silent_since: float | None = None
        while not self._broken.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._broken.wait()
            silent_since = (silent_since or time.monotonic()) if self._late else None
            if silent_since is not None and time.monotonic() - silent_since > _REPLACE_AFTER_S:
                return

    async def _connected(self) -> Any:
        from aiokafka import AIOKafkaProducer
        from aiokafka.errors import KafkaError

        producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            enable_idempotence=True,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            max_request_size=2 * DEAD.max_message_bytes,
            request_timeout_ms=10_000,
        )
        pace(producer.client)
        try:
            await producer.start()
            for kafka_topic in _KAFKA_TOPICS:
                numbers = await producer.partitions_for(kafka_topic.name)
                self._partitions[kafka_topic.name] = sorted(numbers)
        except (KafkaError, OSError) as error:
            self._say_away(f"connecting to Kafka at {self._servers}: {type(error).__name__}")
            await _discard(producer)
            return None
        except asyncio.CancelledError:
            await _discard(producer)
            raise
        return producer

    def _break(self, error: BaseException) -> None:
        self._say_away(f"publishing to Kafka: {type(error).__name__}")
        self._broken.set()

    def _say_away(self, why: str) -> None:
        if why != self.why_not:
            log.warning("kafka_is_away", reason=why)
        self.why_not = why

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))


def _batches(producer: Any, messages: Sequence[Message]) -> list[Any]:
    now = int(time.time() * 1000)
    batches = [producer.create_batch()]
    for one in messages:
        fields = {"timestamp": now, "key": one.key, "value": one.value, "headers": one.headers}
        if batches[-1].append(**fields) is None:
            batches.append(producer.create_batch())
            batches[-1].append(**fields)
    return batches


async def _discard(producer: Any) -> None:
    """Close a producer, whether or not it has something to send that nobody takes."""
    with suppress(Exception):
        async with asyncio.timeout(_STOP_S):
            await producer.stop()
            return
    # stop() waits for the brokers first, and closes nothing when it is ended before.
    with suppress(Exception, asyncio.CancelledError):
        await producer._sender.close()
    with suppress(Exception, asyncio.CancelledError):
        await producer.client.close()
