"""A bare confluent-kafka loop: take a batch, enrich, publish, index, commit."""

from __future__ import annotations

from confluent_kafka import Consumer, Producer

from bench.contestants._arguments import BATCH, RAW_NAMES, settings
from bench.contestants._documents import bulk_operations
from pipeline.elasticsearch.client import connect
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.role import to_message
from pipeline.settings import Settings
from schemas.kafka_topics import ENRICHED


def work(settings: Settings) -> None:
    """Loop until the process is ended."""
    enrichment = Enricher()
    client = connect(settings)
    servers = {"bootstrap.servers": settings.kafka_bootstrap_servers}
    producer = Producer(servers | {"enable.idempotence": True, "acks": "all"})
    group = {
        "group.id": "bench-confluent-loop",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
    consumer = Consumer(servers | group)
    consumer.subscribe(list(RAW_NAMES))
    while True:
        records = [r for r in consumer.consume(BATCH, timeout=0.2) if not r.error()]
        if not records:
            continue
        enriched, _ = enrichment.enrich_payloads([record.value() for record in records])
        messages = [to_message(record) for _, record in enriched]
        for message in messages:
            producer.produce(
                ENRICHED.name, key=message.key, value=message.value, headers=message.headers
            )
        if producer.flush():
            raise RuntimeError("publishing to Kafka: records are left over")
        response = client.bulk(
            operations=bulk_operations(m.value for m in messages), filter_path="errors"
        )
        if response["errors"]:
            raise RuntimeError("writing to Elasticsearch: documents are refused")
        consumer.commit(asynchronous=False)


if __name__ == "__main__":
    work(settings())
