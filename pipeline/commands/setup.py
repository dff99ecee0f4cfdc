"""`feedback setup`: creates the Kafka topics and the index templates."""

from __future__ import annotations

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.kafka.admin import create_kafka_topics
from pipeline.terminal import out, print_json


def setup(
    json: Json = False,
) -> None:
    """Create the Kafka topics and the index templates. Idempotent."""
    topics = create_kafka_topics(settings())
    client = connect(settings())
    try:
        templates = put_templates(client, settings())
    finally:
        client.close()
    if json:
        print_json(
            {
                "kafka_topics": {"created": topics.created, "present": topics.present},
                "templates": templates,
            }
        )
        return
    for name in topics.created:
        out.print(f"created   Kafka topic {name}")
    for name in topics.present:
        out.print(f"present   Kafka topic {name}")
    for name in templates:
        out.print(f"current   template {name}")
