"""A consumer that owns a Kafka topic of one partition, or waits until it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from kafka import TopicPartition

from pipeline.failures import TransientError
from pipeline.kafka.clients import create_group_consumer
from pipeline.kafka.reader import Record
from pipeline.settings import KafkaConnection
from schemas.kafka_topics import KafkaTopic

_POLL_TIMEOUT_MS: Final = 200
_MAX_RECORDS: Final = 1_000
_SESSION_TIMEOUT_MS: Final = 10_000
_HEARTBEAT_INTERVAL_MS: Final = 3_000


class ExclusiveConsumer:
    """One member of a group; Kafka elects the owner, and a successor within ten seconds.

    The owner reads from the beginning and never commits: the topic is the state. The owner keeps
    the partition when another member joins.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        kafka_topic: KafkaTopic,
        group: str,
        *,
        on_acquired: Callable[[], None],
        on_released: Callable[[], Awaitable[None]],
        on_waiting: Callable[[], None],
    ) -> None:
        """The callbacks run as the group decides: owner, owner no more, another is the owner."""
        self._connection = connection
        self._kafka_topic = kafka_topic
        self._group = group
        self._on_acquired = on_acquired
        self._on_released = on_released
        self._on_waiting = on_waiting
        self._consumer: Any = None
        self._owned: TopicPartition | None = None

    @property
    def is_owner(self) -> bool:
        """True while this process owns the partition."""
        return self._owned is not None

    async def start(self) -> None:
        """Join the group; raises aiokafka's ``KafkaError``."""
        self._consumer = create_group_consumer(
            self._connection,
            group_id=self._group,
            session_timeout_ms=_SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=_HEARTBEAT_INTERVAL_MS,
            partition_assignment_strategy=[StickyPartitionAssignor],
        )
        self._consumer.subscribe([self._kafka_topic.name], listener=_Listener(self))
        await self._consumer.start()

    async def stop(self) -> None:
        """Leave the group."""
        await self._consumer.stop()

    async def poll(self) -> Sequence[Record]:
        """Return the next records, waiting up to 200 ms; raises :class:`TransientError`."""
        try:
            fetched = await self._consumer.getmany(
                timeout_ms=_POLL_TIMEOUT_MS, max_records=_MAX_RECORDS
            )
        except KafkaError as error:
            raise self._transient(error) from None
        return [record for records in fetched.values() for record in records]

    async def end_offset(self) -> int:
        """Return the offset after the last record; raises :class:`TransientError`."""
        partition = self._require_owned()
        try:
            return int((await self._consumer.end_offsets([partition]))[partition])
        except KafkaError as error:
            raise self._transient(error) from None

    async def position(self) -> int:
        """Return the offset of the next record to read; raises :class:`TransientError`."""
        partition = self._require_owned()
        try:
            return int(await self._consumer.position(partition))
        except KafkaError as error:
            raise self._transient(error) from None

    async def revoke(self) -> None:
        """Handle the loss of the partition."""
        self._owned = None
        await self._on_released()

    def assign(self, partition: TopicPartition | None) -> None:
        """Handle the group's decision: the partition, or None if another member owns it."""
        self._owned = partition
        if partition is None:
            self._on_waiting()
        else:
            self._on_acquired()

    def _require_owned(self) -> TopicPartition:
        if self._owned is None:
            raise TransientError(f"reading {self._kafka_topic.name}: another worker owns it")
        return self._owned

    def _transient(self, error: KafkaError) -> TransientError:
        # The broker is unavailable, or the partition was just lost.
        return TransientError(f"reading {self._kafka_topic.name}: {type(error).__name__}")


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    def __init__(self, consumer: ExclusiveConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._consumer.revoke()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._consumer.assign(next(iter(assigned), None))
