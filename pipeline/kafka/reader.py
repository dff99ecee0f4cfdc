"""Reads committed records of one partition between two offsets, without a group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from pipeline.failures import TransientError
from schemas.brokers import pace
from schemas.kafka_topics import KafkaTopic

_FIRST_STEP: Final = 4
_STEP_GROWS: Final = 16
_POLL_MS: Final = 1_000
_MOST_POLLS: Final = 20
_FETCH_BYTES: Final = 16_000_000


class Reader:
    """One consumer for all that is read again; for one task at a time."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._consumer: Any = None

    async def close(self) -> None:
        """Disconnect."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def last(self, kafka_topic: KafkaTopic, partition: int) -> Any | None:
        """The last record of a partition; None where there is none. Raises :class:`TransientError`.

        Looks from the end backwards in growing steps: compaction leaves holes, and a large
        partition is not to be read for its last record.
        """
        start, end = await self.bounds(kafka_topic, partition)
        step = _FIRST_STEP
        while start < end:
            begin = max(start, end - step)
            last = None
            async for records in self.between(kafka_topic, partition, begin, end):
                last = records[-1]
            if last is not None or begin == start:
                return last
            step *= _STEP_GROWS
        return None

    async def bounds(self, kafka_topic: KafkaTopic, partition: int) -> tuple[int, int]:
        """First offset of a partition and the one after its last; raises ``TransientError``."""
        from aiokafka import TopicPartition
        from aiokafka.errors import KafkaError

        place = TopicPartition(kafka_topic.name, partition)
        try:
            consumer = await self._connected()
            starts = await consumer.beginning_offsets([place])
            ends = await consumer.end_offsets([place])
        except KafkaError as error:
            raise await self._waiting(kafka_topic, error) from error
        return starts[place], ends[place]

    async def between(
        self, kafka_topic: KafkaTopic, partition: int, start: int, end: int
    ) -> AsyncIterator[Sequence[Any]]:
        """Runs of records from ``start`` to before ``end``; raises :class:`TransientError`."""
        from aiokafka import TopicPartition
        from aiokafka.errors import KafkaError

        place = TopicPartition(kafka_topic.name, partition)
        try:
            consumer = await self._connected()
            consumer.assign([place])
            consumer.seek(place, start)
            polls = 0
            while await consumer.position(place) < end:
                found = await consumer.getmany(place, timeout_ms=_POLL_MS, max_records=1_000)
                records = [record for record in found.get(place, ()) if record.offset < end]
                polls = 0 if records else polls + 1
                if polls > _MOST_POLLS:
                    raise TransientError(f"reading {kafka_topic.name}: nothing arrives")
                if records:
                    yield records
        except KafkaError as error:
            raise await self._waiting(kafka_topic, error) from error

    async def _connected(self) -> Any:
        from aiokafka import AIOKafkaConsumer

        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap_servers,
                isolation_level="read_committed",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=_FETCH_BYTES,
            )
            pace(consumer._client)
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

    async def _waiting(self, kafka_topic: KafkaTopic, error: Exception) -> TransientError:
        await self.close()
        return TransientError(f"reading {kafka_topic.name}: {type(error).__name__}")
