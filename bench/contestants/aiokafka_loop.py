"""A bare aiokafka loop: take a batch, enrich, publish, index, commit.

With ``--one-by-one`` the stages get one comment at a time, as a loop over records calls them;
publishing, indexing and committing stay in batches.
"""

from __future__ import annotations

import asyncio

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.contestants._arguments import BATCH, RAW_NAMES, parser, to_settings
from bench.contestants._documents import bulk_operations
from pipeline.elasticsearch.client import connect_async
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.role import to_message
from pipeline.settings import Settings
from schemas.kafka_topics import ENRICHED


async def work(settings: Settings, *, run: int) -> None:
    """Loop until the process is ended; the stages get ``run`` comments at a time."""
    enrichment = Enricher()
    client = connect_async(settings)
    servers = settings.kafka_bootstrap_servers
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, acks="all", max_batch_size=262_144
    )
    consumer = AIOKafkaConsumer(
        *RAW_NAMES,
        bootstrap_servers=servers,
        group_id="bench-aiokafka-loop",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await producer.start()
    await consumer.start()
    while True:
        fetched = await consumer.getmany(timeout_ms=200, max_records=BATCH)
        records = [record for run in fetched.values() for record in run]
        if not records:
            continue
        payloads = [record.value for record in records]
        messages = [
            to_message(record)
            for start in range(0, len(payloads), run)
            for _, record in enrichment.enrich_payloads(payloads[start : start + run])[0]
        ]
        deliveries = [
            await producer.send(ENRICHED.name, key=m.key, value=m.value, headers=m.headers)
            for m in messages
        ]
        await asyncio.gather(*deliveries)
        response = await client.bulk(
            operations=bulk_operations(m.value for m in messages), filter_path="errors"
        )
        if response["errors"]:
            raise RuntimeError("writing to Elasticsearch: documents are refused")
        await consumer.commit()


if __name__ == "__main__":
    arguments = parser()
    arguments.add_argument("--one-by-one", action="store_true")
    options = arguments.parse_args()
    uvloop.run(work(to_settings(options), run=1 if options.one_by_one else BATCH))
