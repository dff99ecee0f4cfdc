"""The latest value of each key of a compacted Kafka topic."""

from __future__ import annotations

from connectors._kafka import open_consumer, partitions_of, read_between
from schemas.kafka_topics import KafkaTopic


def latest_values(bootstrap_servers: str, kafka_topic: KafkaTopic) -> dict[bytes, bytes]:
    """Every key with its latest value; none where there is no such Kafka topic.

    Reads all of it, which compaction keeps short. Raises ``Retry``.
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
