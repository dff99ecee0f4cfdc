"""How many records wait for each of the worker's roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pipeline.errors import Unavailable
from pipeline.kafka.admin import connect_admin
from pipeline.settings import Settings
from pipeline.streams.roles import GROUP, READS, Role
from schemas.brokers import BrokersAway
from schemas.kafka_topics import KafkaTopic
from schemas.reading import open_consumer, read_between

_LONGEST_S: Final = 15.0
_FEW: Final = 1_000


def group_lags(settings: Settings) -> list[dict[str, Any]] | None:
    """One entry a consumer group and Kafka topic: group, members, kafka_topic, lag.

    None where no broker answers; a Kafka topic that is not there is left out.
    """
    try:
        admin = connect_admin(settings)
    except Unavailable:
        return None
    from kafka.errors import (
        CoordinatorLoadInProgressError,
        CoordinatorNotAvailableError,
        KafkaError,
        NotCoordinatorError,
    )

    # A broker that was just started chooses its group coordinators when first asked.
    settling = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
    retrying = Retrying(
        retry=retry_if_exception_type(settling),
        stop=stop_after_delay(_LONGEST_S),
        wait=wait_fixed(0.2),
        reraise=True,
    )
    try:
        return retrying(_lags, admin, settings)
    except (KafkaError, BrokersAway):
        return None
    finally:
        admin.close()


def records_waiting(settings: Settings, roles: Iterable[Role]) -> int | None:
    """How many records wait for these roles; None where that can't be told."""
    groups = {GROUP[role] for role in roles}
    lags = group_lags(settings)
    return None if lags is None else sum(lag["lag"] for lag in lags if lag["group"] in groups)


def _lags(admin: Any, settings: Settings) -> list[dict[str, Any]]:
    there = set(admin.list_topics())
    groups = list(GROUP.values())
    committed = {group: admin.list_group_offsets(group).get(group, {}) for group in groups}
    described = admin.describe_groups(groups)
    found = []
    for role, topics in READS.items():
        group = GROUP[role]
        for topic in topics:
            if topic.name not in there:
                continue
            found.append(
                {
                    "group": group,
                    "members": len(described[group]["members"]),
                    "kafka_topic": topic.name,
                    "lag": _lag(admin, settings, topic, committed[group]),
                }
            )
    return found


def _lag(admin: Any, settings: Settings, kafka_topic: KafkaTopic, committed: dict[Any, Any]) -> int:
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec

    (description,) = admin.describe_topics([kafka_topic.name])
    partitions = [
        TopicPartition(kafka_topic.name, partition["partition_index"])
        for partition in description["partitions"]
    ]
    ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    starts = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
    begin: dict[Any, int] = {}
    end: dict[Any, int] = {}
    for partition in partitions:
        # What retention removed waits for nobody.
        read = committed[partition].offset if partition in committed else 0
        begin[partition] = max(read, starts[partition].offset)
        end[partition] = max(begin[partition], ends[partition].offset)
    lag = sum(end.values()) - sum(begin.values())
    if kafka_topic.transactional and 0 < lag <= _FEW:
        return _count(settings, begin, end)
    return lag


def _count(settings: Settings, begin: dict[Any, int], end: dict[Any, int]) -> int:
    """How many records stand there: each transaction's end takes an offset too, which is none."""
    consumer = open_consumer(settings.kafka_bootstrap_servers)
    try:
        return sum(1 for _ in read_between(consumer, begin, end))
    finally:
        consumer.close()
