"""Making digests when they are due: once for each route's address and period."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from pipeline.failures import TransientError
from pipeline.kafka.producer import KafkaSink
from pipeline.notify.delivery_queue import Book, publish
from pipeline.notify.digest import PERIODS, Summary, digest_notice, last_due
from pipeline.notify.notice import packed
from pipeline.notify.routes import Route, Routes, Target
from schemas.delivery import Delivery
from schemas.record import deterministic_id

_LOOK_S: Final = 15.0
_LONGEST: Final = timedelta(days=31)

log = structlog.get_logger("telling")

Gather = Callable[[Route, datetime, datetime], Awaitable[Summary]]
"""A route, since and until, to what happened; raises ``TransientError``."""


class Digesting:
    """Writes a digest as a delivery once its time has come.

    The last one keeps its place on the Kafka topic, so that after a restart the next is due at the
    same time, and covers the time since, also when no worker ran at the hour.
    """

    def __init__(self, book: Book, routes: Routes, kafka: KafkaSink, gather: Gather) -> None:
        self._book = book
        self._routes = routes
        self._kafka = kafka
        self._gather = gather

    async def run(self) -> None:
        """Look every 15 seconds, for ever."""
        digests = [route for route in self._routes if route.settings.digest is not None]
        while digests:
            for route in digests:
                try:
                    await self.look(route, datetime.now(UTC))
                except TransientError as error:
                    log.warning("waiting", reason=str(error))
            await asyncio.sleep(_LOOK_S)

    async def look(self, route: Route, now: datetime) -> None:
        """Write the digests of a route that are due; raises ``TransientError``."""
        due = last_due(route.settings, now)
        for target in route.targets:
            last = self._book.last_digest(target.name)
            if last is None:
                # The first one is told at the next hour, and not now of a time long past.
                begun = _delivery(target, Summary(now, now), now)
                await publish(self._kafka, [begun.model_copy(update={"told_at": now})])
                self._book.note_digest(begun)
            elif last < due:
                period = PERIODS[route.settings.digest or "daily"]
                since = max(min(last, due - period), due - _LONGEST)
                delivery = _delivery(target, await self._gather(route, since, due), now)
                await publish(self._kafka, [delivery])
                self._book.put(delivery)


def _delivery(target: Target, summary: Summary, now: datetime) -> Delivery:
    notice = digest_notice(target.name, target.route.settings, summary)
    return Delivery(
        delivery_id=deterministic_id("digest", target.name),
        destination=target.name,
        notice=packed(notice),
        due_at=now,
    )
