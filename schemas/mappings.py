"""Mappings of the Elasticsearch indices, from the files in ``elasticsearch/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson

_FOLDER: Final = Path(__file__).with_name("elasticsearch")


def load_mappings(name: str) -> dict[str, Any]:
    """Return the mappings of "feedback", "alerts", "cases" or "scores".

    They reject fields that they do not have.
    """
    mappings: dict[str, Any] = orjson.loads((_FOLDER / f"{name}.json").read_bytes())
    return mappings


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
