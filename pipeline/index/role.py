"""Role ``index``: writes enriched payloads as documents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from pipeline.elasticsearch.client import connect_async
from pipeline.failures import TransientError
from pipeline.index.sink import ElasticsearchSink
from pipeline.kafka.dead_letters import publish_dead_letters
from pipeline.kafka.producer import BatchProducer, open_producer
from pipeline.kafka.reader import Record
from pipeline.kafka.retry import retry_until_available
from pipeline.settings import Settings
from pipeline.streams.loop import Agent, Control


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` for unusable addresses."""
    producer = await open_producer(settings.kafka, stack)
    client = connect_async(settings)
    stack.push_async_callback(client.close)
    sink = ElasticsearchSink(client, bulk_bytes=settings.index_bulk_bytes)
    return partial(control.run, loop=IndexLoop(sink, producer, batch=settings.index_batch))


class IndexLoop:
    """Processes batches of enriched payloads."""

    # A bulk request costs Elasticsearch much the same for ten documents as for a hundred, and
    # they are not searchable before the next refresh anyway.
    max_batches = 24
    max_wait_s = 0.1

    def __init__(
        self, elasticsearch: ElasticsearchSink, producer: BatchProducer, *, batch: int
    ) -> None:
        """``batch``: maximum number of documents in one bulk request."""
        self._elasticsearch = elasticsearch
        self._producer = producer
        self._batch = batch

    async def handle(self, records: Sequence[Record]) -> None:
        """Index a batch; returns once each record is in Elasticsearch or dead-lettered."""
        runs = [records[s : s + self._batch] for s in range(0, len(records), self._batch)]
        await asyncio.gather(*map(self._write, runs))

    async def _write(self, records: Sequence[Record]) -> None:
        write = _BulkWrite(self._elasticsearch, self._producer, records)
        await retry_until_available(write.attempt)


class _BulkWrite:
    """The records of one bulk request that are not written yet."""

    def __init__(
        self,
        elasticsearch: ElasticsearchSink,
        producer: BatchProducer,
        records: Sequence[Record],
    ) -> None:
        self._elasticsearch = elasticsearch
        self._producer = producer
        self._remaining = records

    async def attempt(self) -> None:
        """Write what remains; raises :class:`TransientError` if some must be tried again."""
        records = self._remaining
        failures = await self._elasticsearch.write([record.value for record in records])
        refused = [failure for failure in failures if not failure.retryable]
        await publish_dead_letters(self._producer, "index", records, refused)
        retryable = [failure for failure in failures if failure.retryable]
        self._remaining = [records[failure.index] for failure in retryable]
        if retryable:
            raise TransientError(retryable[0].reason)
