"""Building blocks for the mappings of Elasticsearch indices."""

from __future__ import annotations

from typing import Any, Final

KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
DATE: Final = {"type": "date"}
NUMBER: Final = {"type": "double"}
COUNT: Final = {"type": "long"}
FLAG: Final = {"type": "boolean"}
TEXT: Final = {"type": "text"}


def strict_mappings(event: dict[str, Any], **objects: dict[str, Any]) -> dict[str, Any]:
    """Return mappings that reject unknown fields.

    They have the fields of every document, ``event`` for further fields of ECS's event, and
    ``objects`` by their properties.
    """
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
    """Return the body of ``PUT _index_template`` for one index of one shard."""
    return {
        "index_patterns": [index],
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
            "mappings": mappings,
        },
        "priority": 200,
    }
