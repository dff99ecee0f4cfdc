"""Kafka for tests: records that arrive from now on, and those that are there."""

from __future__ import annotations

from pipeline.kafka.reader import Record, TopicReader
from pipeline.settings import Settings
from schemas.kafka_topics import KafkaTopic


class Arrivals:
    """The records that arrive on a Kafka topic from now on."""

    def __init__(self, settings: Settings, kafka_topic: KafkaTopic) -> None:
        self._connection = settings.kafka
        with TopicReader(self._connection) as reader:
            self.start = reader.end_offsets(kafka_topic.name)

    def read(self) -> list[Record]:
        """Return the records up to now."""
        with TopicReader(self._connection) as reader:
            return list(reader.read(self.start, reader.bounds(list(self.start))[1]))


def read_all(settings: Settings, kafka_topic: KafkaTopic) -> list[Record]:
    """Return the committed records of a Kafka topic, each partition in its order."""
    with TopicReader(settings.kafka) as reader:
        bounds = reader.bounds(reader.list_partitions(kafka_topic.name))
        return sorted(reader.read(*bounds), key=lambda record: (record.partition, record.offset))
