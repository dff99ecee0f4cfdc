"""The comments, and their way onto the raw Kafka topic: the same for each contestant."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from deploy.demo.comments import make_comments
from pipeline.enrich.enricher import Enricher
from pipeline.kafka.partitioner import partition_for_key
from schemas.cloud_events import feedback_headers
from schemas.kafka_topics import FORMS
from schemas.message import Message

_BATCH_BYTES: Final = 64 * 1024  # about what a connector's producer sends at once
_SEED: Final = 20


def raw_messages(count: int) -> list[Message]:
    """``count`` comments as messages for the raw Kafka topic, of two months, in mixed order.

    In the order of time the last ones would open indices that the first ones had not.
    """
    made = [
        Message(
            FORMS,
            record.event_id.encode(),
            record.to_payload(),
            feedback_headers(record, FORMS.ce_type),
        )
        for record in make_comments(count, seed=_SEED, until=datetime.now(UTC))
    ]
    random.Random(_SEED).shuffle(made)
    return made


def build_batches(producer: Any, messages: Sequence[Message]) -> list[tuple[int, Any]]:
    """Return batches ready to send: (partition, batch), the partitions in turn."""
    partitions: list[list[Any]] = [[] for _ in range(FORMS.partitions)]
    room = [0] * FORMS.partitions
    for message in messages:
        number = partition_for_key(message.key, FORMS.partitions)
        room[number] -= len(message.value)
        if room[number] < 0:
            partitions[number].append(producer.create_batch())
            room[number] = _BATCH_BYTES
        partitions[number][-1].append(
            timestamp=int(time.time() * 1000),
            key=message.key,
            value=message.value,
            headers=message.headers,
        )
    rounds = max(map(len, partitions), default=0)
    return [
        (number, batches[turn])
        for turn in range(rounds)
        for number, batches in enumerate(partitions)
        if turn < len(batches)
    ]


async def send(producer: Any, batches: Sequence[tuple[int, Any]]) -> None:
    """Send the batches; returns when the broker has all."""
    deliveries = [
        await producer.send_batch(batch, FORMS.name, partition=partition)
        for partition, batch in batches
    ]
    await asyncio.gather(*deliveries)


def enrichment_us(messages: Sequence[Message], batch: int = 1_000) -> float:
    """CPU of the enrichment function alone, µs an event: the best of the batches but the first."""
    enrichment = Enricher()
    gc.freeze()  # the comments lie in this process, not in a contestant's
    costs = []
    for start in range(0, len(messages), batch):
        payloads = [message.value for message in messages[start : start + batch]]
        began = time.process_time()
        enrichment.enrich_payloads(payloads)
        costs.append((time.process_time() - began) / len(payloads) * 1e6)
    gc.unfreeze()
    return min(costs[1:] or costs)
