"""Ports: the message broker as running connectors need it; ``pipeline.kafka`` implements them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from schemas.kafka_topics import KafkaTopic
from schemas.message import Message


class Producer(Protocol):
    """Publishes messages and waits for their acknowledgement."""

    @property
    def buffered_count(self) -> int:
        """Number of messages that were not flushed yet."""

    def send(self, message: Message) -> None:
        """Buffer a message."""

    def flush(self) -> list[Any]:
        """Send the buffered messages; return handles for :meth:`wait_for_acks`."""

    def wait_for_acks(self, batches: Sequence[Any]) -> None:
        """Return once the broker has these; raises ``Retry``."""


class Broker(Protocol):
    """Lends producers, and reads compacted Kafka topics."""

    def borrow(self) -> AbstractContextManager[Producer]:
        """Lend a producer for one run; raises ``Retry``."""

    def latest_values(self, kafka_topic: KafkaTopic) -> Mapping[bytes, bytes]:
        """Return each key of a compacted Kafka topic with its latest value; raises ``Retry``."""


class RequestPublisher(Protocol):
    """Publishes what requests bring, for a server in an event loop."""

    unavailable_reason: str
    """Why nothing can be published at the moment, for operators."""

    async def start(self) -> None:
        """Start connecting; returns at once, whether the broker is available or not."""

    async def stop(self) -> None:
        """Publish what was handed over, as far as the broker answers, and disconnect."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return once the broker has all of them; raises ``Retry``."""

    async def is_ready(self) -> bool:
        """Return True if the broker answers now and has the Kafka topics."""
