"""The reader: committed records of a Kafka topic between two offsets, without a consumer group."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, Self

from kafka import KafkaConsumer
from kafka import TopicPartition as TopicPartition  # other rooms name partitions, not kafka
from kafka.errors import KafkaError

from pipeline.failures import TransientError
from pipeline.kafka.clients import create_reader
from pipeline.settings import KafkaConnection
from schemas.kafka_topics import KafkaTopic

Offsets = dict[TopicPartition, int]

_READ_TIMEOUT_S: Final = 15.0
_POLL_TIMEOUT_MS: Final = 500
_MIN_WINDOW: Final = 4
_WINDOW_GROWTH: Final = 16


class Record(Protocol):
    """A record as both of Kafka's clients return it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Unix time (ms)."""
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class TopicReader:
    """Reads between offsets; for one thread at a time. A context manager.

    Every method raises :class:`TransientError` if the brokers do not answer.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect; raises :class:`TransientError`."""
        self._consumer: KafkaConsumer = create_reader(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def list_partitions(self, kafka_topic: str) -> list[TopicPartition]:
        """Return the partitions of a Kafka topic; empty if it does not exist."""
        with _transient_errors():
            numbers = self._consumer.partitions_for_topic(kafka_topic) or ()
        return [TopicPartition(kafka_topic, number) for number in sorted(numbers)]

    def bounds(self, partitions: Sequence[TopicPartition]) -> tuple[Offsets, Offsets]:
        """Return each partition's first offset and the one after its last record."""
        with _transient_errors():
            starts = self._consumer.beginning_offsets(partitions)
            return starts, self._consumer.end_offsets(partitions)

    def end_offsets(self, kafka_topic: str) -> Offsets:
        """Return the offset after the last record of each partition."""
        return self.bounds(self.list_partitions(kafka_topic))[1]

    def read(
        self, start: Offsets, end: Offsets, *, timeout_s: float = _READ_TIMEOUT_S
    ) -> Iterator[Record]:
        """Yield every record from ``start`` to before ``end``, compacted or not.

        Raises :class:`TransientError` if nothing arrives for ``timeout_s`` seconds.
        """
        for records in self.read_batches(start, end, timeout_s=timeout_s):
            yield from records

    def read_batches(
        self, start: Offsets, end: Offsets, *, timeout_s: float = _READ_TIMEOUT_S
    ) -> Iterator[Sequence[Record]]:
        """Like :meth:`read`, one sequence per fetch of a partition."""
        remaining = [partition for partition in end if start[partition] < end[partition]]
        self._consumer.assign(remaining)
        for partition in remaining:
            self._consumer.seek(partition, start[partition])
        deadline = time.monotonic() + timeout_s
        while remaining:
            fetched = self._poll()
            for partition, records in fetched.items():
                wanted = [record for record in records if record.offset < end[partition]]
                if wanted:
                    yield wanted
            if fetched:  # the time that the caller takes does not count
                deadline = time.monotonic() + timeout_s
            with _transient_errors():
                remaining = [p for p in remaining if self._consumer.position(p) < end[p]]
            if remaining and time.monotonic() > deadline:
                raise TransientError(
                    f"reading {remaining[0].topic}: nothing arrived for {timeout_s:g} s"
                )

    def last_record(self, partition: TopicPartition) -> Record | None:
        """Return a partition's last record, or None if it is empty.

        A large partition must not be read for its last record.
        """
        for records in self.read_backwards(partition, _MIN_WINDOW, growth=_WINDOW_GROWTH):
            if last := deque(records, maxlen=1):
                return last[0]
        return None

    def read_backwards(
        self, partition: TopicPartition, window: int, *, growth: int
    ) -> Iterator[Iterator[Record]]:
        """Yield windows of a partition from its end to its start, each with its records in order.

        The first has ``window`` offsets, each further one ``growth`` times as many, since
        compaction leaves holes. Read each to its end before the next.
        """
        starts, ends = self.bounds([partition])
        start, end = starts[partition], ends[partition]
        while start < end:
            begin = max(start, end - window)
            yield self.read({partition: begin}, {partition: end})
            end, window = begin, window * growth

    def _poll(self) -> dict[TopicPartition, list[Any]]:
        with _transient_errors():
            fetched: dict[TopicPartition, list[Any]] = self._consumer.poll(
                timeout_ms=_POLL_TIMEOUT_MS
            )
            return fetched


@contextmanager
def _transient_errors() -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise TransientError(f"reading from Kafka: {type(error).__name__}") from None


class AsyncTopicReader:
    """A :class:`TopicReader` for an event loop: connects when first used, for one task at a time.

    After an error the next call connects again.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._reader: TopicReader | None = None

    async def close(self) -> None:
        """Disconnect."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await asyncio.to_thread(reader.close)

    async def last_record(self, kafka_topic: KafkaTopic, partition: int) -> Record | None:
        """Return a partition's last record, or None; raises :class:`TransientError`."""
        place = TopicPartition(kafka_topic.name, partition)
        record: Record | None = await self._call(lambda reader: reader.last_record(place))
        return record

    async def list_partitions(self, kafka_topic: KafkaTopic) -> list[int]:
        """Return the numbers of the partitions; raises :class:`TransientError`."""
        places = await self._call(lambda reader: reader.list_partitions(kafka_topic.name))
        return [place.partition for place in places]

    async def bounds(self, kafka_topic: KafkaTopic, partition: int) -> tuple[int, int]:
        """Return the first offset and the one after the last; raises :class:`TransientError`."""
        place = TopicPartition(kafka_topic.name, partition)
        starts, ends = await self._call(lambda reader: reader.bounds([place]))
        return starts[place], ends[place]

    async def read(
        self, kafka_topic: KafkaTopic, partition: int, start: int, end: int
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield runs of records from ``start`` to before ``end``; raises ``TransientError``."""
        place = TopicPartition(kafka_topic.name, partition)
        runs = await self._call(lambda reader: reader.read_batches({place: start}, {place: end}))
        while (records := await self._call(lambda _: next(runs, None))) is not None:
            yield records

    async def _call(self, action: Any) -> Any:
        try:
            if self._reader is None:
                self._reader = await asyncio.to_thread(TopicReader, self._connection)
            return await asyncio.to_thread(action, self._reader)
        except TransientError:
            await self.close()
            raise


def latest_values(connection: KafkaConnection, kafka_topic: KafkaTopic) -> dict[bytes, bytes]:
    """Return each key of a compacted Kafka topic with its latest value; empty if it is missing.

    Reads all of it, which compaction keeps short. Raises :class:`TransientError`.
    """
    with TopicReader(connection) as reader:
        partitions = reader.list_partitions(kafka_topic.name)
        if not partitions:
            return {}
        latest: dict[bytes, bytes] = {}
        for record in reader.read(*reader.bounds(partitions)):
            key = record.key or b""
            if record.value:
                latest[key] = record.value
            else:
                latest.pop(key, None)
        return latest
