"""One attempt at a delivery, and what follows from it: told, later, or buried as a dead letter."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from pipeline.failures import TransientError
from pipeline.kafka.producer import KafkaSink
from pipeline.kafka.retry import insist
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.delivery_queue import DIGEST, Book, bury, publish, retract
from pipeline.notify.notice import unpacked
from pipeline.notify.outcome import TOLD, Outcome, Verdict, later
from pipeline.notify.routes import Routes
from pipeline.notify.sender import Sender
from pipeline.watch.silences import silence_that_covers
from schemas.alert import Alert
from schemas.delivery import Delivery
from schemas.silence import Silence

DOCUMENTS: Final = "/elasticsearch"
"""The destination of alerts' documents that could not be written at once; no route's name."""

RETRIES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits after failed attempts, those of the Standard Webhooks specification: three days in all."""

_JITTER: Final = 0.1
_DOCUMENTS_AFTER: Final = timedelta(seconds=15)

log = structlog.get_logger("telling")

Silences = Callable[[], Awaitable[list[Silence]]]


class Attempts:
    """Tries deliveries of the book, and keeps it and the Kafka topic current."""

    def __init__(
        self,
        book: Book,
        routes: Routes,
        kafka: KafkaSink,
        sender: Sender,
        documents: AlertIndex,
        silences: Silences,
        *,
        retries: Sequence[timedelta] = RETRIES,
    ) -> None:
        self.book = book
        self.routes = routes
        self._kafka = kafka
        self._sender = sender
        self._documents = documents
        self._silences = silences
        self._retries = retries
        self._gone: set[str] = set()

    async def attempt(self, delivery: Delivery) -> timedelta | None:
        """Try a delivery once; how long its destination asks to be left alone, if it does."""
        needless = await self._needless(delivery)
        if needless:
            log.info("not_told", reason=needless, **_named(delivery))
            await self.conclude([delivery])
            return None
        outcome = await self._send(delivery)
        if outcome.verdict is Verdict.TOLD:
            await self._told(delivery)
        elif outcome.verdict is Verdict.GONE:
            await self._bury(delivery, outcome.reason)
        else:
            await self._postpone(delivery, outcome)
        return outcome.wait

    async def conclude(self, deliveries: Sequence[Delivery]) -> None:
        """Deliveries are over with, told or not: none waits any more.

        A digest leaves its time behind, for the next one to begin at.
        """
        over = [one for one in deliveries if one.notice.type != DIGEST]
        digests = [one for one in deliveries if one.notice.type == DIGEST]
        for delivery in over:
            self.book.done(delivery)
        for delivery in digests:
            self.book.note_digest(delivery)
        await retract(self._kafka, over)
        told = {"told_at": datetime.now(UTC)}
        await publish(self._kafka, [one.model_copy(update=told) for one in digests])

    async def _needless(self, delivery: Delivery) -> str | None:
        """Why people need not be told any more of what had to wait."""
        if self.book.replaced(delivery, datetime.now(UTC)):
            return "a later notice replaces it"
        waited = delivery.held or delivery.attempt
        if waited and delivery.notice.type.startswith("alert."):
            alert = Alert.from_payload(delivery.notice.data.encode())
            silences = await insist(self._silences)
            if silence_that_covers(silences, alert, datetime.now(UTC)):
                return "it is acknowledged or silenced"
        return None

    async def _send(self, delivery: Delivery) -> Outcome:
        if delivery.destination == DOCUMENTS:
            return await self._write(delivery)
        if delivery.destination in self._gone:
            return Outcome(Verdict.GONE, "it said before that it wants no more")
        target = self.routes.target(delivery.destination)
        if target is None:
            return Outcome(Verdict.GONE, "the settings have no such route any more")
        try:
            outcome = await self._sender.send(target, unpacked(delivery.notice))
        except Exception as error:  # a fault of one destination's library holds up no other
            return later(type(error).__name__)
        if outcome.verdict is Verdict.GONE:
            self._gone.add(delivery.destination)
        return outcome

    async def _write(self, delivery: Delivery) -> Outcome:
        alert = Alert.from_payload(delivery.notice.data.encode())
        try:
            failures = await self._documents.write([alert])
        except TransientError as error:
            return later(str(error))
        return Outcome(Verdict.GONE, failures[0].reason) if failures else TOLD

    async def _told(self, delivery: Delivery) -> None:
        log.info("told", attempt=delivery.attempt + 1, **_named(delivery))
        await self.conclude([delivery, *self.book.replaced_by(delivery)])
        self.book.hasten(delivery.destination, datetime.now(UTC))

    async def _postpone(self, delivery: Delivery, outcome: Outcome) -> None:
        wait = self._wait_after(delivery)
        if wait is None:
            why = f"the last attempt, number {delivery.attempt + 1}, failed: {outcome.reason}"
            await self._bury(delivery, why)
            return
        # The same for all that failed together would be the next thundering herd.
        wait *= 1 + random.uniform(0, _JITTER)  # noqa: S311 - nothing secret
        postponed = delivery.model_copy(
            update={
                "attempt": delivery.attempt + 1,
                "due_at": datetime.now(UTC) + max(wait, outcome.wait or timedelta(0)),
                "reason": outcome.reason,
            }
        )
        log.warning(
            "telling_later",
            reason=outcome.reason,
            seconds=round((postponed.due_at - datetime.now(UTC)).total_seconds(), 1),
            attempt=postponed.attempt,
            **_named(delivery),
        )
        self.book.put(postponed)
        await publish(self._kafka, [postponed])

    def _wait_after(self, delivery: Delivery) -> timedelta | None:
        if delivery.destination == DOCUMENTS:
            return _DOCUMENTS_AFTER
        tried = delivery.attempt
        return self._retries[tried] if tried < len(self._retries) else None

    async def _bury(self, delivery: Delivery, why: str) -> None:
        await bury(self._kafka, delivery, why)
        await self.conclude([delivery])


def _named(delivery: Delivery) -> dict[str, str]:
    """What a log line says of a delivery: no text and no address."""
    return {
        "destination": delivery.destination,
        "type": delivery.notice.type,
        "notice_id": delivery.notice.notice_id,
    }
