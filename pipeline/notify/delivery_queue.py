"""What is still to be told: from notices to deliveries on their Kafka topic, and the book of them.

A delivery is there from before the offset of its alert is committed until it is told, so that a
crash loses none. The same notice for the same destination is the same delivery, however often it
is published; what was told within the last day or so is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from pipeline.failures import Failure
from pipeline.kafka.producer import KafkaSink, Message
from pipeline.kafka.retry import insist
from pipeline.notify.notice import Notice, packed
from pipeline.notify.routes import Routes, Target, chosen
from schemas.cloud_events import cloud_event_headers, dead_letter_headers
from schemas.dead_letter import DeadLetter
from schemas.delivery import Delivery
from schemas.kafka_topics import DEAD, DELIVERIES
from schemas.record import deterministic_id

DIGEST: Final = "digest"
"""The type of a notice that sums up a time."""

_REMEMBERED: Final = 100_000
_TOMBSTONE: Final = b""

log = structlog.get_logger("telling")


def deliveries_of(notice: Notice, routes: Routes, at: datetime) -> list[Delivery]:
    """One delivery for each address of each route that takes the notice."""
    return [
        delivery_to(target, notice, choice.at, held=choice.at > at)
        for choice in chosen(notice, routes, at)
        for target in choice.route.targets
    ]


def delivery_to(target: Target, notice: Notice, due_at: datetime, *, held: bool) -> Delivery:
    """A notice for one address. Services are told everything, people what is current."""
    told = notice if target.apprise is not None else replace(notice, about=None, examples=())
    return Delivery(
        delivery_id=deterministic_id("delivery", notice.notice_id, target.name),
        destination=target.name,
        notice=packed(told),
        due_at=due_at,
        held=held,
    )


async def publish(kafka: KafkaSink, deliveries: Sequence[Delivery]) -> None:
    """Have deliveries on Kafka; returns when the brokers have them, or their dead letters."""
    for failure in await _write(kafka, [_message(one, one.to_payload()) for one in deliveries]):
        await bury(kafka, deliveries[failure.index], failure.reason)


async def retract(kafka: KafkaSink, deliveries: Sequence[Delivery]) -> None:
    """Have deliveries forgotten, since they are told or buried."""
    await _write(kafka, [_message(one, _TOMBSTONE) for one in deliveries])


async def bury(kafka: KafkaSink, delivery: Delivery, why: str) -> None:
    """Publish the dead letter of a delivery, and wait until the brokers have it."""
    notice_id = delivery.notice.notice_id
    reason = f"telling {delivery.destination}: {why}"
    log.error("dead_lettering", reason=reason, type=delivery.notice.type, notice_id=notice_id)
    letter = DeadLetter.create(
        stage="notify",
        origin=f"{delivery.destination}:{notice_id}",
        reason=reason,
        payload=delivery.to_payload(),
        error="NotTold",
        failed_at=datetime.now(UTC),
        kafka_topic=DELIVERIES.name,
        partition=0,
        key=delivery.delivery_id,
        attempt=delivery.attempt + 1,
    )
    headers = dead_letter_headers(letter, DEAD.ce_type)
    message = Message(letter.dead_letter_id, letter.to_payload(), headers)
    await insist(partial(kafka.write, DEAD, [message]))


async def _write(kafka: KafkaSink, messages: Sequence[Message]) -> list[Failure]:
    return await insist(partial(kafka.write, DELIVERIES, messages)) if messages else []


def _message(delivery: Delivery, value: bytes) -> Message:
    headers = cloud_event_headers(
        event_id=f"{delivery.delivery_id}.{delivery.attempt}",
        source="telling",
        event_type=DELIVERIES.ce_type,
        time=datetime.now(UTC),
    )
    return Message(delivery.delivery_id, value, headers)


class Book:
    """The deliveries that wait, by destination; read from the Kafka topic, and kept current."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: it is read again."""
        self._waiting: dict[str, dict[str, Delivery]] = {}
        self._destination: dict[str, str] = {}
        self._told: dict[str, None] = {}
        self._digests: dict[str, datetime] = {}

    @property
    def destinations(self) -> Iterable[str]:
        """Those that something waits for."""
        return [name for name, waiting in self._waiting.items() if waiting]

    def read(self, delivery_id: str, delivery: Delivery | None) -> bool:
        """Take in a record of the Kafka topic; False: it was told before, and must not wait.

        Records come back that this process wrote itself: they are no news.
        """
        if delivery is None:
            self._forget(delivery_id)
            return True
        if delivery.told_at is not None:
            self.note_digest(delivery)
            return True
        if delivery_id in self._told:
            return False
        known = self._waiting.get(delivery.destination, {}).get(delivery_id)
        if known is None or known.attempt < delivery.attempt or known.notice != delivery.notice:
            self.put(delivery)
        return True

    def put(self, delivery: Delivery) -> None:
        """Have a delivery wait, in place of the one with its id."""
        self._waiting.setdefault(delivery.destination, {})[delivery.delivery_id] = delivery
        self._destination[delivery.delivery_id] = delivery.destination

    def done(self, delivery: Delivery) -> None:
        """A delivery waits no longer."""
        self._forget(delivery.delivery_id)

    def note_digest(self, delivery: Delivery) -> None:
        """A digest is told: the next one of its destination takes its place."""
        self._take_out(delivery.delivery_id)
        self._digests[delivery.destination] = delivery.notice.at

    def last_digest(self, destination: str) -> datetime | None:
        """The end of the last digest that is told or waits; None: there was none."""
        waiting = [
            delivery.notice.at
            for delivery in self._waiting.get(destination, {}).values()
            if delivery.notice.type == DIGEST
        ]
        told = self._digests.get(destination)
        return max([*waiting, *([told] if told else [])], default=None)

    def next(self, destination: str) -> Delivery | None:
        """The delivery that is due first."""
        waiting = self._waiting.get(destination, {}).values()
        return min(waiting, key=lambda one: (one.due_at, one.notice.at), default=None)

    def replaced(self, delivery: Delivery, now: datetime) -> bool:
        """Whether people are better told a later notice of the same, which is due as well."""
        return any(
            other.due_at <= now and other.notice.at > delivery.notice.at
            for other in self._of_same(delivery)
        )

    def replaced_by(self, delivery: Delivery) -> list[Delivery]:
        """Earlier notices of the same that still wait for the destination."""
        return [o for o in self._of_same(delivery) if o.notice.at < delivery.notice.at]

    def hasten(self, destination: str, now: datetime) -> None:
        """The destination answers again: what failed there is due at once."""
        for delivery in list(self._waiting.get(destination, {}).values()):
            if delivery.attempt and delivery.due_at > now:
                self.put(delivery.model_copy(update={"due_at": now}))

    def fresh(self, now: datetime) -> bool:
        """Whether something is due that was never tried."""
        return any(
            not one.attempt and one.due_at <= now
            for waiting in self._waiting.values()
            for one in waiting.values()
        )

    def _of_same(self, delivery: Delivery) -> list[Delivery]:
        about = delivery.notice.about
        waiting = self._waiting.get(delivery.destination, {}).values()
        return [o for o in waiting if about is not None and o.notice.about == about]

    def _take_out(self, delivery_id: str) -> None:
        self._waiting.get(self._destination.pop(delivery_id, ""), {}).pop(delivery_id, None)

    def _forget(self, delivery_id: str) -> None:
        self._take_out(delivery_id)
        self._told[delivery_id] = None
        if len(self._told) > _REMEMBERED:
            del self._told[next(iter(self._told))]
