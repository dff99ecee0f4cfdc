"""What Elasticsearch holds of alerts: one index, its template, and the document of an alert.

Acknowledgements are no part of it: they are silences, and joined where alerts are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from schemas.alert import Alert
from schemas.documents import ECS_VERSION

ALERTS_INDEX: Final = "feedback-alerts"
ALERTS_TEMPLATE: Final = "feedback-alerts"

_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_DATE: Final = {"type": "date"}
_NUMBER: Final = {"type": "double"}
_COUNT: Final = {"type": "long"}
_COPIED: Final = {
    "revision": _COUNT,
    "kind": _KEYWORD,
    "state": _KEYWORD,
    "severity": _KEYWORD,
    "updated_at": _DATE,
    "counted_from": _DATE,
    "counted_to": _DATE,
    "seen": _COUNT,
    "total": _COUNT,
    "expected": _NUMBER,
    "interval": {"properties": {"low": _COUNT, "high": _COUNT}},
    "ratio": _NUMBER,
    "share": _NUMBER,
    "usual_share": _NUMBER,
    "once_in_days": _NUMBER,
    "words": _KEYWORD,
    "example_ids": _KEYWORD,
}
# Where the documents of feedback have them, so that one filter fits both.
_NAMED: Final = {
    "alert_id": ("event", "id"),
    "started_at": ("event", "start"),
    "resolved_at": ("event", "end"),
    "source": ("event", "dataset"),
    "site": ("feedback", "site"),
    "topic": ("feedback", "topics"),
}


def alert_mappings() -> dict[str, Any]:
    """The mappings of the alerts' index; ``@timestamp`` is the episode's start."""
    event = {"id": _KEYWORD, "kind": _KEYWORD, "dataset": _KEYWORD, "start": _DATE, "end": _DATE}
    return {
        "dynamic": "strict",
        "properties": {
            "@timestamp": _DATE,
            "ecs": {"properties": {"version": _KEYWORD}},
            "event": {"properties": event},
            "message": {"type": "text"},
            "feedback": {"properties": {"site": _KEYWORD, "topics": _KEYWORD}},
            "alert": {"properties": dict(_COPIED)},
        },
    }


def alert_index_template() -> dict[str, Any]:
    """The index template, as ``PUT _index_template`` takes it."""
    return {
        "index_patterns": [ALERTS_INDEX],
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
            "mappings": alert_mappings(),
        },
        "priority": 200,
    }


def alert_document(alert: Alert) -> dict[str, Any]:
    """The document of an alert; its ``_id`` is the ``alert_id``.

    Write it with :func:`alert_version` as external version: a repeat, late or not, then changes
    nothing.
    """
    fields = orjson.loads(alert.to_payload())
    body: dict[str, Any] = {
        "@timestamp": fields["started_at"],
        "ecs": {"version": ECS_VERSION},
        "event": {"kind": "alert"},
        "message": fields["sentence"],
        "alert": {name: fields[name] for name in _COPIED if name in fields},
    }
    for name, (group, member) in _NAMED.items():
        if name in fields:
            body.setdefault(group, {})[member] = fields[name]
    return body


def alert_version(alert: Alert) -> int:
    """The document's external version, which starts at 1."""
    return alert.revision + 1


def alert_of_document(body: Mapping[str, Any]) -> Alert:
    """The alert that :func:`alert_document` was given; raises ``pydantic.ValidationError``."""
    fields = {**body["alert"], "sentence": body["message"]}
    for name, (group, member) in _NAMED.items():
        fields[name] = body.get(group, {}).get(member)
    return Alert.model_validate(fields)
