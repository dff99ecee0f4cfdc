"""The only stream loops: decode, stages, send, acknowledge, in that order.

A loop never lets an error out to Faust, which would acknowledge and drop the batch. What may
pass is waited for; what can't succeed is dead-lettered, and that delivery awaited; on anything
else the worker stops and commits nothing of the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_random_exponential,
)

from pipeline.enrich.signals import signal_of, signal_payload, site_key
from pipeline.enrichment import Enrichment
from pipeline.sinks.dead_letters import letters_of
from pipeline.sinks.elasticsearch import ElasticsearchSink
from pipeline.sinks.failure import Failure, Waiting
from pipeline.sinks.kafka import KafkaSink, Message, Pending
from schemas.cloud_events import Headers, feedback_headers
from schemas.feedback import EnrichedFeedback
from schemas.kafka_topics import DEAD, ENRICHED, SIGNALS, URGENT, KafkaTopic

_SLICE: Final = 250  # records between two looks at the network, about 50 ms of stages
_LONGEST_WAIT_S: Final = 10.0

log = structlog.get_logger("worker")

T = TypeVar("T")

Agent = Callable[[Any], Awaitable[None]]
"""Takes a role's stream of :class:`~pipeline.record_batches.RecordBatch` events, and ends never."""


class Loop(Protocol):
    """What a role does with a batch, and how much it likes to be handed at once."""

    most_batches: int
    """Fetches in one batch."""
    within_s: float
    """How long to wait for so many, in seconds."""

    async def handle(self, records: Sequence[Any]) -> None:
        """Do the work; returns only when its effect is there, so that it may be committed."""


class Control:
    """Stops a loop between two batches, and carries a fatal error to the worker."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._stopping = False
        self._last: list[Callable[[], Awaitable[None]]] = []
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.records = 0

    def fail(self, error: BaseException) -> None:
        """Tell the worker that it must stop."""
        if not self.failed.done():
            self.failed.set_result(error)

    def at_last(self, do: Callable[[], Awaitable[None]]) -> None:
        """Have this done once the last batch has ended, before the group is left."""
        self._last.append(do)

    async def finish(self, timeout: float) -> None:
        """Let the batch in hand end, at most ``timeout`` seconds, and begin no other."""
        self._stopping = True
        async with asyncio.timeout(timeout):
            await self._free.wait()
            for do in self._last:
                await do()

    @asynccontextmanager
    async def in_hand(self) -> AsyncIterator[None]:
        """Where a batch is handled: ends never once the worker stops, or on an error."""
        if self._stopping:
            await asyncio.Event().wait()
        self._free.clear()
        try:
            yield
        except Exception as error:
            self.fail(error)
            await asyncio.Event().wait()
        finally:
            self._free.set()

    async def run(self, stream: Any, loop: Loop) -> None:
        """Hand the stream's batches to the loop, and acknowledge each after its effect."""
        async for events in stream.noack_take(loop.most_batches, within=loop.within_s):
            async with self.in_hand():
                records = [record for event in events for record in event.value.records]
                await loop.handle(records)
                for event in events:
                    event.value.handled = True
                    await stream.ack(event)
                self.records += len(records)


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
            except Waiting:
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


class IndexLoop:
    """Enriched payloads in, documents out."""

    # A bulk request costs Elasticsearch much the same for ten documents as for a hundred, and
    # nobody can search them before the next refresh anyway.
    most_batches = 24
    within_s = 0.1

    def __init__(self, elasticsearch: ElasticsearchSink, kafka: KafkaSink, *, batch: int) -> None:
        self._elasticsearch = elasticsearch
        self._kafka = kafka
        self._batch = batch

    async def handle(self, records: Sequence[Any]) -> None:
        """Index one batch; returns when Elasticsearch has all of it or it is dead-lettered."""
        runs = [records[s : s + self._batch] for s in range(0, len(records), self._batch)]
        await asyncio.gather(*map(self._write, runs))

    async def _write(self, records: Sequence[Any]) -> None:
        remaining = records

        async def attempt() -> None:
            nonlocal remaining
            failures = await self._elasticsearch.write([record.value for record in remaining])
            refused = [failure for failure in failures if not failure.retryable]
            await bury(self._kafka, "index", remaining, refused)
            later = [failure for failure in failures if failure.retryable]
            remaining = [remaining[failure.index] for failure in later]
            if later:
                raise Waiting(later[0].reason)

        await insist(attempt)


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


async def bury(
    kafka: KafkaSink, stage: str, records: Sequence[Any], failures: Sequence[Failure]
) -> None:
    """Publish a dead letter for every failure, and wait until the brokers have them."""
    if not failures:
        return
    log.error("dead_lettering", stage=stage, records=len(failures), reason=failures[0].reason)
    letters = letters_of(stage, records, failures)
    await insist(lambda: kafka.write(DEAD, letters))


async def insist(attempt: Callable[[], Awaitable[T]]) -> T:
    """Repeat an attempt, with capped and jittered waits, until it does not end in ``Waiting``."""
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(Waiting),
        wait=wait_random_exponential(multiplier=0.2, max=_LONGEST_WAIT_S),
        before_sleep=_say_waiting,
        reraise=True,
    )

    async def one() -> T:  # tenacity awaits coroutine functions only, not lambdas around one
        return await attempt()

    return await retrying(one)


def _say_waiting(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("waiting", reason=str(error), attempt=state.attempt_number)
