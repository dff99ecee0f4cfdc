"""Kafka as the connectors' runtime sees it: producers to borrow, and compacted topics to read.

Producers are kept between the runs of one process: connecting takes longer than most runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Final, Self

from connectors.sdk.errors import Retry
from pipeline.failures import TransientError
from pipeline.kafka.acknowledged_producer import AcknowledgedProducer
from pipeline.kafka.clients import ensure_reachable
from pipeline.kafka.reader import latest_values
from pipeline.settings import KafkaConnection
from schemas.kafka_topics import KafkaTopic

_MAX_IDLE_S: Final = 300.0
"""Brokers close idle connections, and forget their producers."""


class ConnectorBroker:
    """As many producers as there are runs at a time, each for one run at a time.

    A context manager. Implements :class:`connectors.runtime.ports.Broker`.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        """Touches no network."""
        self._connection = connection
        self._idle: list[tuple[float, AcknowledgedProducer]] = []
        self._lock = Lock()
        self._is_open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._is_open = False
        self._close_idle(0.0)

    @contextmanager
    def borrow(self) -> Iterator[AcknowledgedProducer]:
        """Lend a producer for one run; one that is returned with work in flight is closed.

        Raises ``Retry`` if no broker answers.
        """
        with ExitStack() as stack:
            producer = self._take_idle() or AcknowledgedProducer(self._connection)
            stack.push(producer)
            yield producer
            if producer.is_idle:
                stack.pop_all()
                self._return(producer)

    def latest_values(self, kafka_topic: KafkaTopic) -> Mapping[bytes, bytes]:
        """Return each key of a compacted Kafka topic with its latest value; raises ``Retry``."""
        try:
            return latest_values(self._connection, kafka_topic)
        except TransientError as error:
            raise Retry(str(error)) from None

    def _take_idle(self) -> AcknowledgedProducer | None:
        """Return the producer that was used last, if any."""
        try:
            ensure_reachable(self._connection)
        except TransientError as error:
            raise Retry(str(error)) from None
        self._close_idle(_MAX_IDLE_S)
        with self._lock:
            return self._idle.pop()[1] if self._idle else None

    def _return(self, producer: AcknowledgedProducer) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), producer))
        self._close_idle(_MAX_IDLE_S if self._is_open else 0.0)

    def _close_idle(self, min_idle_s: float) -> None:
        """Close the producers that were idle for at least this time (s)."""
        now = time.monotonic()
        with self._lock:
            stale = [producer for since, producer in self._idle if now - since >= min_idle_s]
            self._idle = [pair for pair in self._idle if now - pair[0] < min_idle_s]
        for producer in stale:
            with producer:
                pass
