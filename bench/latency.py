"""Latency at a steady rate: from publishing a raw record to its enriched record and its document.

The records are published by the clock, whether or not the worker keeps up, so that a pause of
the worker shows in every record that had to wait for it.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.burst import cpu_spent, warm
from bench.contestants import Contestant
from bench.errors import ContestantError
from bench.servers import Servers
from pipeline.elasticsearch.client import connect_async
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import ENRICHED, FORMS
from schemas.message import Message

EVENTS_PER_S: Final = 500
_TICK_S: Final = 0.01
_SEARCH_EVERY_S: Final = 0.1  # oftener, the searches themselves slow a small machine down
_SAMPLE: Final = 10  # every tenth record is searched for
_MAX_IDS: Final = 500
_MAX_WAIT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from publishing, one for each record observed, in rising order."""

    enriched: Sequence[float]
    searchable: Sequence[float]
    foreign_cpus: float = 0.0
    """CPUs that programs with no part in it used meanwhile."""


async def measure_latency(
    contestant: Contestant,
    servers: Servers,
    *,
    warm_up: Sequence[Message],
    steady: Sequence[Message],
    lead_in: int,
) -> Latency:
    """Publish ``steady`` at 500 events/s and note when each after the first ``lead_in`` is seen.

    The lead-in makes Java compile what small requests use, as the bursts do for large ones.
    Raises :class:`ContestantError` for records that are not seen within 30 s.
    """
    async with warm(contestant, servers, warm_up) as (at, _, producer):
        published: dict[str, float] = {}
        waiting = {message.key.decode() for message in steady[lead_in:]}
        sample = {message.key.decode() for message in steady[lead_in::_SAMPLE]}
        ready = asyncio.Event()
        enriched = asyncio.create_task(_await_enriched(servers.settings, set(waiting), ready))
        await ready.wait()
        searchable = asyncio.create_task(_await_searchable(servers.settings, sample, published))
        before, began = cpu_spent(at, servers), time.perf_counter()
        try:
            await _publish(producer, steady, published)
            async with asyncio.timeout(_MAX_WAIT_S):
                seen = await asyncio.gather(enriched, searchable)
        except TimeoutError:
            raise ContestantError("records at a steady rate did not arrive") from None
        finally:
            enriched.cancel()
            searchable.cancel()
        used = [now - then for now, then in zip(cpu_spent(at, servers), before, strict=True)]
        foreign_cpus = max(0.0, used[3] - sum((*used[:3], used[4]))) / (time.perf_counter() - began)
    first, second = (_milliseconds(times, published) for times in seen)
    return Latency(first, second, foreign_cpus)


async def _publish(producer: Any, steady: Sequence[Message], published: dict[str, float]) -> None:
    each = round(EVENTS_PER_S * _TICK_S)
    began = time.perf_counter()
    for tick, start in enumerate(range(0, len(steady), each)):
        await asyncio.sleep(max(0.0, began + tick * _TICK_S - time.perf_counter()))
        for message in steady[start : start + each]:
            published[message.key.decode()] = time.perf_counter()
            await producer.send(
                FORMS.name,
                key=message.key,
                value=message.value,
                headers=message.headers,
            )


async def _await_enriched(
    settings: Settings, waiting: set[str], ready: asyncio.Event
) -> dict[str, float]:
    seen: dict[str, float] = {}
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers) as consumer:
        partitions = [TopicPartition(ENRICHED.name, n) for n in range(ENRICHED.partitions)]
        consumer.assign(partitions)
        for partition, offset in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, offset)
        ready.set()
        while waiting:
            fetched = await consumer.getmany(timeout_ms=1_000)
            now = time.perf_counter()
            for key in (record.key.decode() for run in fetched.values() for record in run):
                if key in waiting:
                    waiting.discard(key)
                    seen[key] = now
    return seen


async def _await_searchable(
    settings: Settings, sample: set[str], published: Mapping[str, float]
) -> dict[str, float]:
    seen: dict[str, float] = {}
    async with connect_async(settings) as client:
        while len(seen) < len(sample):
            await asyncio.sleep(_SEARCH_EVERY_S)
            ids = [key for key in published if key in sample and key not in seen][:_MAX_IDS]
            if not ids:
                continue
            answer = await client.search(
                index=READ_ALIAS,
                query={"ids": {"values": ids}},
                size=len(ids),
                source=False,
                filter_path="hits.hits._id",
            )
            now = time.perf_counter()
            for hit in answer.get("hits", {}).get("hits", []):
                seen.setdefault(hit["_id"], now)
    return seen


def _milliseconds(seen: Mapping[str, float], published: Mapping[str, float]) -> list[float]:
    return sorted((at - published[key]) * 1e3 for key, at in seen.items())


def percentile(rising: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of values in rising order; ``share`` from 0 to 1."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)]
