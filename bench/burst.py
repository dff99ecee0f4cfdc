"""One pass: a contestant is warmed up, gets a burst, and is observed from outside until it is done.

The clock runs from the first record of the burst on its way into Kafka to the last enriched
record in Kafka and the last document in Elasticsearch. Start, joining the group and the first
records are over by then, for each contestant.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.comments import build_batches, send
from bench.contestants import Contestant
from bench.errors import ContestantError
from bench.processes import Running, cpu_s, machine_cpu_s, running
from bench.servers import Servers
from pipeline.elasticsearch.client import connect_async
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import ENRICHED
from schemas.message import Message

_FAR_S: Final = 0.2
_NEAR_S: Final = 0.02  # looked at more closely towards the end: a look costs CPU too
_NEAR_SHARE: Final = 0.9
_SETTLE_S: Final = 1.5  # commits of the warm-up are through
_LATE_S: Final = 0.5  # what is done twice shows by then
_STANDSTILL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pass:
    """Measurements of one pass; CPU is seconds during the burst."""

    events: int
    seconds: float
    contestant_cpu_s: float
    kafka_cpu_s: float
    elasticsearch_cpu_s: float
    peak_rss_bytes: int
    machine_cpu_s: float = 0.0
    """Used by all programs of the machine and, on a virtual one, taken by its host."""

    @property
    def events_per_s(self) -> float:
        return self.events / self.seconds

    @property
    def foreign_cpus(self) -> float:
        """CPUs that programs with no part in the pass used meanwhile; 0 on a quiet machine."""
        ours = self.contestant_cpu_s + self.kafka_cpu_s + self.elasticsearch_cpu_s
        return max(0.0, self.machine_cpu_s - ours) / self.seconds


class ProgressMonitor:
    """Observes from outside how many records are enriched and documents indexed."""

    def __init__(
        self, consumer: Any, client: Any, partitions: Sequence[Any], at: Running, *, before: int
    ) -> None:
        self._consumer = consumer
        self._client = client
        self._partitions = partitions
        self._running = at
        self._before = before

    async def count_enriched(self) -> int:
        """Return the number of records on the enriched Kafka topic."""
        return await _count_published(self._consumer, self._partitions) - self._before

    async def count_indexed(self) -> int:
        """Return the number of documents written, rewrites included; needs no refresh."""
        answer = await self._client.indices.stats(
            index=f"{READ_ALIAS}-*",
            metric="indexing",
            filter_path="_all.primaries.indexing.index_total",
        )
        primaries = answer.get("_all", {}).get("primaries", {})
        return int(primaries.get("indexing", {}).get("index_total", 0))

    async def until(self, total: int, *, indexes: bool, already: int = 0) -> None:
        """Wait for ``total`` of both; raises :class:`ContestantError` if it ends or stalls."""
        near = already + _NEAR_SHARE * (total - already)
        best, moved = -1, time.monotonic()
        while True:
            self._running.look()
            done = await self.count_enriched()
            if indexes:
                done = min(done, await self.count_indexed())
            if done >= total:
                return
            if done > best:
                best, moved = done, time.monotonic()
            elif time.monotonic() - moved > _STANDSTILL_S:
                raise ContestantError(f"stood still at {done} of {total} events")
            await asyncio.sleep(_NEAR_S if done >= near else _FAR_S)

    async def require_exactly(self, total: int, *, indexes: bool) -> None:
        """Raise :class:`ContestantError` if work was lost or duplicated."""
        await asyncio.sleep(_LATE_S)
        counts = {"records enriched": await self.count_enriched()}
        if indexes:
            await self._client.indices.refresh(index=READ_ALIAS)
            counts["index requests"] = await self.count_indexed()
            counts["documents"] = (await self._client.count(index=READ_ALIAS))["count"]
        for what, count in counts.items():
            if count != total:
                raise ContestantError(f"{count} {what} for {total} events")


@asynccontextmanager
async def warm(
    contestant: Contestant, servers: Servers, warm_up: Sequence[Message]
) -> AsyncIterator[tuple[Running, ProgressMonitor, Any]]:
    """Yield a warmed-up contestant, its monitor, and a producer; all are closed at the end."""
    await asyncio.to_thread(servers.empty)
    addresses = {"bootstrap_servers": servers.settings.kafka_bootstrap_servers}
    producer = AIOKafkaProducer(**addresses, acks="all", max_batch_size=256 * 1024)
    partitions = [TopicPartition(ENRICHED.name, n) for n in range(ENRICHED.partitions)]
    async with (
        producer,
        AIOKafkaConsumer(**addresses) as consumer,
        connect_async(servers.settings) as client,
    ):
        await send(producer, build_batches(producer, warm_up))
        # The offsets of deleted records are not used again.
        before = await _count_published(consumer, partitions)
        with running(contestant, servers) as at:
            watch = ProgressMonitor(consumer, client, partitions, at, before=before)
            await watch.until(len(warm_up), indexes=contestant.indexes)
            await asyncio.sleep(_SETTLE_S)
            yield at, watch, producer


async def run_pass(
    contestant: Contestant,
    servers: Servers,
    *,
    warm_up: Sequence[Message],
    burst: Sequence[Message],
) -> Pass:
    """Measure one contestant once; raises :class:`ContestantError`."""
    async with warm(contestant, servers, warm_up) as (at, watch, producer):
        batches = build_batches(producer, burst)
        total = len(warm_up) + len(burst)
        before = cpu_spent(at, servers)
        began = time.perf_counter()
        sending = asyncio.create_task(send(producer, batches))
        await watch.until(total, indexes=contestant.indexes, already=len(warm_up))
        seconds = time.perf_counter() - began
        after = cpu_spent(at, servers)
        await sending
        await watch.require_exactly(total, indexes=contestant.indexes)
        used = [now - then for now, then in zip(after, before, strict=True)]
        return Pass(
            len(burst), seconds, used[0], used[1], used[2], at.peak_rss_bytes, used[3] - used[4]
        )


def cpu_spent(at: Running, servers: Servers) -> tuple[float, ...]:
    """Return CPU seconds: the contestant's, Kafka's, Elasticsearch's, the machine's, our own."""
    engines = cpu_s(servers.kafka), cpu_s(servers.elasticsearch)
    return (at.cpu_s(), *engines, machine_cpu_s(), time.process_time())


async def _count_published(consumer: Any, partitions: Sequence[Any]) -> int:
    return int(sum((await consumer.end_offsets(partitions)).values()))
