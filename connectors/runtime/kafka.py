"""Reading a Kafka topic without a group, for connectors: brokers that are away are a ``Retry``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.sdk.errors import Retry
from schemas import reading
from schemas.brokers import BrokersAway
from schemas.kafka_topics import KafkaTopic
from schemas.reading import Offsets, partitions_of

__all__ = ["Offsets", "latest_values", "open_consumer", "partitions_of", "reach", "read_between"]


@contextmanager
def _tried_again() -> Iterator[None]:
    try:
        yield
    except BrokersAway as error:
        raise Retry(str(error)) from None


def reach(bootstrap_servers: str) -> None:
    """Raise ``Retry`` where nothing listens at any of the addresses."""
    with _tried_again():
        reading.reach(bootstrap_servers)


def open_consumer(bootstrap_servers: str) -> Any:
    """A consumer without a group. Raises ``Retry`` where no broker answers."""
    with _tried_again():
        return reading.open_consumer(bootstrap_servers)


def read_between(consumer: Any, start: Offsets, end: Offsets) -> Iterator[Any]:
    """Every record from ``start`` to before ``end``. Raises ``Retry`` when nothing arrives."""
    with _tried_again():
        yield from reading.read_between(consumer, start, end)


def latest_values(bootstrap_servers: str, kafka_topic: KafkaTopic) -> dict[bytes, bytes]:
    """Every key of a compacted Kafka topic with its latest value. Raises ``Retry``."""
    with _tried_again():
        return reading.latest_values(bootstrap_servers, kafka_topic)
