"""Scheduling of digests: one for each route's address and period."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from pipeline.failures import TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.notify.delivery_queue import DeliveryQueue
from pipeline.notify.delivery_topic import publish
from pipeline.notify.digest import (
    PERIODS,
    DigestContent,
    digest_notice,
    last_due_time,
)
from pipeline.notify.notice import pack_notice
from pipeline.notify.routes import Route, Routes, Target
from schemas.delivery import Delivery
from schemas.record import deterministic_id

_POLL_INTERVAL_S: Final = 15.0
_MAX_PERIOD: Final = timedelta(days=31)

log = structlog.get_logger(__name__)

Gather = Callable[[Route, datetime, datetime], Awaitable[DigestContent]]
"""Returns a digest's content, given route, since and until; raises ``TransientError``."""


class DigestScheduler:
    """Publishes a digest as a delivery once it is due.

    The last one stays on the Kafka topic, so the next is due at the same time after a restart, and
    covers the period since, even if no worker ran when it was due.
    """

    def __init__(
        self, queue: DeliveryQueue, routes: Routes, kafka: BatchProducer, gather: Gather
    ) -> None:
        self._queue = queue
        self._routes = routes
        self._kafka = kafka
        self._gather = gather

    async def run(self) -> None:
        """Publish due digests every 15 seconds. Never returns."""
        digests = [route for route in self._routes if route.settings.digest is not None]
        while digests:
            for route in digests:
                try:
                    await self.write_due_digests(route, datetime.now(UTC))
                except TransientError as error:
                    log.warning("digest_deferred", reason=str(error))
            await asyncio.sleep(_POLL_INTERVAL_S)

    async def write_due_digests(self, route: Route, now: datetime) -> None:
        """Publish a route's due digests; raises ``TransientError``."""
        due = last_due_time(route.settings, now)
        for target in route.targets:
            last = self._queue.last_digest(target.name)
            if last is None:
                # The first digest is due at the next hour, not now for a period long past.
                initial = _create_delivery(target, DigestContent(now, now), now)
                await publish(self._kafka, [initial.model_copy(update={"told_at": now})])
                self._queue.record_digest(initial)
            elif last < due:
                period = PERIODS[route.settings.digest or "daily"]
                since = max(min(last, due - period), due - _MAX_PERIOD)
                delivery = _create_delivery(target, await self._gather(route, since, due), now)
                await publish(self._kafka, [delivery])
                self._queue.enqueue(delivery)


def _create_delivery(target: Target, summary: DigestContent, now: datetime) -> Delivery:
    notice = digest_notice(target.name, target.route.settings, summary)
    return Delivery(
        delivery_id=deterministic_id("digest", target.name),
        destination=target.name,
        notice=pack_notice(notice),
        due_at=now,
    )
