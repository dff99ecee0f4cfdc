"""A Faust agent as its documentation shows one: event by event, a request a document."""

from __future__ import annotations

import tempfile
from typing import Any

import faust
import orjson
import uvloop

from bench.contestants._arguments import RAW_NAMES, settings
from pipeline.elasticsearch.client import connect_async
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.role import to_message
from pipeline.kafka.clients import faust_brokers
from pipeline.settings import Settings
from schemas.documents import document, index_name
from schemas.kafka_topics import ENRICHED


async def work(settings: Settings) -> None:
    """Run the agent until the process is ended."""
    enrichment = Enricher()
    client = connect_async(settings)
    app = faust.App(
        "bench-faust-per-event",
        broker=faust_brokers(settings.kafka),
        datadir=tempfile.mkdtemp(),
        store="memory://",
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
    )
    raw = app.topic(*RAW_NAMES, value_type=bytes, value_serializer="raw", key_serializer="raw")
    enriched = app.topic(ENRICHED.name, value_serializer="raw", key_serializer="raw")

    @app.agent(raw)
    async def enrich(stream: Any) -> None:
        async for payload in stream:
            for _, record in enrichment.enrich_payloads([payload])[0]:
                message = to_message(record)
                await enriched.send(key=message.key, value=message.value, headers=message.headers)
                await client.index(
                    index=index_name(record.created_at),
                    id=record.event_id,
                    version=record.revision,
                    version_type="external_gte",
                    document=document(orjson.loads(message.value)),
                )

    await app.start()
    await app.wait_until_stopped()


if __name__ == "__main__":
    uvloop.run(work(settings()))
