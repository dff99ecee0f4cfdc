"""The alerts' index in Elasticsearch, its template, and the document of an alert.

Acknowledgements are not part of it: they are silences, and are joined when alerts are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from schemas.alert import Alert
from schemas.documents import ECS_VERSION
from schemas.mappings import load_mappings, small_index_template

ALERTS_INDEX: Final = "feedback-alerts"
ALERTS_TEMPLATE: Final = "feedback-alerts"

_MAPPINGS: Final = load_mappings("alerts")
_COPIED: Final = tuple(_MAPPINGS["properties"]["alert"]["properties"])
# At the same places as in the documents of feedback, so that one filter fits both.
_NAMED: Final = {
    "alert_id": ("event", "id"),
    "started_at": ("event", "start"),
    "resolved_at": ("event", "end"),
    "source": ("event", "dataset"),
    "site": ("feedback", "site"),
    "topic": ("feedback", "topics"),
}


def alert_index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``; ``@timestamp`` is the episode's start."""
    return small_index_template(ALERTS_INDEX, _MAPPINGS)


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return the document of an alert; its ``_id`` is the ``alert_id``.

    Write it with :func:`alert_version` as external version, so that a repeated write changes
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
    """Return the document's external version, which starts at 1."""
    return alert.revision + 1


def alert_from_document(body: Mapping[str, Any]) -> Alert:
    """Return the alert of a document; raise ``pydantic.ValidationError``."""
    fields = {**body["alert"], "sentence": body["message"]}
    for name, (group, member) in _NAMED.items():
        fields[name] = body.get(group, {}).get(member)
    return Alert.model_validate(fields)
