"""A producer for callers that block: it keeps each message until the broker acknowledged it.

The batch producer runs in an event loop on a thread of its own. An idempotent producer whose batch
has failed is of no more use, since the sequence numbers that follow have a gap: what was not
acknowledged is sent again, in its order, by a new one.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)

from connectors.sdk.errors import Fatal, Retry
from pipeline.failures import TransientError
from pipeline.kafka.addresses import any_broker_reachable
from pipeline.kafka.clients import ensure_reachable
from pipeline.kafka.producer_thread import Failed, PendingBatch, ProducerThread, TooLarge
from pipeline.settings import KafkaConnection
from schemas.message import Message

_DELIVERY_TIMEOUT_S: Final = 30.0
_POLL_INTERVAL_S: Final = 1.0
_MAX_ATTEMPTS: Final = 4
_RETRY_AFTER_S: Final = 10.0


class AcknowledgedProducer:
    """Publishes messages; :meth:`wait_for_acks` returns only when the broker has them.

    A context manager. Implements :class:`connectors.runtime.ports.Producer`.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect. Raises ``Retry`` if no broker answers within 8 seconds."""
        self._connection = connection
        self._buffer: list[Message] = []
        self._unacknowledged: list[PendingBatch] = []
        self._thread: ProducerThread | None = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is None:
            return
        # After a transient error no cursor depends on the batches that are still under way.
        if kind is None or issubclass(kind, Fatal):
            self.flush()
            self._thread.close(flush_timeout_s=_DELIVERY_TIMEOUT_S)
        else:
            self._thread.close()

    @property
    def is_idle(self) -> bool:
        """True if it is connected and the broker has acknowledged everything."""
        return self._thread is not None and not self._buffer and not self._unacknowledged

    @property
    def buffered_count(self) -> int:
        """Number of messages that were not flushed yet."""
        return len(self._buffer)

    def send(self, message: Message) -> None:
        """Buffer a message until the next :meth:`flush`."""
        self._buffer.append(message)

    def flush(self) -> list[PendingBatch]:
        """Hand the buffered messages to the client; raises ``Retry`` if it cannot connect."""
        if not self._buffer:
            return []
        batch, self._buffer = PendingBatch(self._buffer), []
        thread = self._thread or self._reconnect()
        self._unacknowledged.append(batch)
        thread.submit(batch)
        return [batch]

    def wait_for_acks(self, batches: Sequence[PendingBatch]) -> None:
        """Wait until the broker has acknowledged these batches; send again what failed.

        Raises ``Retry`` with the number of messages that were not acknowledged.
        """
        for attempt in range(1, _MAX_ATTEMPTS + 1):
            failed = self._collect_failures(batches)
            if not failed:
                self._unacknowledged = [b for b in self._unacknowledged if not b.is_acknowledged]
                return
            if attempt == _MAX_ATTEMPTS or any(_is_final(error) for _, error in failed):
                break
            time.sleep(0.1 * 2**attempt)
            self._resend()
        self._disconnect()
        self._unacknowledged = []
        message, error = failed[0]
        if not isinstance(error, KafkaError | TooLarge):
            raise error  # a fault of the program
        raise Retry(
            f"publishing to Kafka at {self._connection.bootstrap_servers}: {len(failed):,} records "
            f"were not acknowledged ({_describe(message, error)})",
            wait=_RETRY_AFTER_S,
        )

    def _collect_failures(self, batches: Sequence[PendingBatch]) -> Failed:
        """Wait for these batches; return what was not acknowledged, and why."""
        # One deadline for all: if a broker is gone, each would otherwise wait its own time.
        deadline = time.monotonic() + _DELIVERY_TIMEOUT_S
        failed: Failed = []
        for batch in batches:
            failed += self._await_outcome(batch, deadline)
        return failed

    def _await_outcome(self, batch: PendingBatch, deadline: float) -> Failed:
        while (left := deadline - time.monotonic()) > 0:
            with suppress(TimeoutError):
                return batch.outcome.result(min(left, _POLL_INTERVAL_S))
            if not any_broker_reachable(self._connection.bootstrap_servers):
                return [(message, KafkaConnectionError()) for message in batch.messages]
        if batch.outcome.done():
            return batch.outcome.result()
        return [(message, KafkaTimeoutError()) for message in batch.messages]

    def _resend(self) -> None:
        """Hand what failed to a new client, and after it everything that was flushed since."""
        self._disconnect()
        self._await_broker()
        thread = self._reconnect()
        for batch in self._unacknowledged:
            failed = batch.outcome.result()
            if failed:
                batch.messages = [message for message, _ in failed]
                batch.outcome = Future()
                thread.submit(batch)

    def _await_broker(self) -> None:
        """Give a broker that is restarting the time to come back."""
        deadline = time.monotonic() + _DELIVERY_TIMEOUT_S
        servers = self._connection.bootstrap_servers
        while not any_broker_reachable(servers) and time.monotonic() < deadline:
            time.sleep(_POLL_INTERVAL_S)

    def _disconnect(self) -> None:
        """Close the client; batches that it has not delivered yet have failed."""
        if self._thread is not None:
            self._thread.close()
            self._thread = None

    def _reconnect(self) -> ProducerThread:
        self._thread = self._connect()
        return self._thread

    def _connect(self) -> ProducerThread:
        try:
            ensure_reachable(self._connection)
            return ProducerThread(self._connection)
        except TransientError as error:
            raise Retry(str(error), wait=_RETRY_AFTER_S) from None


def _is_final(error: BaseException) -> bool:
    # A time-out already includes aiokafka's own retries.
    final = MessageSizeTooLargeError | KafkaTimeoutError | UnknownTopicOrPartitionError
    return isinstance(error, final) or not isinstance(error, KafkaError)


def _describe(message: Message, error: BaseException) -> str:
    if isinstance(error, TooLarge):
        return str(error)
    return f"{message.kafka_topic.name}: {type(error).__name__}"
