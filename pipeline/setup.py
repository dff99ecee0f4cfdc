"""Set-up: Kafka topics, index templates, and new fields in the indices. Safe to repeat.

What is there keeps what it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.errors import CommandError, Unavailable
from pipeline.settings import Settings
from pipeline.sinks.elasticsearch_client import shown_urls
from schemas.alert_documents import ALERTS_INDEX, ALERTS_TEMPLATE, alert_index_template
from schemas.brokers import any_broker_listens
from schemas.case_documents import CASES_INDEX, CASES_TEMPLATE, case_index_template
from schemas.documents import (
    INDEX_PATTERN,
    TEMPLATE_NAME,
    component_templates,
    index_template,
    mappings,
)
from schemas.kafka_topics import KAFKA_TOPICS
from schemas.score_documents import SCORES_TEMPLATE, score_index_template


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


def put_templates(client: Any, settings: Settings) -> tuple[str, ...]:
    """Put component templates and index template, current or not; returns their names.

    Indices that are there get the fields that they lack. ``client`` is a synchronous one. Uses
    the server's English analyzer where it has one. Raises :class:`Unavailable` where no server
    answers, :class:`CommandError` where it refuses.
    """
    from elasticsearch import ApiError, TransportError

    try:
        analyzer = "english" if _has_analyzer(client, "english") else None
        templates = component_templates(analyzer=analyzer)
        for name, body in templates.items():
            client.cluster.put_component_template(name=name, **body)
        client.indices.put_index_template(name=TEMPLATE_NAME, **index_template())
        client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
        client.indices.put_index_template(name=ALERTS_TEMPLATE, **alert_index_template())
        client.indices.put_index_template(name=CASES_TEMPLATE, **case_index_template())
        # Kibana's dashboard has a place for alerts before there is one.
        client.options(ignore_status=400).indices.create(index=ALERTS_INDEX)
        client.options(ignore_status=400).indices.create(index=CASES_INDEX)
        # A template is for indices to come; those that an earlier version made are strict and
        # would refuse what has a field that they don't know.
        client.indices.put_mapping(
            index=INDEX_PATTERN, allow_no_indices=True, **mappings(analyzer=analyzer)
        )
    except TransportError as error:
        raise Unavailable(
            f"connecting to Elasticsearch at {shown_urls(settings)}: {type(error).__name__}; start "
            "one with `feedback up`, or name yours in FEEDBACK_ELASTICSEARCH_URL"
        ) from None
    except ApiError as error:
        raise CommandError(f"putting index templates: {error}") from None
    return (*templates, TEMPLATE_NAME, SCORES_TEMPLATE, ALERTS_TEMPLATE, CASES_TEMPLATE)


def _has_analyzer(client: Any, name: str) -> bool:
    from elasticsearch import BadRequestError

    try:
        client.indices.analyze(analyzer=name, text="waiting")
    except BadRequestError:
        return False
    return True
