"""Consumer lag: the number of records that wait for each role of the worker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NotCoordinatorError,
)
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.errors import Unavailable
from pipeline.failures import TransientError
from pipeline.kafka.admin import connect_admin, read_progress
from pipeline.kafka.reader import TopicReader
from pipeline.settings import Settings
from pipeline.streams.roles import CONSUMER_GROUPS, KAFKA_TOPICS_READ, Role, configured_roles
from schemas.kafka_topics import KafkaTopic

_MAX_WAIT_S: Final = 15.0
_MAX_COUNTED: Final = 1_000

# A broker that was just started elects its group coordinators when first asked.
_COORDINATOR_PENDING: Final = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
)


def group_lags(settings: Settings) -> list[dict[str, Any]] | None:
    """Return one entry per consumer group and Kafka topic: group, members, kafka_topic, lag.

    None if no broker answers; a Kafka topic that does not exist is left out.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(_COORDINATOR_PENDING),
        stop=stop_after_delay(_MAX_WAIT_S),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    try:
        with connect_admin(settings.kafka) as admin:
            return retrying(_list_lags, admin, settings)
    except (KafkaError, TransientError, Unavailable):
        return None


def count_waiting_records(settings: Settings, roles: Iterable[Role]) -> int | None:
    """Return the number of records that wait for these roles, or None if it is unknown."""
    groups = {CONSUMER_GROUPS[role] for role in roles}
    lags = group_lags(settings)
    return None if lags is None else sum(lag["lag"] for lag in lags if lag["group"] in groups)


def _list_lags(admin: KafkaAdminClient, settings: Settings) -> list[dict[str, Any]]:
    existing = set(admin.list_topics())
    roles = configured_roles(settings)
    described = admin.describe_groups([CONSUMER_GROUPS[role] for role in roles])
    return [
        {
            "group": CONSUMER_GROUPS[role],
            "members": len(described[CONSUMER_GROUPS[role]]["members"]),
            "kafka_topic": topic.name,
            "lag": _measure_lag(admin, settings, CONSUMER_GROUPS[role], topic),
        }
        for role in roles
        for topic in KAFKA_TOPICS_READ[role]
        if topic.name in existing
    ]


def _measure_lag(
    admin: KafkaAdminClient, settings: Settings, group: str, kafka_topic: KafkaTopic
) -> int:
    progress = read_progress(admin, group, [kafka_topic.name])
    lag = sum(partition.end - partition.read for partition in progress.values())
    if kafka_topic.transactional and 0 < lag <= _MAX_COUNTED:
        # The end of each transaction takes an offset too, which is not a record.
        with TopicReader(settings.kafka) as reader:
            start = {place: partition.read for place, partition in progress.items()}
            end = {place: partition.end for place, partition in progress.items()}
            return sum(1 for _ in reader.read(start, end))
    return lag
