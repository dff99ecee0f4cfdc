"""Role ``enrich``: raw payloads in; enriched records, their signals and urgent copies out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.signals import signal_payload, site_key, to_signal
from pipeline.failures import Failure, TransientError
from pipeline.kafka.dead_letters import bury
from pipeline.kafka.producer import KafkaSink, Message, Pending
from pipeline.kafka.retry import insist
from schemas.cloud_events import Headers, feedback_headers
from schemas.feedback import EnrichedFeedback
from schemas.kafka_topics import ENRICHED, SIGNALS, URGENT, KafkaTopic

_YIELD_EVERY: Final = 250  # records, about 50 ms of stages, between two yields to the event loop


class EnrichLoop:
    """Enriches raw payloads; publishes the records, their signals, and urgent copies."""

    most_batches = 8
    within_s = 0.02

    def __init__(self, enricher: Enricher, kafka: KafkaSink) -> None:
        self._enricher = enricher
        self._kafka = kafka

    async def handle(self, records: Sequence[Any]) -> None:
        """Enrich and publish one batch; returns when the brokers have all of it."""
        begun: list[tuple[Sequence[Any], Pending]] = []
        for start in range(0, len(records), _YIELD_EVERY):
            run = records[start : start + _YIELD_EVERY]
            begun.append((run, await self._begin(run)))
            await asyncio.sleep(0)
        for run, pending in begun:
            try:
                await self._kafka.finish(pending.deliveries)
            except TransientError:
                await insist(partial(self._republish, run))

    async def _begin(self, records: Sequence[Any]) -> Pending:
        enriched, rejections = self._enricher.enrich_payloads([r.value for r in records])
        unread = [Failure(r.index, r.reason, r.error, retryable=False) for r in rejections]
        messages = {index: to_message(record) for index, record in enriched}
        pending = await self._send(ENRICHED, messages)
        refused = {failure.index for failure in pending.failures}  # one dead letter is enough
        accepted = [(index, record) for index, record in enriched if index not in refused]
        urgent = {
            index: replace(
                messages[index], headers=_with_event_type(messages[index].headers, URGENT)
            )
            for index, record in accepted
            if record.urgent
        }
        for kafka_topic, copies in ((URGENT, urgent), (SIGNALS, _signals(accepted, messages))):
            if copies:
                more = await self._send(kafka_topic, copies)
                pending.deliveries.extend(more.deliveries)
                pending.failures.extend(more.failures)
        await bury(self._kafka, "enrich", records, unread + pending.failures)
        return pending

    async def _send(self, kafka_topic: KafkaTopic, messages: dict[int, Message]) -> Pending:
        """Hand messages to the producer; the failures carry the records' indexes."""
        indexes = list(messages)
        pending = await insist(lambda: self._kafka.begin(kafka_topic, list(messages.values())))
        failures = [replace(failure, index=indexes[failure.index]) for failure in pending.failures]
        return Pending(pending.deliveries, failures)

    async def _republish(self, records: Sequence[Any]) -> None:
        await self._kafka.finish((await self._begin(records)).deliveries)


def to_message(record: EnrichedFeedback) -> Message:
    """Build the message of an enriched record, with its CloudEvents headers."""
    return Message(
        record.event_id,
        record.to_payload(),
        feedback_headers(record, ENRICHED.ce_type),
    )


def _signals(
    accepted: Sequence[tuple[int, EnrichedFeedback]], messages: dict[int, Message]
) -> dict[int, Message]:
    signals = ((index, to_signal(record)) for index, record in accepted)
    return {
        index: Message(
            site_key(signal.site),
            signal_payload(signal),
            _with_event_type(messages[index].headers, SIGNALS),
        )
        for index, signal in signals
        if signal is not None
    }


def _with_event_type(headers: Headers, kafka_topic: KafkaTopic) -> Headers:
    """Return the headers of the same event for another Kafka topic."""
    ours = ("ce_type", kafka_topic.ce_type.encode())
    return [ours if header[0] == "ce_type" else header for header in headers]
