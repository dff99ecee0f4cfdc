"""Reading a Kafka topic without a group: what stands between two offsets, and no more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.brokers import BrokersAway, any_broker_listens
from schemas.kafka_topics import KafkaTopic

Offsets = dict[TopicPartition, int]

FETCH_BYTES = 16_000_000


def reach(bootstrap_servers: str) -> None:
    """Raise ``BrokersAway`` where nothing listens at any of the addresses."""
    if not any_broker_listens(bootstrap_servers):
        raise BrokersAway(f"connecting to Kafka at {bootstrap_servers}: nothing answers")


def open_consumer(bootstrap_servers: str) -> Any:
    """A consumer without a group. Raises ``BrokersAway`` where no broker answers."""
    reach(bootstrap_servers)
    try:
        return KafkaConsumer(
            bootstrap_servers=bootstrap_servers.split(","),
            group_id=None,
            enable_auto_commit=False,
            bootstrap_timeout_ms=8_000,
            metrics_enabled=False,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
    except (KafkaError, OSError) as error:
        raise BrokersAway(
            f"connecting to Kafka at {bootstrap_servers}: {type(error).__name__}"
        ) from None


def partitions_of(consumer: Any, kafka_topic: str) -> list[TopicPartition]:
    """The partitions of a Kafka topic; none where there is no such topic."""
    found = consumer.partitions_for_topic(kafka_topic) or ()
    return [TopicPartition(kafka_topic, number) for number in sorted(found)]


def read_between(
    consumer: Any, start: Offsets, end: Offsets, *, patience: float = 15.0
) -> Iterator[Any]:
    """Every record from ``start`` to before ``end``, whatever was compacted away in between.

    Raises ``BrokersAway`` when nothing arrives for ``patience`` seconds.
    """
    left = [partition for partition in end if start[partition] < end[partition]]
    consumer.assign(left)
    for partition in left:
        consumer.seek(partition, start[partition])
    deadline = time.monotonic() + patience
    while left:
        for partition, records in consumer.poll(timeout_ms=500).items():
            deadline = time.monotonic() + patience
            yield from (record for record in records if record.offset < end[partition])
        left = [partition for partition in left if consumer.position(partition) < end[partition]]
        if left and time.monotonic() > deadline:
            raise BrokersAway(f"reading {left[0].topic}: nothing arrived for {patience:g} s")


def latest_values(bootstrap_servers: str, kafka_topic: KafkaTopic) -> dict[bytes, bytes]:
    """Every key of a compacted Kafka topic with its latest value; none where it is not there.

    Reads all of it, which compaction keeps short. Raises ``BrokersAway``.
    """
    consumer = open_consumer(bootstrap_servers)
    try:
        partitions = partitions_of(consumer, kafka_topic.name)
        if not partitions:
            return {}
        start = consumer.beginning_offsets(partitions)
        latest: dict[bytes, bytes] = {}
        for record in read_between(consumer, start, consumer.end_offsets(partitions)):
            if record.value:
                latest[record.key] = record.value
            else:
                latest.pop(record.key, None)
        return latest
    finally:
        consumer.close()
