"""The worker's ``notify`` role: what alerts say reaches people, services and Elasticsearch.

An alert's offset is committed once each of its deliveries stands on the Kafka topic of the
deliveries and its document is in Elasticsearch. Telling waits for no server but Kafka: a document
that Elasticsearch does not take within seconds becomes a delivery as well. The
:mod:`~pipeline.notify.dispatcher` brings deliveries to their destinations.

Other roles tell the same way: they publish the deliveries of their notices, then acknowledge.
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
from pipeline.kafka.dead_letters import bury
from pipeline.kafka.producer import KafkaSink
from pipeline.kafka.retry import insist
from pipeline.notify.alert_index import AlertIndex
from pipeline.notify.alert_notices import notice_of_alert
from pipeline.notify.attempts import DOCUMENTS, Attempts
from pipeline.notify.delivery_queue import Book, deliveries_of, publish
from pipeline.notify.digest_data import Summaries
from pipeline.notify.digest_schedule import Digesting
from pipeline.notify.dispatcher import Postman
from pipeline.notify.notice import Notice, packed
from pipeline.notify.routes import Routes, routes
from pipeline.notify.sender import Sender
from pipeline.settings import Settings
from pipeline.streams.loop import Agent, Control
from pipeline.watch.silences import read_silences, silence_that_covers
from schemas.alert import Alert
from schemas.delivery import Delivery
from schemas.record import deterministic_id
from schemas.silence import Silence

_PATIENCE_S: Final = 5.0

log = structlog.get_logger("telling")


async def begin(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """What the role does with its stream; raises ``CommandError`` for a settings file that errs."""
    told = routes(settings)
    kafka = KafkaSink(settings.kafka_bootstrap_servers)
    await kafka.start()
    stack.push_async_callback(kafka.stop)
    client = connect_async(settings)
    stack.push_async_callback(client.close)
    sender = await stack.enter_async_context(Sender())
    documents = AlertIndex(client)
    silences = partial(_silences, settings.kafka_bootstrap_servers)
    book = Book()
    summaries = Summaries(client, settings.kafka_bootstrap_servers, told.alerts)
    postman = Postman(
        settings.kafka_bootstrap_servers,
        Attempts(book, told, kafka, sender, documents, silences),
        Digesting(book, told, kafka, summaries.gather),
        control.fail,
    )
    await postman.start()
    stack.push_async_callback(postman.stop)
    loop = TellLoop(told, kafka, documents, silences, postman)
    return partial(control.run, loop=loop)


async def _silences(bootstrap_servers: str) -> list[Silence]:
    """Every silence; raises :class:`TransientError`."""
    try:
        return await asyncio.to_thread(read_silences, bootstrap_servers)
    except Unavailable as error:
        raise TransientError(str(error)) from None


class TellLoop:
    """Alerts in; deliveries and documents out."""

    most_batches = 8
    within_s = 0.05

    def __init__(
        self,
        routes: Routes,
        kafka: KafkaSink,
        documents: AlertIndex,
        silences: Any,
        postman: Postman,
    ) -> None:
        self._routes = routes
        self._kafka = kafka
        self._documents = documents
        self._silences = silences
        self._postman = postman
        self._examples = any(route.settings.examples for route in routes)

    async def handle(self, records: Sequence[Any]) -> None:
        """Tell of one batch and index it."""
        read: list[tuple[Any, Alert]] = []
        failures = []
        for index, record in enumerate(records):
            try:
                read.append((record, Alert.from_payload(record.value or b"")))
            except ValidationError as error:
                reason = f"reading an alert: {error.error_count()} fields are not as they must be"
                failures.append(Failure(index, reason, "ValidationError", retryable=False))
        await bury(self._kafka, "notify", records, failures)
        if read:
            await self._tell(read)
            await self._document(read)

    async def _tell(self, read: Sequence[tuple[Any, Alert]]) -> None:
        now = datetime.now(UTC)
        silences = await insist(self._silences) if self._routes.routes else []
        notices = []
        for record, alert in read:
            silence = silence_that_covers(silences, alert, now)
            if silence is not None:
                log.info("silenced", alert_id=alert.alert_id, silence_id=silence.silence_id)
            elif _age(record, now) > self._routes.alerts.tell_within:
                log.info("not_told", alert_id=alert.alert_id, reason="it is no news any more")
            else:
                notices.append(await self._notice(alert))
        deliveries = [one for n in notices for one in deliveries_of(n, self._routes, now)]
        await publish(self._kafka, deliveries)
        self._postman.expected |= bool(deliveries)

    async def _notice(self, alert: Alert) -> Notice:
        examples = await self._documents.read_examples(alert) if self._examples else []
        return notice_of_alert(alert, self._routes.alerts, examples=examples)

    async def _document(self, read: Sequence[tuple[Any, Alert]]) -> None:
        records, alerts = [record for record, _ in read], [alert for _, alert in read]
        try:
            async with asyncio.timeout(_PATIENCE_S):
                failures = await insist(partial(self._documents.write, alerts))
        except TimeoutError:
            log.warning("indexing_later", alerts=len(alerts))
            await publish(self._kafka, [_document_of(alert) for alert in alerts])
        else:
            await bury(self._kafka, "notify", records, failures)


def _document_of(alert: Alert) -> Delivery:
    """The alert's document, to be written later by whoever owns the deliveries."""
    notice = notice_of_alert(alert, Routes().alerts)
    return Delivery(
        delivery_id=deterministic_id("document", notice.notice_id),
        destination=DOCUMENTS,
        notice=packed(notice),
        due_at=datetime.now(UTC),
    )


def _age(record: Any, now: datetime) -> timedelta:
    """How long ago the alert was published."""
    return now - datetime.fromtimestamp((record.timestamp or 0) / 1000, UTC)
