"""Sending so that nothing is taken for delivered that was not.

Records travel in whole batches, one acknowledgement each. What failed is sent again, in its
order and by a new producer, before a cursor moves.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Self

from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerClosed,
)

from connectors.runtime.kafka import reach
from connectors.runtime.partitioner import partition_of
from connectors.runtime.producer import Batch, Delivery, Producer
from connectors.sdk.errors import Fatal, Retry
from schemas.brokers import any_broker_listens
from schemas.cloud_events import Headers

_ATTEMPTS = 4
_DELIVERY_SECONDS = 30
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """One record on its way to a Kafka topic."""

    kafka_topic: str
    key: bytes
    value: bytes
    headers: Headers


Pending = list[tuple[Message, Any]]
"""Messages on their way, each with the delivery that tells what became of it."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    batch: Batch
    messages: list[Message]


class Outbox:
    """A producer that keeps each message until the broker has acknowledged it.

    Messages of the same key go to the same partition, in their order.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        """Connect. Raises ``Retry`` where no broker answers within 8 seconds."""
        self._servers = bootstrap_servers
        self._pending: Pending = []
        self._partitions: dict[str, int] = {}
        self._open: dict[tuple[str, int], _Parcel] = {}
        self._unsettled: list[_Parcel] = []
        self._producer: Producer | None = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._producer is None:
            return
        # After an error nobody waits for what is still under way: no cursor stands behind it.
        if kind is None or issubclass(kind, Fatal):
            self._post_open(self._producer)
            self._producer.close(flush=_DELIVERY_SECONDS)
        else:
            self._producer.close()

    @property
    def is_at_rest(self) -> bool:
        """Whether it is connected, and the broker has acknowledged all that was sent."""
        under_way = self._pending or self._open or self._unsettled
        return self._producer is not None and not under_way

    @property
    def held(self) -> int:
        """How many messages nobody has taken yet."""
        return len(self._pending)

    def send(self, message: Message) -> None:
        """Hand a message over; raises ``Retry`` where its Kafka topic can't be reached."""
        producer = self._producer or self._reconnect()
        count = self._partitions.get(message.kafka_topic) or self._count(producer, message)
        place = message.kafka_topic, partition_of(message.key, count)
        parcel = self._open.get(place)
        if parcel is None or not _take(parcel.batch, message):
            if parcel is not None:
                self._post(producer, [parcel])
            parcel = self._open[place] = _Parcel(producer.batch(*place, Delivery()), [])
            _take(parcel.batch, message)  # an empty one takes any
        parcel.messages.append(message)
        self._pending.append((message, parcel.batch.delivery))

    def take_pending(self) -> Pending:
        """What was sent and not settled; the caller settles it."""
        if self._producer is not None:
            self._post_open(self._producer)
        pending, self._pending = self._pending, []
        return pending

    def settle(self, pending: Pending) -> None:
        """Wait until the broker has acknowledged every one of these; send again what failed.

        Raises ``Retry`` with the number that nobody acknowledged.
        """
        for attempt in range(_ATTEMPTS):
            failed = self._failures(pending)
            if not failed:
                self._unsettled = [p for p in self._unsettled if not p.batch.delivery.succeeded]
                return
            if attempt + 1 == _ATTEMPTS or any(_is_final(why) for _, _, why in failed):
                break
            time.sleep(0.2 * 2**attempt)
            pending = self._send_again([(message, sent) for message, sent, _ in failed])
        last = failed[0][2]
        self._drop()
        raise Retry(
            f"publishing to Kafka at {self._servers}: {len(failed):,} records were not "
            f"acknowledged ({type(last).__name__})",
            wait=10,
        )

    def _failures(self, pending: Pending) -> list[tuple[Message, Any, BaseException]]:
        """Which of these were not acknowledged, and why, after waiting for all."""
        # One deadline for all: where a broker is gone, each would else wait its own time.
        deadline = time.monotonic() + _DELIVERY_SECONDS
        errors: dict[Any, BaseException] = {}
        for delivery in dict.fromkeys(delivery for _, delivery in pending):
            error = delivery.exception if delivery.is_done else self._outcome(delivery, deadline)
            if error is not None:
                errors[delivery] = error
        return [(message, sent, errors[sent]) for message, sent in pending if sent in errors]

    def _outcome(self, delivery: Delivery, deadline: float) -> BaseException | None:
        error: BaseException | None = KafkaTimeoutError()
        while not delivery.is_done and (left := deadline - time.monotonic()) > 0:
            delivery.wait(min(left, _LOOK_SECONDS))
            if not delivery.is_done and not any_broker_listens(self._servers):
                error = KafkaConnectionError()
                break
        return delivery.exception if delivery.is_done else error

    def _await_broker(self) -> None:
        """Give a broker that is restarted the time to come back."""
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while not any_broker_listens(self._servers) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def _send_again(self, failed: Pending) -> Pending:
        """Hand what failed to a new producer, and behind it all that was sent since."""
        lost = [p for p in self._unsettled if not p.batch.delivery.succeeded]
        lost += self._open.values()
        self._drop()
        self._await_broker()
        producer = self._reconnect()
        ours = {parcel.batch.delivery for parcel in lost}
        again = self._send_at_once([message for message, sent in failed if sent not in ours])
        self._post(producer, [_rebuilt(producer, parcel) for parcel in lost])
        return again + [(message, sent) for message, sent in failed if sent in ours]

    def _send_at_once(self, messages: list[Message]) -> Pending:
        later, self._pending = self._pending, []
        for message in messages:
            self.send(message)
        sent = self.take_pending()
        self._pending = later
        return sent

    def _post_open(self, producer: Producer) -> None:
        self._post(producer, list(self._open.values()))
        self._open = {}
        self._partitions = {}  # somebody may add partitions

    def _post(self, producer: Producer, parcels: list[_Parcel]) -> None:
        if parcels:
            producer.post([parcel.batch for parcel in parcels])
            self._unsettled += parcels

    def _count(self, producer: Producer, message: Message) -> int:
        try:
            count = producer.partitions(message.kafka_topic)
        except KafkaError as error:
            self._refuse(f"publishing to {message.kafka_topic}", error)
        self._partitions[message.kafka_topic] = count
        return count

    def _drop(self) -> None:
        """Leave the producer; what it has not delivered yet has failed."""
        if self._producer is not None:
            self._producer.close()
            self._producer = None
        for parcel in self._open.values():
            parcel.batch.delivery.end(ProducerClosed())
        self._open, self._unsettled = {}, []

    def _reconnect(self) -> Producer:
        self._producer = self._connect()
        return self._producer

    def _connect(self) -> Producer:
        reach(self._servers)
        try:
            return Producer(self._servers)
        except KafkaError as error:
            self._refuse("connecting to Kafka", error)

    def _refuse(self, what: str, error: KafkaError) -> NoReturn:
        raise Retry(f"{what} at {self._servers}: {type(error).__name__}", wait=10) from None


def _take(batch: Batch, message: Message) -> bool:
    return batch.take(message.key, message.value, message.headers)


def _rebuilt(producer: Producer, parcel: _Parcel) -> _Parcel:
    """The same records for another producer."""
    old = parcel.batch
    old.delivery.begin_again()
    batch = producer.batch(old.kafka_topic, old.partition, old.delivery)
    for message in parcel.messages:
        _take(batch, message)
    return _Parcel(batch, parcel.messages)


def _is_final(error: BaseException) -> bool:
    # A timeout has already had aiokafka's own repetitions within it.
    return isinstance(error, MessageSizeTooLargeError | KafkaTimeoutError)
