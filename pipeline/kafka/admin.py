"""Kafka topics and consumer groups: created where missing, and how far each group has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import NewTopic, OffsetSpec
from kafka.errors import KafkaError

from pipeline.errors import CommandError, Unavailable
from pipeline.failures import TransientError
from pipeline.kafka.clients import create_admin, ensure_reachable
from pipeline.settings import KafkaConnection, Settings
from schemas.kafka_topics import KAFKA_TOPICS

_HINT = "start one with `feedback up`, or name yours in FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"


@dataclass(frozen=True, slots=True)
class SetupResult:
    """Names of the Kafka topics that a set-up created, and of those that existed."""

    created: tuple[str, ...]
    present: tuple[str, ...]


class Progress(NamedTuple):
    """Progress of a consumer group in one partition, in offsets."""

    read: int
    end: int


def create_kafka_topics(settings: Settings) -> SetupResult:
    """Create the Kafka topics that do not exist. Safe to repeat; existing ones are not changed.

    Raises :class:`Unavailable` if no broker answers, :class:`CommandError` if it refuses.
    """
    with connect_admin(settings.kafka) as admin:
        try:
            existing = set(admin.list_topics())
            missing = [topic for topic in KAFKA_TOPICS if topic.name not in existing]
            if missing:
                admin.create_topics(
                    [
                        NewTopic(
                            topic.name,
                            num_partitions=topic.partitions,
                            replication_factor=settings.kafka_replication_factor,
                            topic_configs=topic.broker_config(),
                        )
                        for topic in missing
                    ]
                )
        except KafkaError as error:
            raise CommandError(f"creating Kafka topics: {error}") from None
    created = tuple(topic.name for topic in missing)
    return SetupResult(created, tuple(t.name for t in KAFKA_TOPICS if t.name not in created))


def missing_kafka_topics(settings: Settings) -> list[str]:
    """Return the names of Kafka topics that `feedback setup` has yet to create.

    Raises :class:`Unavailable` if no broker answers.
    """
    with connect_admin(settings.kafka) as admin:
        existing = set(admin.list_topics())
    return [topic.name for topic in KAFKA_TOPICS if topic.name not in existing]


def require_broker(connection: KafkaConnection) -> None:
    """Raise :class:`Unavailable`, with what to do, if no broker accepts connections."""
    try:
        ensure_reachable(connection)
    except TransientError as error:
        raise Unavailable(f"{error}; {_HINT}") from None


@contextmanager
def connect_admin(connection: KafkaConnection) -> Iterator[KafkaAdminClient]:
    """Yield an admin client; raises :class:`Unavailable` if no broker answers."""
    try:
        admin = create_admin(connection)
    except TransientError as error:
        raise Unavailable(f"{error}; {_HINT}") from None
    try:
        yield admin
    finally:
        admin.close()


def read_progress(
    admin: KafkaAdminClient, group: str, kafka_topics: Iterable[str]
) -> dict[TopicPartition, Progress]:
    """Return how far a group has read each partition of these Kafka topics.

    Records that retention removed count as read. Raises kafka-python's ``KafkaError``.
    """
    committed = admin.list_group_offsets(group).get(group, {})
    partitions = [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(list(kafka_topics))
        for partition in topic["partitions"]
    ]
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    progress = {}
    for partition in partitions:
        position = committed[partition].offset if partition in committed else 0
        read = max(position, starts[partition].offset)
        progress[partition] = Progress(read, max(read, ends[partition].offset))
    return progress


class ProgressReader:
    """Reads a group's progress again and again over one connection; blocks.

    After an error the next call connects again.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        """Touches no network."""
        self._connection = connection
        self._admin: KafkaAdminClient | None = None

    def read(self, group: str, kafka_topics: Iterable[str]) -> dict[TopicPartition, Progress]:
        """Return how far the group has read; raises :class:`TransientError`."""
        try:
            if self._admin is None:
                self._admin = create_admin(self._connection)
            return read_progress(self._admin, group, kafka_topics)
        except (KafkaError, OSError) as error:
            self.close()
            raise TransientError(f"reading offsets of {group}: {type(error).__name__}") from None

    def close(self) -> None:
        """Disconnect."""
        admin, self._admin = self._admin, None
        if admin is not None:
            with suppress(Exception):
                admin.close()
