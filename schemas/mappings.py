"""What the mappings of Elasticsearch's indices are made of."""

from __future__ import annotations

from typing import Any, Final

KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
DATE: Final = {"type": "date"}
NUMBER: Final = {"type": "double"}
COUNT: Final = {"type": "long"}
FLAG: Final = {"type": "boolean"}
TEXT: Final = {"type": "text"}


def strict_mappings(event: dict[str, Any], **objects: dict[str, Any]) -> dict[str, Any]:
    """Mappings that refuse a field they do not name: what every document has, more of ECS's
    ``event``, and objects by their properties."""
    return {
        "dynamic": "strict",
        "properties": {
            "@timestamp": DATE,
            "ecs": {"properties": {"version": KEYWORD}},
            "event": {"properties": {"id": KEYWORD, **event}},
            **{name: {"properties": properties} for name, properties in objects.items()},
        },
    }


def small_index_template(index: str, mappings: dict[str, Any]) -> dict[str, Any]:
    """The template of one index of one shard, as ``PUT _index_template`` takes it."""
    return {
        "index_patterns": [index],
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
            "mappings": mappings,
        },
        "priority": 200,
    }
