"""Role ``notify``: sends alerts to people, services and Elasticsearch.

An alert's offset is committed once all of its deliveries are on their Kafka topic and its document
is in Elasticsearch. Notifying depends on no server but Kafka: a document that Elasticsearch does
not accept within seconds becomes a delivery too. The :mod:`~pipeline.notify.dispatcher` sends
deliveries to their destinations.

Other roles notify in the same way: they publish the deliveries of their notices, then acknowledge.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.elasticsearch.client import connect_async
from pipeline.errors import Unavailable
from pipeline.failures import Failure, TransientError
from pipeline.kafka.dead_letters import publish_dead_letters
from pipeline.kafka.producer import BatchProducer, open_producer
from pipeline.kafka.retry import retry_until_available
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.alert_notices import create_alert_notice
from pipeline.notify.attempts import DOCUMENTS, DeliveryAttempts, Silences
from pipeline.notify.delivery_queue import DeliveryQueue, create_deliveries
from pipeline.notify.delivery_topic import publish
from pipeline.notify.digest_data import DigestData
from pipeline.notify.digest_schedule import DigestScheduler
from pipeline.notify.dispatcher import DeliveryDispatcher
from pipeline.notify.notice import Notice, pack_notice
from pipeline.notify.routes import Routes, load_routes
from pipeline.notify.sender import Sender
from pipeline.settings import KafkaConnection, Settings
from pipeline.streams.loop import Agent, Control
from pipeline.watch.silences import find_covering_silence, read_silences
from schemas.alert import Alert
from schemas.delivery import Delivery
from schemas.record import deterministic_id
from schemas.silence import Silence

_INDEX_TIMEOUT_S: Final = 5.0

log = structlog.get_logger(__name__)


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for an invalid settings file."""
    routes = load_routes(settings)
    kafka = await open_producer(settings.kafka, stack)
    client = connect_async(settings)
    stack.push_async_callback(client.close)
    sender = await stack.enter_async_context(Sender())
    alert_index = AlertIndex(client)
    silences = partial(_load_silences, settings.kafka)
    queue = DeliveryQueue()
    digest_data = DigestData(client, settings.kafka, routes.alerts)
    dispatcher = DeliveryDispatcher(
        settings.kafka,
        DeliveryAttempts(queue, routes, kafka, sender, alert_index, silences),
        DigestScheduler(queue, routes, kafka, digest_data.gather),
        control.report_failure,
    )
    await dispatcher.start()
    stack.push_async_callback(dispatcher.stop)
    loop = NotifyHandler(routes, kafka, alert_index, silences, dispatcher)
    return partial(control.run, loop=loop)


async def _load_silences(connection: KafkaConnection) -> list[Silence]:
    """Return all silences; raises :class:`TransientError`."""
    try:
        return await asyncio.to_thread(read_silences, connection)
    except Unavailable as error:
        raise TransientError(str(error)) from None


class NotifyHandler:
    """Processes batches of alerts: publishes their deliveries, indexes their documents."""

    max_batches = 8
    max_wait_s = 0.05

    def __init__(
        self,
        routes: Routes,
        kafka: BatchProducer,
        alert_index: AlertIndex,
        silences: Silences,
        dispatcher: DeliveryDispatcher,
    ) -> None:
        self._routes = routes
        self._kafka = kafka
        self._alert_index = alert_index
        self._silences = silences
        self._dispatcher = dispatcher
        self._examples = any(route.settings.examples for route in routes)

    async def handle(self, records: Sequence[Any]) -> None:
        """Publish the deliveries of a batch of alerts, then index it."""
        read: list[tuple[Any, Alert]] = []
        failures = []
        for index, record in enumerate(records):
            try:
                read.append((record, Alert.from_payload(record.value or b"")))
            except ValidationError as error:
                reason = f"reading an alert: {error.error_count()} invalid fields"
                failures.append(Failure(index, reason, "ValidationError", retryable=False))
        await publish_dead_letters(self._kafka, "notify", records, failures)
        if read:
            await self._publish_deliveries(read)
            await self._index_alerts(read)

    async def _publish_deliveries(self, read: Sequence[tuple[Any, Alert]]) -> None:
        now = datetime.now(UTC)
        silences = await retry_until_available(self._silences) if self._routes.routes else []
        notices = []
        for record, alert in read:
            silence = find_covering_silence(silences, alert, now)
            if silence is not None:
                log.info(
                    "notification_skipped",
                    reason="silenced",
                    alert_id=alert.alert_id,
                    silence_id=silence.silence_id,
                )
            elif _age(record, now) > self._routes.alerts.max_age:
                log.info("notification_skipped", reason="too old", alert_id=alert.alert_id)
            else:
                notices.append(await self._notice(alert))
        deliveries = [
            delivery
            for notice in notices
            for delivery in create_deliveries(notice, self._routes, now)
        ]
        await publish(self._kafka, deliveries)
        self._dispatcher.has_pending_work |= bool(deliveries)

    async def _notice(self, alert: Alert) -> Notice:
        examples = await self._alert_index.read_examples(alert) if self._examples else []
        return create_alert_notice(alert, self._routes.alerts, examples=examples)

    async def _index_alerts(self, read: Sequence[tuple[Any, Alert]]) -> None:
        records, alerts = [record for record, _ in read], [alert for _, alert in read]
        try:
            async with asyncio.timeout(_INDEX_TIMEOUT_S):
                failures = await retry_until_available(partial(self._alert_index.write, alerts))
        except TimeoutError:
            log.warning("indexing_deferred", alerts=len(alerts))
            await publish(self._kafka, [_create_document_delivery(alert) for alert in alerts])
        else:
            await publish_dead_letters(self._kafka, "notify", records, failures)


def _create_document_delivery(alert: Alert) -> Delivery:
    """Return the delivery of the alert's document, for the owner of the deliveries."""
    notice = create_alert_notice(alert, Routes().alerts)
    return Delivery(
        delivery_id=deterministic_id("document", notice.notice_id),
        destination=DOCUMENTS,
        notice=pack_notice(notice),
        due_at=datetime.now(UTC),
    )


def _age(record: Any, now: datetime) -> timedelta:
    """Return the time since the alert was published."""
    return now - datetime.fromtimestamp((record.timestamp or 0) / 1000, UTC)
