"""Pending deliveries: from notices to deliveries, and the queue of them. Pure.

The same notice for the same destination has the same id each time it is published, and is not
delivered again for about a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from pipeline.notify.notice import DIGEST, Notice, pack_notice
from pipeline.notify.routes import Routes, Target, select_routes
from schemas.delivery import Delivery
from schemas.record import deterministic_id

_MAX_REMEMBERED: Final = 100_000


def create_deliveries(notice: Notice, routes: Routes, at: datetime) -> list[Delivery]:
    """Return one delivery for each address of each route that matches the notice."""
    return [
        create_delivery(target, notice, choice.at, held=choice.at > at)
        for choice in select_routes(notice, routes, at)
        for target in choice.route.targets
    ]


def create_delivery(target: Target, notice: Notice, due_at: datetime, *, held: bool) -> Delivery:
    """Return a delivery to one address. Only people's notices are superseded and have examples."""
    sent = notice if target.apprise is not None else replace(notice, about=None, examples=())
    return Delivery(
        delivery_id=deterministic_id("delivery", notice.notice_id, target.name),
        destination=target.name,
        notice=pack_notice(sent),
        due_at=due_at,
        held=held,
    )


class DeliveryQueue:
    """Pending deliveries by destination, read from the Kafka topic and kept up to date."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything, to read the topic again."""
        self._pending: dict[str, dict[str, Delivery]] = {}
        self._destination: dict[str, str] = {}
        self._completed: dict[str, None] = {}
        self._digests: dict[str, datetime] = {}

    @property
    def destinations(self) -> Iterable[str]:
        """Destinations with pending deliveries."""
        return [name for name, pending in self._pending.items() if pending]

    def read(self, delivery_id: str, delivery: Delivery | None) -> bool:
        """Process a record of the topic; returns False if it was delivered before.

        Records that this process wrote itself change nothing.
        """
        if delivery is None:
            self._forget(delivery_id)
            return True
        if delivery.told_at is not None:
            self.record_digest(delivery)
            return True
        if delivery_id in self._completed:
            return False
        known = self._pending.get(delivery.destination, {}).get(delivery_id)
        if known is None or known.attempt < delivery.attempt or known.notice != delivery.notice:
            self.enqueue(delivery)
        return True

    def enqueue(self, delivery: Delivery) -> None:
        """Add a delivery, replacing one with the same id."""
        self._pending.setdefault(delivery.destination, {})[delivery.delivery_id] = delivery
        self._destination[delivery.delivery_id] = delivery.destination

    def remove(self, delivery: Delivery) -> None:
        """Remove a delivery that needs no further attempt."""
        self._forget(delivery.delivery_id)

    def record_digest(self, delivery: Delivery) -> None:
        """Remove a delivered digest, and keep its end for the next one."""
        self._discard(delivery.delivery_id)
        self._digests[delivery.destination] = delivery.notice.at

    def last_digest(self, destination: str) -> datetime | None:
        """Return the end of the last digest, delivered or pending, or None if there was none."""
        pending = [
            delivery.notice.at
            for delivery in self._pending.get(destination, {}).values()
            if delivery.notice.type == DIGEST
        ]
        delivered = self._digests.get(destination)
        return max([*pending, *([delivered] if delivered else [])], default=None)

    def next(self, destination: str) -> Delivery | None:
        """Return the delivery that is due first, or None."""
        pending = self._pending.get(destination, {}).values()
        return min(pending, key=lambda each: (each.due_at, each.notice.at), default=None)

    def is_superseded(self, delivery: Delivery, now: datetime) -> bool:
        """Return True if a later notice about the same subject is due as well."""
        return any(
            other.due_at <= now and other.notice.at > delivery.notice.at
            for other in self._same_subject(delivery)
        )

    def find_superseded(self, delivery: Delivery) -> list[Delivery]:
        """Return pending deliveries of earlier notices about the same subject."""
        return [o for o in self._same_subject(delivery) if o.notice.at < delivery.notice.at]

    def retry_now(self, destination: str, now: datetime) -> None:
        """Make the failed deliveries of a destination due now: it works again."""
        for delivery in list(self._pending.get(destination, {}).values()):
            if delivery.attempt and delivery.due_at > now:
                self.enqueue(delivery.model_copy(update={"due_at": now}))

    def has_untried(self, now: datetime) -> bool:
        """Return True if a delivery is due that was never attempted."""
        return any(
            not delivery.attempt and delivery.due_at <= now
            for pending in self._pending.values()
            for delivery in pending.values()
        )

    def _same_subject(self, delivery: Delivery) -> list[Delivery]:
        about = delivery.notice.about
        pending = self._pending.get(delivery.destination, {}).values()
        return [o for o in pending if about is not None and o.notice.about == about]

    def _discard(self, delivery_id: str) -> None:
        self._pending.get(self._destination.pop(delivery_id, ""), {}).pop(delivery_id, None)

    def _forget(self, delivery_id: str) -> None:
        self._discard(delivery_id)
        self._completed[delivery_id] = None
        if len(self._completed) > _MAX_REMEMBERED:
            del self._completed[next(iter(self._completed))]
