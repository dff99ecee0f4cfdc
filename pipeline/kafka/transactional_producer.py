"""The transactional producer: all messages of a commit become visible, or none.

Starting a producer fences the earlier one with the same transactional id: a worker that was
presumed dead and comes back can no longer publish.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerFenced

from pipeline.kafka.clients import create_producer
from pipeline.kafka.errors import classify_error
from pipeline.kafka.partitioner import partition_for_key
from pipeline.settings import KafkaConnection
from schemas.message import Message

_TIMEOUT_S: Final = 20.0
_STOP_TIMEOUT_S: Final = 5.0
_TRANSACTION_TIMEOUT_MS: Final = 15_000
"""How long a dead worker's open transaction may hold up the consumers of committed records."""


class Fenced(Exception):
    """Another producer has the transactional id now."""


class TransactionalProducer:
    """Publishes in transactions; for one task at a time.

    After an error it is closed: :meth:`start` connects again, and whatever was begun is then
    either committed or undone.
    """

    def __init__(
        self, connection: KafkaConnection, transactional_id: str, *, max_message_bytes: int
    ) -> None:
        self._connection = connection
        self._transactional_id = transactional_id
        self._max_message_bytes = max_message_bytes
        self._producer: AIOKafkaProducer | None = None

    @property
    def is_started(self) -> bool:
        """True between a successful start and a close or an error."""
        return self._producer is not None

    async def start(self) -> None:
        """Connect and fence earlier producers.

        Raises :class:`TransientError`, and :class:`PermanentError` for errors that need an
        operator.
        """
        await self.close()
        self._producer = create_producer(
            self._connection,
            transactional_id=self._transactional_id,
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            max_batch_size=self._max_message_bytes,
            max_request_size=2 * self._max_message_bytes,
            request_timeout_ms=int(_TIMEOUT_S * 1000),
        )
        await self._guard("opening a transactional producer", self._producer.start())

    async def partitions(self, kafka_topic: str) -> set[int]:
        """Return the numbers of a Kafka topic's partitions; raises like :meth:`start`."""
        lookup = self._require_producer().partitions_for(kafka_topic)
        partitions: set[int] = await self._guard(f"reading about {kafka_topic}", lookup)
        return partitions

    async def commit(
        self, messages: Iterable[Message], *, pinned: Iterable[tuple[int, Message]] = ()
    ) -> None:
        """Publish all in one transaction; returns when it is committed.

        Messages go to their keys' partitions; ``pinned`` ones to the given partition. Raises
        :class:`Fenced`, or like :meth:`start`: then it is unknown whether they were committed.
        """
        await self._guard("publishing in a transaction", self._commit(messages, pinned))

    async def close(self) -> None:
        """Disconnect; what is not committed never becomes visible."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await producer.stop()

    async def _commit(
        self, messages: Iterable[Message], pinned: Iterable[tuple[int, Message]]
    ) -> None:
        producer = self._require_producer()
        await producer.begin_transaction()
        sent = [await self._send(await self._choose_partition(m), m) for m in messages]
        sent += [await self._send(partition, message) for partition, message in pinned]
        _raise_first(await asyncio.gather(*sent, return_exceptions=True))
        await producer.commit_transaction()

    async def _choose_partition(self, message: Message) -> int:
        partitions = await self._require_producer().partitions_for(message.kafka_topic.name)
        return partition_for_key(message.key, len(partitions))

    async def _send(self, partition: int, message: Message) -> Any:
        return await self._require_producer().send(
            message.kafka_topic.name,
            partition=partition,
            key=message.key,
            value=message.value,
            headers=message.headers,
        )

    def _require_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise RuntimeError("the transactional producer is not started")
        return self._producer

    async def _guard(self, action: str, work: Any) -> Any:
        """Await ``work`` within the time limit; close the producer after any error."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                return await work
        except ProducerFenced as error:
            await self.close()
            raise Fenced from error
        except (KafkaError, OSError, TimeoutError) as error:
            await self.close()
            raise classify_error(action, error, reconnects=True) from error
        except BaseException:
            await self.close()
            raise


def _raise_first(outcomes: Sequence[Any]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
