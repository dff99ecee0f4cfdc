"""Role ``cases``: opens cases, applies their events, and runs periodic tasks.

Rules turn enriched feedback into ``opened`` events, and every event of a case is applied to the
case's document. An offset is committed once the brokers have the events and the index has the
documents; records that are read again change nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import orjson
import structlog
from pydantic import ValidationError

from pipeline.cases.notice import create_case_notice
from pipeline.cases.options import load_cases_settings
from pipeline.cases.periodic import PeriodicTasks
from pipeline.cases.reducer import NoSuchCase, apply_event
from pipeline.cases.rules import Rules, withdrawal_event
from pipeline.cases.store import CaseStore
from pipeline.elasticsearch.client import connect_async
from pipeline.errors import CommandError, ExitStatus
from pipeline.failures import Failure, PermanentError
from pipeline.kafka.dead_letters import publish_dead_letters
from pipeline.kafka.producer import BatchProducer, open_producer
from pipeline.kafka.retry import retry_until_available
from pipeline.notify.delivery_queue import create_deliveries
from pipeline.notify.delivery_topic import publish as publish_deliveries
from pipeline.notify.notice import Notice
from pipeline.notify.routes import Routes, load_routes
from pipeline.settings import Settings
from pipeline.settings_file import SettingsFileError
from pipeline.streams.loop import Agent, Control
from schemas.case import Case, CaseEvent
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import CASES, ENRICHED
from schemas.message import Message

_SOURCE: Final = "feedback-cases"
_MAX_REMEMBERED: Final = 10_000

Notify = Callable[[Sequence[Notice]], Awaitable[None]]

log = structlog.get_logger(__name__)


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for an invalid settings file."""
    try:
        options = load_cases_settings(settings)
        routes = load_routes(settings)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    kafka = await open_producer(settings.kafka, stack)
    client = connect_async(settings)
    stack.push_async_callback(client.close)
    store = CaseStore(client)
    loop = CasesLoop(options.rules, store, kafka, partial(notify, kafka, routes))
    periodic = PeriodicTasks(
        options, store, partial(publish_events, kafka), partial(kafka.count_partitions, CASES)
    )
    await stack.enter_async_context(periodic)

    async def agent(stream: Any) -> None:
        periodic.start(stream.app.consumer.assignment, control.report_failure)
        await control.run(stream, loop)

    return agent


class CasesLoop:
    """Processes batches of enriched payloads and events of cases."""

    max_batches = 24
    max_wait_s = 0.05

    def __init__(
        self, rules: Rules, store: CaseStore, kafka: BatchProducer, notify: Notify
    ) -> None:
        self._rules = rules
        self._store = store
        self._kafka = kafka
        self._notify = notify
        # Cases opened a moment ago; the index may not show them yet.
        self._opened: dict[str, None] = {}

    async def handle(self, records: Sequence[Any]) -> None:
        """Open cases of enriched feedback, and apply events to cases."""
        if self._rules.rules:
            await self._open([r for r in records if r.topic == ENRICHED.name])
        await self._apply_events([r for r in records if r.topic == CASES.name])

    async def _open(self, records: Sequence[Any]) -> None:
        now = datetime.now(UTC)
        events: dict[str, CaseEvent] = {}
        failures: list[Failure] = []
        for index, record in enumerate(records):
            try:
                event = self._event(orjson.loads(record.value or b""), now)
            except (ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError) as error:
                kind = type(error).__name__
                failures.append(Failure(index, f"reading enriched feedback: {kind}", kind, False))
                continue
            if event is not None:
                events[event.event_id] = event
        await publish_dead_letters(self._kafka, "cases", records, failures)
        if events:
            await self._publish_new(list(events.values()))

    def _event(self, fields: dict[str, Any], now: datetime) -> CaseEvent | None:
        if fields["operation"] == "delete":
            return withdrawal_event(fields, now)
        return self._rules.open_event(fields, now)

    async def _publish_new(self, events: list[CaseEvent]) -> None:
        """Publish the events that no case includes yet; notes only of existing cases."""
        existing = await retry_until_available(
            lambda: self._store.get(event.case_id for event in events)
        )
        new = []
        for event in events:
            if self._is_new(event, existing.get(event.case_id)):
                new.append(event)
                if event.opening is not None:
                    self._opened[event.case_id] = None
        if new:
            await retry_until_available(partial(publish_events, self._kafka, new))
            log.info("cases_opened", cases=sum(event.opening is not None for event in new))
        for case_id in list(self._opened)[:-_MAX_REMEMBERED]:
            del self._opened[case_id]

    def _is_new(self, event: CaseEvent, case: Case | None) -> bool:
        if event.opening is not None:
            return case is None and event.case_id not in self._opened
        if case is None:
            return event.case_id in self._opened
        return event.event_id not in case.events

    async def _apply_events(self, records: Sequence[Any]) -> None:
        if not records:
            return
        events: list[tuple[int, CaseEvent]] = []
        failures: list[Failure] = []
        for index, record in enumerate(records):
            try:
                events.append((index, CaseEvent.from_payload(record.value or b"")))
            except ValidationError:
                reason = "reading a case's event: invalid record"
                failures.append(Failure(index, reason, "ValidationError", retryable=False))
        # Several fetches of a partition come in their order; a case is in one partition.
        before = await retry_until_available(
            lambda: self._store.get(event.case_id for _, event in events)
        )
        after = dict(before)
        notices = []
        for index, event in events:
            case = after.get(event.case_id)
            try:
                after[event.case_id] = apply_event(case, event)
            except NoSuchCase as error:
                failures.append(Failure(index, str(error), "NoSuchCase", retryable=False))
                continue
            if after[event.case_id] is not case:
                notices.append(create_case_notice(event, after[event.case_id]))
        # Notify first: once the document includes an event, it is not new any more.
        await self._notify([notice for notice in notices if notice is not None])
        changed = [case for case_id, case in after.items() if case is not before.get(case_id)]
        await retry_until_available(lambda: self._store.write(changed))
        await publish_dead_letters(self._kafka, "cases", records, failures)


async def notify(kafka: BatchProducer, routes: Routes, notices: Sequence[Notice]) -> None:
    """Publish the deliveries of notices to the destinations of the routes."""
    now = datetime.now(UTC)
    deliveries = [
        delivery for notice in notices for delivery in create_deliveries(notice, routes, now)
    ]
    await publish_deliveries(kafka, deliveries)


async def publish_events(kafka: BatchProducer, events: Sequence[CaseEvent]) -> None:
    """Publish events in their order; returns when the brokers have them all."""
    failures = await kafka.write([to_message(event) for event in events])
    if failures:  # an event is bounded by its record, and far below what fits
        raise PermanentError(failures[0].reason)


def to_message(event: CaseEvent) -> Message:
    """Return the message of an event, with its CloudEvents headers."""
    headers = cloud_event_headers(
        event_id=event.event_id, source=_SOURCE, event_type=CASES.ce_type, time=event.at
    )
    return Message(CASES, event.case_id.encode(), event.to_payload(), headers)
