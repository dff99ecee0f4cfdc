"""JSON Schemas of the Kafka topics, one file per topic version, and a check for breaking changes.

``python -m schemas.export`` writes them; it refuses a change that breaks subscribers, which needs a
new version of the Kafka topic instead.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from schemas.kafka_topics import KAFKA_TOPICS, KafkaTopic

EXPORTS: Final = Path(__file__).parent / "exports"


def json_schema(kafka_topic: KafkaTopic) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a Kafka topic's values."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:feedback-pipeline:{kafka_topic.name}",
        **kafka_topic.record.model_json_schema(mode="serialization"),
        "description": kafka_topic.description,
    }


def export_path(kafka_topic: KafkaTopic) -> Path:
    """Return the path of a Kafka topic's exported schema."""
    return EXPORTS / f"{kafka_topic.name}.schema.json"


def render(kafka_topic: KafkaTopic) -> str:
    """Return the text of the exported file."""
    return json.dumps(json_schema(kafka_topic), indent=2, ensure_ascii=False) + "\n"


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the changes in ``new`` that break consumers or producers of ``old``.

    Only new optional fields and new descriptions are compatible.
    """
    changes = _object_changes("", old, new)
    old_parts, new_parts = old.get("$defs", {}), new.get("$defs", {})
    for name, part in old_parts.items():
        if name in new_parts:
            changes += _object_changes(f"{name}.", part, new_parts[name])
    return changes


def _object_changes(prefix: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    changes = []
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, field in before.items():
        if name not in after:
            changes.append(f"{prefix}{name} is removed")
        elif _rules(field) != _rules(after[name]):
            changes.append(f"{prefix}{name} changes its type or its rules")
    required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
    changes += [
        f"{prefix}{name} is no longer required" for name in required_before - required_after
    ]
    changes += [f"{prefix}{name} becomes required" for name in required_after - required_before]
    if old.get("enum") != new.get("enum"):
        changes.append(f"{prefix[:-1]} changes its values")
    return sorted(changes)


def _rules(field: Any) -> Any:
    """Return a field's schema without titles and descriptions."""
    if isinstance(field, dict):
        return {k: _rules(v) for k, v in field.items() if k not in {"description", "title"}}
    if isinstance(field, list):
        return [_rules(part) for part in field]
    return field


def main() -> int:
    """Write every export; return 1 and write nothing if a change would break subscribers."""
    refused = [
        f"{topic.name}: {change}"
        for topic in KAFKA_TOPICS
        if export_path(topic).exists()
        for change in breaking_changes(
            json.loads(export_path(topic).read_text(encoding="utf-8")), json_schema(topic)
        )
    ]
    if refused:
        lines = "\n  ".join(refused)
        sys.stderr.write(f"these changes need a new Kafka topic version:\n  {lines}\n")
        return 1
    EXPORTS.mkdir(exist_ok=True)
    for topic in KAFKA_TOPICS:
        export_path(topic).write_text(render(topic), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
