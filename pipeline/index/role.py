"""Role ``index``: writes enriched payloads as documents."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pipeline.failures import TransientError
from pipeline.index.sink import ElasticsearchSink
from pipeline.kafka.dead_letters import bury
from pipeline.kafka.producer import KafkaSink
from pipeline.kafka.retry import insist


class IndexLoop:
    """Processes batches of enriched payloads."""

    # A bulk request costs Elasticsearch much the same for ten documents as for a hundred, and
    # they are not searchable before the next refresh anyway.
    most_batches = 24
    within_s = 0.1

    def __init__(self, elasticsearch: ElasticsearchSink, kafka: KafkaSink, *, batch: int) -> None:
        self._elasticsearch = elasticsearch
        self._kafka = kafka
        self._batch = batch

    async def handle(self, records: Sequence[Any]) -> None:
        """Index a batch; returns once each record is in Elasticsearch or dead-lettered."""
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
                raise TransientError(later[0].reason)

        await insist(attempt)
