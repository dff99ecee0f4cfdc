"""Role ``enrich``: raw payloads in; enriched records, their signals and urgent copies out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Final

from pipeline.enrich.enricher import Enricher
from pipeline.enrich.loading import load_analyzer
from pipeline.enrich.signals import signal_payload, site_key, to_signal
from pipeline.failures import Failure, TransientError
from pipeline.kafka.array_partitioner import partitions_for_many_keys
from pipeline.kafka.dead_letters import publish_dead_letters
from pipeline.kafka.producer import BatchProducer, Publication, open_producer
from pipeline.kafka.reader import Record
from pipeline.kafka.retry import retry_until_available
from pipeline.settings import Settings
from pipeline.streams.loop import Agent, Control
from schemas.cloud_events import feedback_headers, with_event_type
from schemas.feedback import EnrichedFeedback
from schemas.kafka_topics import ENRICHED, SIGNALS, URGENT, KafkaTopic
from schemas.message import Message

_YIELD_EVERY: Final = 250  # records, about 50 ms of stages, between two yields to the event loop
# Records that are published together. More make fewer and larger batches, which cost the brokers
# and the readers less; fewer let the index role begin earlier.
_PUBLISH_EVERY: Final = 1_000


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for files that cannot be loaded."""
    analyzer = load_analyzer(settings)
    analyzer.warm_up()
    producer = await open_producer(settings.kafka, stack, partitions_for_many_keys)
    return partial(control.run, loop=EnrichLoop(Enricher(analyzer), producer))


class EnrichLoop:
    """Enriches raw payloads; publishes the records, their signals, and urgent copies."""

    max_batches = 8
    max_wait_s = 0.02

    def __init__(self, enricher: Enricher, producer: BatchProducer) -> None:
        self._enricher = enricher
        self._producer = producer

    async def handle(self, records: Sequence[Record]) -> None:
        """Enrich and publish one batch; returns when the brokers have all of it."""
        begun: list[tuple[Sequence[Record], Publication]] = []
        for start in range(0, len(records), _PUBLISH_EVERY):
            run = records[start : start + _PUBLISH_EVERY]
            begun.append((run, await self._begin(run)))
        for run, publication in begun:
            try:
                await self._producer.finish(publication.acknowledgements)
            except TransientError:
                await retry_until_available(partial(self._republish, run))

    async def _begin(self, records: Sequence[Record]) -> Publication:
        enriched, unread = await self._enrich(records)
        messages = {index: to_message(record) for index, record in enriched}
        publication = await self._send(messages)
        refused = {failure.index for failure in publication.failures}  # one dead letter is enough
        accepted = [(index, record) for index, record in enriched if index not in refused]
        urgent = {
            index: _with_kafka_topic(messages[index], URGENT)
            for index, record in accepted
            if record.urgent
        }
        for derived in (urgent, _to_signals(accepted, messages)):
            if derived:
                more = await self._send(derived)
                publication.acknowledgements.extend(more.acknowledgements)
                publication.failures.extend(more.failures)
        failures = unread + publication.failures
        await publish_dead_letters(self._producer, "enrich", records, failures)
        return publication

    async def _enrich(
        self, records: Sequence[Record]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Failure]]:
        """Return index and result of what can be enriched, and the failures of the rest."""
        enriched: list[tuple[int, EnrichedFeedback]] = []
        failures: list[Failure] = []
        for start in range(0, len(records), _YIELD_EVERY):
            payloads = [record.value for record in records[start : start + _YIELD_EVERY]]
            results, rejections = self._enricher.enrich_payloads(payloads)
            enriched += [(start + index, record) for index, record in results]
            failures += [
                Failure(start + each.index, each.reason, each.error, retryable=False)
                for each in rejections
            ]
            await asyncio.sleep(0)
        return enriched, failures

    async def _send(self, messages: dict[int, Message]) -> Publication:
        """Hand messages to the producer; messages and failures are indexed by record."""
        indexes = list(messages)
        begin = partial(self._producer.begin, list(messages.values()))
        publication = await retry_until_available(begin)
        failures = [replace(each, index=indexes[each.index]) for each in publication.failures]
        return Publication(publication.acknowledgements, failures)

    async def _republish(self, records: Sequence[Record]) -> None:
        await self._producer.finish((await self._begin(records)).acknowledgements)


def to_message(record: EnrichedFeedback) -> Message:
    """Return the message of an enriched record, with its CloudEvents headers."""
    return Message(
        ENRICHED,
        record.event_id.encode(),
        record.to_payload(),
        feedback_headers(record, ENRICHED.ce_type),
    )


def _to_signals(
    accepted: Sequence[tuple[int, EnrichedFeedback]], messages: dict[int, Message]
) -> dict[int, Message]:
    signals = ((index, to_signal(record)) for index, record in accepted)
    return {
        index: Message(
            SIGNALS,
            site_key(signal.site).encode(),
            signal_payload(signal),
            with_event_type(messages[index].headers, SIGNALS.ce_type),
        )
        for index, signal in signals
        if signal is not None
    }


def _with_kafka_topic(message: Message, kafka_topic: KafkaTopic) -> Message:
    """Return the same event as a message for another Kafka topic."""
    headers = with_event_type(message.headers, kafka_topic.ce_type)
    return message._replace(kafka_topic=kafka_topic, headers=headers)
