"""The batch producer: whole record batches per partition, one acknowledgement each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.failures import Failure, TransientError
from pipeline.kafka.clients import create_producer
from pipeline.kafka.errors import classify_error
from pipeline.kafka.partitioner import partitions_for_keys
from pipeline.settings import KafkaConnection
from schemas.kafka_topics import KafkaTopic
from schemas.message import Message

Partitioner = Callable[[Sequence[bytes], int], list[int]]
"""Returns the partition of each key, given the number of partitions."""

ENVELOPE_BYTES: Final = 1_000
"""Upper bound of what key, headers and batch add to a value."""

_BATCH_BYTES: Final = 900_000  # below the broker's default limit of a batch, 1 MiB
_MAX_REQUEST_BYTES: Final = 24_000_000
_REQUEST_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class BatchDelivery:
    """One record batch on its way: its messages and the future of its acknowledgement."""

    messages: Sequence[Message]
    acknowledged: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """Batches on their way, and the messages that can never fit."""

    deliveries: list[BatchDelivery]
    failures: list[Failure]


@dataclass(frozen=True, slots=True)
class Publication:
    """The acknowledgements of batches on their way, and the messages that can never fit.

    It keeps none of the messages: a role begins many before it waits for the first.
    """

    acknowledgements: list[asyncio.Future[Any]]
    failures: list[Failure]


async def open_producer(
    connection: KafkaConnection,
    stack: AsyncExitStack,
    partitioner: Partitioner = partitions_for_keys,
) -> BatchProducer:
    """Return a connected producer that ``stack`` stops; raises :class:`TransientError`."""
    producer = BatchProducer(connection, partitioner=partitioner)
    await producer.start()
    stack.push_async_callback(producer.stop)
    return producer


class BatchProducer:
    """Publishes batches and waits until all in-sync replicas have them. One per event loop.

    Messages with the same key go to the same partition, in their order.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        batch_bytes: int = _BATCH_BYTES,
        request_timeout_s: float = _REQUEST_TIMEOUT_S,
        partitioner: Partitioner = partitions_for_keys,
    ) -> None:
        self._connection = connection
        self._batch_bytes = batch_bytes
        self._request_timeout_ms = int(request_timeout_s * 1000)
        self._partitioner = partitioner
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; raises :class:`TransientError` if no broker answers."""
        self._producer = create_producer(
            self._connection,
            enable_idempotence=True,
            max_batch_size=self._batch_bytes,
            max_request_size=_MAX_REQUEST_BYTES,
            request_timeout_ms=self._request_timeout_ms,
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            await self._producer.stop()
            servers = self._connection.bootstrap_servers
            raise TransientError(
                f"connecting to Kafka at {servers}: {type(error).__name__}"
            ) from None
        except BaseException:
            await self.discard(0.0)
            raise

    async def stop(self) -> None:
        """Send the remaining batches, however long the brokers take, and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def discard(self, timeout_s: float) -> None:
        """Disconnect after at most ``timeout_s`` seconds; unacknowledged batches are lost."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with suppress(Exception):
            async with asyncio.timeout(timeout_s):
                await producer.stop()
        # stop() waits for the brokers first, and closes nothing if it is cancelled; a second call
        # returns at once.
        with suppress(Exception, asyncio.CancelledError):
            await producer._sender.close()
        with suppress(Exception, asyncio.CancelledError):
            await producer.client.close()

    async def is_reachable(self) -> bool:
        """Return True if a broker answers a metadata request."""
        return bool(await self._require_producer().client.force_metadata_update())

    async def partition_count(self, kafka_topic: str) -> int:
        """Return the number of partitions; raises aiokafka's ``KafkaError``."""
        producer = self._require_producer()
        known = producer.client.cluster.partitions_for_topic(kafka_topic)
        return len(known or await producer.partitions_for(kafka_topic))

    async def count_partitions(self, kafka_topic: KafkaTopic) -> int:
        """Return the number of partitions; raises :class:`TransientError` like a reader."""
        try:
            return await self.partition_count(kafka_topic.name)
        except KafkaError as error:
            action = f"reading about {kafka_topic.name}"
            raise classify_error(action, error, reconnects=True) from error

    async def write(self, messages: Sequence[Message]) -> list[Failure]:
        """Publish all; return the failures of those that can never fit.

        Waits for as long as the brokers are away. Raises :class:`TransientError` if the client
        gave a batch up; writing the same messages again is safe, since subscribers deduplicate on
        ``ce_id``. Raises :class:`PermanentError` for errors that need an operator.
        """
        publication = await self.begin(messages)
        await self.finish(publication.acknowledgements)
        return publication.failures

    async def begin(self, messages: Sequence[Message]) -> Publication:
        """Hand all to the client without waiting for the brokers; raises like :meth:`write`."""
        pending = Pending([], [])
        try:
            await self.submit(messages, pending)
        except KafkaError as error:
            raise classify_error("publishing to Kafka", error) from error
        return Publication([each.acknowledged for each in pending.deliveries], pending.failures)

    async def submit(self, messages: Sequence[Message], pending: Pending) -> None:
        """Like :meth:`begin`, but raises aiokafka's ``KafkaError``.

        ``pending`` is filled as batches are handed over, for callers that may be cancelled.
        """
        producer = self._require_producer()
        by_name: dict[str, list[Message]] = {}
        for index, message in enumerate(messages):
            name = message.kafka_topic.name
            if len(message.value) > message.kafka_topic.max_message_bytes - ENVELOPE_BYTES:
                reason = f"publishing to {name}: {len(message.value)} bytes are too many"
                pending.failures.append(Failure(index, reason, "MessageTooLarge", retryable=False))
                continue
            by_name.setdefault(name, []).append(message)
        by_partition: dict[tuple[str, int], list[Message]] = {}
        for name, group in by_name.items():
            count = await self.partition_count(name)
            places = self._partitioner([message.key for message in group], count)
            for partition, message in zip(places, group, strict=True):
                by_partition.setdefault((name, partition), []).append(message)
        for (name, partition), group in by_partition.items():
            for builder, packed in self._build_batches(producer, group):
                future = await producer.send_batch(builder, name, partition=partition)
                pending.deliveries.append(BatchDelivery(packed, future))

    async def finish(self, acknowledgements: Iterable[asyncio.Future[Any]]) -> None:
        """Wait for every batch's acknowledgement; raises like :meth:`write`."""
        for outcome in await asyncio.gather(*acknowledgements, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise classify_error("publishing to Kafka", outcome) from outcome

    def _require_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise TransientError("publishing to Kafka: the producer is not connected")
        return self._producer

    @staticmethod
    def _build_batches(
        producer: AIOKafkaProducer, messages: Sequence[Message]
    ) -> list[tuple[Any, Sequence[Message]]]:
        """Return batch builders, each with the messages in it."""
        now = int(time.time() * 1000)
        builder, start = producer.create_batch(), 0
        batches: list[tuple[Any, Sequence[Message]]] = []
        for index, message in enumerate(messages):
            fields = {
                "timestamp": now,
                "key": message.key,
                "value": message.value or None,
                "headers": message.headers,
            }
            if builder.append(**fields) is None:
                batches.append((builder, messages[start:index]))
                builder, start = producer.create_batch(), index
                builder.append(**fields)  # an empty batch takes any message
        batches.append((builder, messages[start:]))
        return batches
