"""Delivery attempts: a delivery is completed, retried later, or dead-lettered."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from pipeline.failures import TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.retry import retry_until_available
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.delivery_queue import DeliveryQueue
from pipeline.notify.delivery_topic import publish, publish_dead_letter, retract
from pipeline.notify.notice import DIGEST, unpack_notice
from pipeline.notify.outcome import (
    DELIVERED,
    DeliveryStatus,
    Outcome,
    transient_failure,
)
from pipeline.notify.routes import Routes
from pipeline.notify.sender import Sender
from pipeline.watch.silences import find_covering_silence
from schemas.alert import Alert
from schemas.delivery import Delivery
from schemas.silence import Silence

DOCUMENTS: Final = "/elasticsearch"
"""Destination of alerts' documents that Elasticsearch did not accept in time; not a route."""

RETRIES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits after failed attempts, as in the Standard Webhooks specification: three days in total."""

_JITTER: Final = 0.1
_DOCUMENT_RETRY: Final = timedelta(seconds=15)

log = structlog.get_logger(__name__)

Silences = Callable[[], Awaitable[list[Silence]]]


class DeliveryAttempts:
    """Attempts deliveries of the queue, and keeps the queue and the Kafka topic up to date."""

    def __init__(
        self,
        queue: DeliveryQueue,
        routes: Routes,
        kafka: BatchProducer,
        sender: Sender,
        alert_index: AlertIndex,
        silences: Silences,
        *,
        retries: Sequence[timedelta] = RETRIES,
    ) -> None:
        self.queue = queue
        self.routes = routes
        self._kafka = kafka
        self._sender = sender
        self._alert_index = alert_index
        self._silences = silences
        self._retries = retries
        self._gone: set[str] = set()

    async def attempt(self, delivery: Delivery) -> timedelta | None:
        """Attempt a delivery once; returns how long its destination asks to wait, if it does."""
        skip_reason = await self._skip_reason(delivery)
        if skip_reason:
            log.info("notification_skipped", reason=skip_reason, **_log_fields(delivery))
            await self.finish([delivery])
            return None
        outcome = await self._send(delivery)
        if outcome.status is DeliveryStatus.DELIVERED:
            await self._on_delivered(delivery)
        elif outcome.status is DeliveryStatus.PERMANENT:
            await self._dead_letter(delivery, outcome.reason)
        else:
            await self._reschedule(delivery, outcome)
        return outcome.retry_after

    async def finish(self, deliveries: Sequence[Delivery]) -> None:
        """Remove deliveries that need no further attempt.

        A digest leaves its time on the topic, where the next one begins.
        """
        single = [each for each in deliveries if each.notice.type != DIGEST]
        digests = [each for each in deliveries if each.notice.type == DIGEST]
        for delivery in single:
            self.queue.remove(delivery)
        for delivery in digests:
            self.queue.record_digest(delivery)
        await retract(self._kafka, single)
        completed = {"told_at": datetime.now(UTC)}
        await publish(self._kafka, [digest.model_copy(update=completed) for digest in digests])

    async def _skip_reason(self, delivery: Delivery) -> str | None:
        """Return the reason to skip a delivery that had to wait, or None to attempt it."""
        if self.queue.is_superseded(delivery, datetime.now(UTC)):
            return "superseded by a later notice"
        waited = delivery.held or delivery.attempt
        if waited and delivery.notice.type.startswith("alert."):
            alert = Alert.from_payload(delivery.notice.data.encode())
            silences = await retry_until_available(self._silences)
            if find_covering_silence(silences, alert, datetime.now(UTC)):
                return "acknowledged or silenced"
        return None

    async def _send(self, delivery: Delivery) -> Outcome:
        if delivery.destination == DOCUMENTS:
            return await self._write(delivery)
        if delivery.destination in self._gone:
            return Outcome(DeliveryStatus.PERMANENT, "the destination refused further deliveries")
        target = self.routes.target(delivery.destination)
        if target is None:
            return Outcome(DeliveryStatus.PERMANENT, "the settings no longer have this route")
        try:
            outcome = await self._sender.send(target, unpack_notice(delivery.notice))
        except Exception as error:  # a faulty library must not block other destinations
            return transient_failure(type(error).__name__)
        if outcome.status is DeliveryStatus.PERMANENT:
            self._gone.add(delivery.destination)
        return outcome

    async def _write(self, delivery: Delivery) -> Outcome:
        alert = Alert.from_payload(delivery.notice.data.encode())
        try:
            failures = await self._alert_index.write([alert])
        except TransientError as error:
            return transient_failure(str(error))
        return Outcome(DeliveryStatus.PERMANENT, failures[0].reason) if failures else DELIVERED

    async def _on_delivered(self, delivery: Delivery) -> None:
        log.info("notification_delivered", attempt=delivery.attempt + 1, **_log_fields(delivery))
        await self.finish([delivery, *self.queue.find_superseded(delivery)])
        self.queue.retry_now(delivery.destination, datetime.now(UTC))

    async def _reschedule(self, delivery: Delivery, outcome: Outcome) -> None:
        wait = self._wait_after(delivery)
        if wait is None:
            reason = f"the last attempt, number {delivery.attempt + 1}, failed: {outcome.reason}"
            await self._dead_letter(delivery, reason)
            return
        # Without jitter, deliveries that failed together would all be retried together.
        wait *= 1 + random.uniform(0, _JITTER)  # noqa: S311 - nothing secret
        postponed = delivery.model_copy(
            update={
                "attempt": delivery.attempt + 1,
                "due_at": datetime.now(UTC) + max(wait, outcome.retry_after or timedelta(0)),
                "reason": outcome.reason,
            }
        )
        log.warning(
            "notification_retry_scheduled",
            reason=outcome.reason,
            seconds=round((postponed.due_at - datetime.now(UTC)).total_seconds(), 1),
            attempt=postponed.attempt,
            **_log_fields(delivery),
        )
        self.queue.enqueue(postponed)
        await publish(self._kafka, [postponed])

    def _wait_after(self, delivery: Delivery) -> timedelta | None:
        if delivery.destination == DOCUMENTS:
            return _DOCUMENT_RETRY
        tried = delivery.attempt
        return self._retries[tried] if tried < len(self._retries) else None

    async def _dead_letter(self, delivery: Delivery, reason: str) -> None:
        await publish_dead_letter(self._kafka, delivery, reason)
        await self.finish([delivery])


def _log_fields(delivery: Delivery) -> dict[str, str]:
    """Return a delivery's fields for the log, without text and address."""
    return {
        "destination": delivery.destination,
        "type": delivery.notice.type,
        "notice_id": delivery.notice.notice_id,
    }
