"""The feedback indices in Elasticsearch: names, index template, and the document of a record.

Fields follow the Elastic Common Schema if it has them; the domain's own are under ``feedback``. The
index is that of the month in which the feedback was given, so that a repeated or edited event
overwrites its document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from schemas.feedback import Label
from schemas.mappings import load_mappings

READ_ALIAS: Final = "feedback"
INDEX_PATTERN: Final = "feedback-*.*.*"
TEMPLATE_NAME: Final = "feedback"
COMPONENT_SETTINGS: Final = "feedback-settings"
COMPONENT_MAPPINGS: Final = "feedback-mappings"
ECS_VERSION: Final = "8.17.0"
_MAX_VERSION: Final = 2**63 - 1

TOPIC_LISTS: Final = MappingProxyType(
    {
        Label.POSITIVE: "feedback.positive_topics",
        Label.NEUTRAL: "feedback.neutral_topics",
        Label.NEGATIVE: "feedback.negative_topics",
    }
)
"""Fields with the topics of a document by their own sentiment. Kibana's charts cannot group by
nested fields, hence these lists beside ``feedback.topic_sentiments``. Documents that were indexed
before they were added have none of them."""
_LIST_NAMES: Final = {
    str(label): field.removeprefix("feedback.") for label, field in TOPIC_LISTS.items()
}

_MEASURES: Final = ("stars", "nps", "csat", "ces", "fft")
_COPIED: Final = ("question", "site", "service", "attributes", "priority")
# Omitted if empty, and absent in records of earlier versions.
_COPIED_UNLESS_EMPTY: Final = (
    "backfill",
    "interactions",
    "urgent_reasons",
    "redactions",
    "topic_probabilities",
    "evidence",
    "maybe_urgent",
    "maybe_urgent_reasons",
    "translation",
)


def index_name(created_at: datetime) -> str:
    """Return the monthly index of a time, in the format that ILM parses as origination date."""
    return f"feedback-{created_at:%Y.%m}.01"


def mappings(*, analyzer: str | None = None) -> dict[str, Any]:
    """Return the mappings of the feedback indices.

    ``analyzer`` is a language analyzer of the server for a subfield of the text and of its
    translation, or None.
    Probabilities and evidence are only returned with the document, never searched, so topics need
    no mapped fields.
    """
    mappings = load_mappings("feedback")
    if analyzer is not None:
        field = {"type": "text", "analyzer": analyzer}
        translation = mappings["properties"]["feedback"]["properties"]["translation"]
        for text in (mappings["properties"]["message"], translation["properties"]["text"]):
            text["fields"] = {analyzer: field}
    return mappings


def index_settings() -> dict[str, Any]:
    """Return the settings of the feedback indices: one shard per month, a replica if possible."""
    return {
        "index": {
            "number_of_shards": 1,
            "auto_expand_replicas": "0-1",
            "refresh_interval": "1s",
            "codec": "default",
        }
    }


def component_templates(*, analyzer: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the bodies of ``PUT _component_template`` by name."""
    return {
        COMPONENT_SETTINGS: {"template": {"settings": index_settings()}},
        COMPONENT_MAPPINGS: {"template": {"mappings": mappings(analyzer=analyzer)}},
    }


def index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``."""
    return {
        "index_patterns": [INDEX_PATTERN],
        "composed_of": [COMPONENT_SETTINGS, COMPONENT_MAPPINGS],
        "template": {"aliases": {READ_ALIAS: {}}},
        "priority": 200,
    }


def document_version(fields: Mapping[str, Any]) -> int:
    """Return the version of a record's document, given the record as its JSON object.

    Twice the revision, so that what comes after it within the same revision has a version too: the
    record with its translation, and the deletion, are later than the record alone. An edit is later
    than all of them. Raise ``KeyError`` if a required field is absent.
    """
    is_later = fields["operation"] == "delete" or fields.get("translation") is not None
    version: int = 2 * fields["revision"] + is_later
    return min(version, _MAX_VERSION)


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an ``EnrichedFeedback``, which is given as its JSON object.

    The object is not validated, for speed: the mappings are strict and reject unknown fields.
    Raise ``KeyError`` if a required field is absent.
    """
    feedback: dict[str, Any] = {
        "family": fields["family"],
        "native_id": fields["native_id"],
        "revision": fields["revision"],
        "sentiment": fields["sentiment"],
        "topics": fields["topics"],
        "themes": fields["themes"],
        "urgent": fields.get("urgent", False),
        "versions": fields["versions"],
        "language": _language(fields),
    }
    for name in _COPIED:
        if name in fields:
            feedback[name] = fields[name]
    for name in _COPIED_UNLESS_EMPTY:
        if fields.get(name):
            feedback[name] = fields[name]
    _add_topic_sentiments(feedback, fields)
    measures = {name: _measure_fields(fields[name]) for name in _MEASURES if name in fields}
    if measures:
        feedback["measures"] = measures
    body: dict[str, Any] = {
        "@timestamp": fields["created_at"],
        "ecs": {"version": ECS_VERSION},
        "event": {
            "id": fields["event_id"],
            "created": fields["collected_at"],
            "ingested": fields["enriched_at"],
            "dataset": fields["source"],
        },
        "message": fields["text"],
        "feedback": feedback,
    }
    if "url" in fields:
        body["url"] = {"full": fields["url"]}
    if "author" in fields:
        body["user"] = {"hash": fields["author"]}
    if "organization" in fields:
        body["organization"] = {"name": fields["organization"]}
    return body


def _language(fields: Mapping[str, Any]) -> dict[str, Any]:
    detected = fields["detected_language"]
    language = {"detected": detected["code"], "confidence": detected["confidence"]}
    if "language" in fields:
        language["declared"] = fields["language"]
    return language


def _add_topic_sentiments(feedback: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Add the topics' own sentiments, and the topics by label.

    A record without them, as of an earlier version, has the comment's label for each of its topics;
    one that was not scored has neither.
    """
    own: Sequence[Mapping[str, Any]] | None = fields.get("topic_sentiments")
    if own:
        feedback["topic_sentiments"] = own
        for each in own:
            feedback.setdefault(_LIST_NAMES[each["label"]], []).append(each["topic"])
    elif fields["topics"] and (name := _LIST_NAMES.get(fields["sentiment"]["label"])):
        feedback[name] = fields["topics"]


def _measure_fields(measure: Mapping[str, float]) -> dict[str, float]:
    """Return the value, and its score from 0 (worst) to 1 (best) unless it is off the scale."""
    value, worst, best = measure["value"], measure["worst"], measure["best"]
    score = (value - worst) / (best - worst)
    return {"value": value, "score": score} if 0 <= score <= 1 else {"value": value}
