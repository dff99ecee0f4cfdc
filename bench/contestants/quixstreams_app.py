"""quixstreams: its data frame, a Kafka topic and a batching sink.

Its own Elasticsearch sink writes to one index and without versions, which is not the same work
as one index a month, so the sink is the custom one that its documentation describes.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application
from quixstreams.sinks import BatchingSink, SinkBatch

from bench.contestants._arguments import BATCH, RAW_NAMES, settings
from bench.contestants._documents import bulk_operations
from pipeline.elasticsearch.client import connect
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.role import to_message
from pipeline.settings import Settings
from schemas.kafka_topics import ENRICHED
from schemas.message import Message


class DocumentSink(BatchingSink):
    """Writes what a checkpoint gathered, in bulk requests."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def setup(self) -> None:
        self._client = connect(self._settings)

    def write(self, batch: SinkBatch) -> None:
        for chunk in batch.iter_chunks(n=BATCH):
            response = self._client.bulk(
                operations=bulk_operations(item.value for item in chunk),
                filter_path="errors",
            )
            if response["errors"]:
                raise RuntimeError("writing to Elasticsearch: documents are refused")


def work(settings: Settings) -> None:
    """Run the application until the process is ended."""
    enrichment = Enricher()
    app = Application(
        broker_address=settings.kafka_bootstrap_servers,
        consumer_group="bench-quixstreams",
        auto_offset_reset="earliest",
        auto_create_topics=False,
        commit_every=BATCH,
        commit_interval=0.5,
        loglevel="WARNING",
        producer_extra_config={"enable.idempotence": True},
    )
    enriched = app.topic(ENRICHED.name, value_serializer="bytes", key_serializer="bytes")
    sink = DocumentSink(settings)

    def enrich(payload: bytes) -> list[Message]:
        return [to_message(record) for _, record in enrichment.enrich_payloads([payload])[0]]

    def headers(message: Message, *_: Any) -> Any:
        return message.headers

    def value(message: Message) -> bytes:
        return message.value

    for name in RAW_NAMES:
        raw = app.topic(name, value_deserializer="bytes", key_deserializer="bytes")
        frame = app.dataframe(raw).apply(enrich, expand=True).set_headers(headers).apply(value)
        frame.to_topic(enriched)
        frame.sink(sink)
    app.run()


if __name__ == "__main__":
    work(settings())
