"""``Message``: a record on its way to a Kafka topic."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.cloud_events import Headers
from schemas.kafka_topics import KafkaTopic


@dataclass(frozen=True, slots=True)
class Message:
    """Key, value and headers of one record. The key decides the partition.

    With an empty value it is a tombstone: a compacted Kafka topic forgets the key.
    """

    kafka_topic: KafkaTopic
    key: bytes
    value: bytes
    headers: Headers
