"""Role ``enrich``: raw payloads in; enriched records, their signals and urgent copies out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from pipeline.enrich.enricher import Enrichment
from pipeline.enrich.signals import signal_of, signal_payload, site_key
from pipeline.failures import Failure, TransientError
from pipeline.kafka.dead_letters import bury
from pipeline.kafka.producer import KafkaSink, Message, Pending
from pipeline.kafka.retry import insist
from schemas.cloud_events import Headers, feedback_headers
from schemas.feedback import EnrichedFeedback
from schemas.kafka_topics import ENRICHED, SIGNALS, URGENT, KafkaTopic

_SLICE: Final = 250  # records between two looks at the network, about 50 ms of stages


class EnrichLoop:
    """Raw payloads in, enriched records out; their signals, and the urgent ones, besides."""

    most_batches = 8
    within_s = 0.02

    def __init__(self, enrichment: Enrichment, kafka: KafkaSink) -> None:
        self._enrichment = enrichment
        self._kafka = kafka

    async def handle(self, records: Sequence[Any]) -> None:
        """Enrich and publish one batch; returns when the brokers have all of it."""
        begun: list[tuple[Sequence[Any], Pending]] = []
        for start in range(0, len(records), _SLICE):
            run = records[start : start + _SLICE]
            begun.append((run, await self._begin(run)))
            await asyncio.sleep(0)
        for run, pending in begun:
            try:
                await self._kafka.finish(pending.deliveries)
            except TransientError:
                await insist(partial(self._again, run))

    async def _begin(self, records: Sequence[Any]) -> Pending:
        enriched, refusals = self._enrichment.enrich_payloads([r.value for r in records])
        unread = [Failure(r.index, r.reason, r.error, retryable=False) for r in refusals]
        messages = {index: message_of(record) for index, record in enriched}
        pending = await self._send(ENRICHED, messages)
        refused = {failure.index for failure in pending.failures}  # one dead letter is enough
        taken = [(index, record) for index, record in enriched if index not in refused]
        urgent = {
            index: replace(messages[index], headers=_typed(messages[index].headers, URGENT))
            for index, record in taken
            if record.urgent
        }
        for kafka_topic, copies in ((URGENT, urgent), (SIGNALS, _signals(taken, messages))):
            if copies:
                besides = await self._send(kafka_topic, copies)
                pending.deliveries.extend(besides.deliveries)
                pending.failures.extend(besides.failures)
        await bury(self._kafka, "enrich", records, unread + pending.failures)
        return pending

    async def _send(self, kafka_topic: KafkaTopic, messages: dict[int, Message]) -> Pending:
        """Hand messages to the producer; both these and the failures go by the record's index."""
        indexes = list(messages)
        pending = await insist(lambda: self._kafka.begin(kafka_topic, list(messages.values())))
        failures = [replace(failure, index=indexes[failure.index]) for failure in pending.failures]
        return Pending(pending.deliveries, failures)

    async def _again(self, records: Sequence[Any]) -> None:
        await self._kafka.finish((await self._begin(records)).deliveries)


def message_of(record: EnrichedFeedback) -> Message:
    """The message of an enriched record, with its CloudEvents headers."""
    return Message(
        record.event_id,
        record.to_payload(),
        feedback_headers(record, ENRICHED.ce_type),
    )


def _signals(
    taken: Sequence[tuple[int, EnrichedFeedback]], messages: dict[int, Message]
) -> dict[int, Message]:
    signals = ((index, signal_of(record)) for index, record in taken)
    return {
        index: Message(
            site_key(signal.site),
            signal_payload(signal),
            _typed(messages[index].headers, SIGNALS),
        )
        for index, signal in signals
        if signal is not None
    }


def _typed(headers: Headers, kafka_topic: KafkaTopic) -> Headers:
    """The headers of the same event on another Kafka topic."""
    ours = ("ce_type", kafka_topic.ce_type.encode())
    return [ours if header[0] == "ce_type" else header for header in headers]
