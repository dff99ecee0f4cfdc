"""Sink: Kafka. Whole record batches a partition, one acknowledgement each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.failures import Failure, PermanentError, TransientError
from schemas.brokers import pace
from schemas.cloud_events import Headers
from schemas.kafka_topics import KafkaTopic

_BATCH_BYTES: Final = 900_000  # below the broker's default limit of a batch, 1 MiB
_ENVELOPE_BYTES: Final = 1_000  # what key, headers and batch add to a value, generously
_REQUEST_TIMEOUT_MS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish; ``key`` is hexadecimal and chooses the partition.

    With an empty value it is a tombstone: a compacted Kafka topic forgets the key.
    """

    key: str
    value: bytes
    headers: Headers


class KafkaSink:
    """Publishes batches and waits for the brokers to have them on all in-sync replicas."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._producer: Any = None

    async def start(self) -> None:
        """Connect; raises :class:`TransientError` where no broker answers."""
        from aiokafka import AIOKafkaProducer
        from aiokafka.errors import KafkaError

        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            enable_idempotence=True,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            max_request_size=16_000_000,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
        pace(self._producer.client)
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise TransientError(
                f"connecting to Kafka at {self._bootstrap_servers}: {error}"
            ) from None

    async def stop(self) -> None:
        """Send what is left and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def write(self, kafka_topic: KafkaTopic, messages: Sequence[Message]) -> list[Failure]:
        """Publish all; returns those that can never fit.

        Raises :class:`TransientError` when the brokers did not take every batch in time; writing
        the same messages again is safe, since subscribers deduplicate on ``ce_id``. Raises
        :class:`PermanentError` for what no waiting mends, such as a refused authorisation.
        """
        pending = await self.begin(kafka_topic, messages)
        await self.finish(pending.deliveries)
        return pending.failures

    async def begin(self, kafka_topic: KafkaTopic, messages: Sequence[Message]) -> Pending:
        """Hand all to the producer without waiting for the brokers; raises like :meth:`write`."""
        from aiokafka.errors import KafkaError

        try:
            return await self._hand_over(kafka_topic, messages)
        except KafkaError as error:
            raise _verdict(error) from error

    async def _hand_over(self, kafka_topic: KafkaTopic, messages: Sequence[Message]) -> Pending:
        largest = kafka_topic.max_message_bytes - _ENVELOPE_BYTES
        failures: list[Failure] = []
        partitions = len(await self._producer.partitions_for(kafka_topic.name))
        now = int(time.time() * 1000)
        by_partition: dict[int, list[Message]] = {}
        for index, message in enumerate(messages):
            if len(message.value) > largest:
                reason = (
                    f"publishing to {kafka_topic.name}: {len(message.value)} bytes are too many"
                )
                failures.append(Failure(index, reason, "MessageTooLarge", retryable=False))
                continue
            by_partition.setdefault(int(message.key[:8], 16) % partitions, []).append(message)
        deliveries = [
            await self._producer.send_batch(batch, kafka_topic.name, partition=partition)
            for partition, chosen in by_partition.items()
            for batch in self._batches(chosen, now)
        ]
        return Pending(deliveries, failures)

    async def finish(self, deliveries: Iterable[asyncio.Future[Any]]) -> None:
        """Wait for the brokers' word on every batch; raises like :meth:`write`."""
        outcomes = await asyncio.gather(*deliveries, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise _verdict(outcome) from outcome

    def _batches(self, messages: Iterable[Message], now: int) -> list[Any]:
        batch = self._producer.create_batch()
        batches = [batch]
        for message in messages:
            fields = {
                "timestamp": now,
                "key": message.key.encode(),
                "value": message.value or None,
                "headers": message.headers,
            }
            if batch.append(**fields) is None:
                batch = self._producer.create_batch()
                batches.append(batch)
                batch.append(**fields)
        return batches


def _verdict(error: BaseException) -> Exception:
    from aiokafka.errors import KafkaTimeoutError

    sentence = f"publishing to Kafka: {type(error).__name__}"
    if isinstance(error, KafkaTimeoutError) or getattr(error, "retriable", False):
        return TransientError(sentence)
    return PermanentError(sentence)


@dataclass(frozen=True, slots=True)
class Pending:
    """Batches on their way, and the messages that can never fit."""

    deliveries: list[asyncio.Future[Any]]
    failures: list[Failure]
