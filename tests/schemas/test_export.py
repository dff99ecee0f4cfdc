"""The contract with subscribers."""

import copy
import json

import pytest

from schemas.export import breaking_changes, export_path, json_schema, render
from schemas.kafka_topics import ENRICHED, KAFKA_TOPICS, KafkaTopic


@pytest.mark.parametrize("kafka_topic", KAFKA_TOPICS, ids=lambda topic: topic.name)
def test_the_export_of_each_kafka_topic_is_current(kafka_topic: KafkaTopic) -> None:
    assert export_path(kafka_topic).read_text(encoding="utf-8") == render(kafka_topic), (
        "run `make generate`"
    )


@pytest.mark.parametrize("kafka_topic", KAFKA_TOPICS, ids=lambda topic: topic.name)
def test_no_record_breaks_its_export(kafka_topic: KafkaTopic) -> None:
    exported = json.loads(export_path(kafka_topic).read_text(encoding="utf-8"))
    assert breaking_changes(exported, json_schema(kafka_topic)) == []


def test_an_optional_field_may_be_added() -> None:
    old = json_schema(ENRICHED)
    new = copy.deepcopy(old)
    new["properties"]["mood"] = {"type": "string"}
    assert breaking_changes(old, new) == []


def test_what_would_break_a_subscriber_is_named() -> None:
    old = json_schema(ENRICHED)
    new = copy.deepcopy(old)
    del new["properties"]["text"]
    new["properties"]["revision"]["type"] = "string"
    new["required"].append("url")
    new["required"].remove("enriched_at")
    new["$defs"]["Label"]["enum"].append("mixed")
    assert breaking_changes(old, new) == [
        "enriched_at is no longer required",
        "revision changes its type or its rules",
        "text is removed",
        "url becomes required",
        "Label changes its values",
    ]
