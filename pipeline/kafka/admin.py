"""Kafka topics: created where they are missing. Safe to repeat; what exists is not changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import CommandError, Unavailable
from pipeline.settings import Settings
from schemas.brokers import any_broker_listens
from schemas.kafka_topics import KAFKA_TOPICS


@dataclass(frozen=True, slots=True)
class SetupResult:
    """What one set-up made and what it found."""

    created: tuple[str, ...]
    present: tuple[str, ...]


def create_kafka_topics(settings: Settings) -> SetupResult:
    """Create the Kafka topics that are not there.

    Raises :class:`Unavailable` where no broker answers, :class:`CommandError` where it refuses.
    """
    from kafka.admin import NewTopic
    from kafka.errors import KafkaError

    admin = connect_admin(settings)
    try:
        there = set(admin.list_topics())
        missing = [topic for topic in KAFKA_TOPICS if topic.name not in there]
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
    finally:
        admin.close()
    created = tuple(topic.name for topic in missing)
    return SetupResult(created, tuple(t.name for t in KAFKA_TOPICS if t.name not in created))


def missing_kafka_topics(settings: Settings) -> list[str]:
    """The names of Kafka topics that `feedback setup` has yet to create.

    Raises :class:`Unavailable` where no broker answers.
    """
    admin = connect_admin(settings)
    try:
        there = set(admin.list_topics())
    finally:
        admin.close()
    return [topic.name for topic in KAFKA_TOPICS if topic.name not in there]


def connect_admin(settings: Settings) -> Any:
    """kafka-python's admin client; raises :class:`Unavailable` where no broker answers."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    servers = settings.kafka_bootstrap_servers
    if not any_broker_listens(servers):
        raise _no_broker(servers, "nothing answers")
    try:
        return KafkaAdminClient(
            bootstrap_servers=servers.split(","),
            client_id="feedback-setup",
            bootstrap_timeout_ms=8_000,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise _no_broker(servers, type(error).__name__) from None


def _no_broker(servers: str, why: str) -> Unavailable:
    return Unavailable(
        f"connecting to Kafka at {servers}: {why}; start one with `feedback up`, or name yours in "
        "FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
    )
