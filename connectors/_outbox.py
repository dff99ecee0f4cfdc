"""Sending with kafka-python so that nothing is taken for delivered that was not.

After an idempotent epoch bump the batches in flight fail, and ``flush()`` counts a failure as
complete. So every future is looked at, and what failed is sent again, before a cursor moves.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self, cast

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from connectors._errors import Fatal, Retry
from connectors._kafka import reach
from schemas.cloud_events import Headers
from schemas.kafka_topics import DEAD

_ATTEMPTS = 4
_DELIVERY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Message:
    """One record on its way to a Kafka topic."""

    kafka_topic: str
    key: bytes
    value: bytes
    headers: Headers


class Outbox:
    """A producer that keeps each message until the broker has acknowledged it."""

    def __init__(self, bootstrap_servers: str) -> None:
        """Connect. Raises ``Retry`` where no broker answers within 8 seconds."""
        self._servers = bootstrap_servers
        self._pending: list[tuple[Message, Any]] = []
        reach(bootstrap_servers)
        try:
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap_servers.split(","),
                enable_idempotence=True,
                acks="all",
                linger_ms=20,
                batch_size=262_144,
                max_request_size=DEAD.max_message_bytes,
                # Without its C extension kafka-python computes checksums in Python, which
                # costs more for each byte than compressing it first.
                compression_type=None if find_spec("crc32c") else "gzip",
                request_timeout_ms=10_000,
                delivery_timeout_ms=_DELIVERY_SECONDS * 1_000,
                max_block_ms=10_000,
                bootstrap_timeout_ms=8_000,
                metrics_enabled=False,
            )
        except (KafkaError, OSError) as error:
            raise Retry(
                f"connecting to Kafka at {bootstrap_servers}: {type(error).__name__}"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and not issubclass(kind, Fatal):
            # Nobody waits for what is still under way, since no cursor stands behind it. A plain
            # close() would flush first, and raise instead of closing where no broker answers.
            self._producer._sender.force_close()
        with suppress(KafkaError):
            self._producer.close(timeout=_DELIVERY_SECONDS)

    def send(self, message: Message) -> None:
        """Hand a message over; raises ``Retry`` where its Kafka topic can't be reached."""
        self._pending.append((message, self._hand_over(message)))

    def take_pending(self) -> list[tuple[Message, Any]]:
        """What was sent and not settled; the caller settles it."""
        pending, self._pending = self._pending, []
        return pending

    def settle(self, pending: list[tuple[Message, Any]]) -> None:
        """Wait until the broker has acknowledged every one of these; send again what failed.

        Raises ``Retry`` with the number that nobody acknowledged.
        """
        for attempt in range(_ATTEMPTS):
            # One deadline for all: where a broker is gone, each would else wait its own time.
            deadline = time.monotonic() + _DELIVERY_SECONDS + 5
            failed = [
                (message, why)
                for message, future in pending
                if (why := _outcome(future, deadline - time.monotonic()))
            ]
            if not failed:
                return
            last = type(failed[0][1]).__name__
            if attempt + 1 == _ATTEMPTS or any(_is_final(why) for _, why in failed):
                break
            time.sleep(0.2 * 2**attempt)
            pending = [(message, self._hand_over(message)) for message, _ in failed]
        raise Retry(
            f"publishing to Kafka at {self._servers}: {len(failed):,} records were not "
            f"acknowledged ({last})",
            wait=10,
        )

    def _hand_over(self, message: Message) -> Any:
        try:
            return self._producer.send(
                message.kafka_topic, message.value, key=message.key, headers=message.headers
            )
        except KafkaError as error:
            raise Retry(
                f"publishing to {message.kafka_topic} at {self._servers}: {type(error).__name__}",
                wait=10,
            ) from None


def _outcome(future: Any, patience: float) -> BaseException | None:
    """The error of a send, or None once it is acknowledged; waits ``patience`` seconds."""
    if not future.is_done:
        try:
            future.get(timeout=max(patience, 0))
        except KafkaError as late:
            return cast(BaseException, late)
    error: BaseException | None = future.exception
    return error


def _is_final(error: BaseException) -> bool:
    # A timeout has already had kafka-python's own repetitions within it.
    return isinstance(error, MessageSizeTooLargeError | KafkaTimeoutError)
