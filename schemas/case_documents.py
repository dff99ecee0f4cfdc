"""What Elasticsearch holds of cases: one index, its template, and the document of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.case import Case
from schemas.documents import ECS_VERSION

CASES_INDEX: Final = "feedback-cases"
CASES_TEMPLATE: Final = "feedback-cases"

_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_DATE: Final = {"type": "date"}
_COUNT: Final = {"type": "long"}
_FLAG: Final = {"type": "boolean"}
_TEXT: Final = {"type": "text"}
_UNINDEXED: Final = {"type": "object", "enabled": False}


def case_mappings() -> dict[str, Any]:
    """The mappings of the cases' index; ``@timestamp`` is when the case was opened."""
    links = {"outlet": _KEYWORD, "state": _KEYWORD, "reference": _KEYWORD, "url": _KEYWORD}
    case = {
        "revision": _COUNT,
        "events": {"type": "keyword", "index": False, "doc_values": False},
        **dict.fromkeys(("feedback_id", "type", "priority", "rule", "owner", "status"), _KEYWORD),
        **dict.fromkeys(("site", "service", "topics", "urgent_reasons"), _KEYWORD),
        **dict.fromkeys(
            ("updated_at", "due_at", "resolve_by", "first_answered_at", "resolved_at"), _DATE
        ),
        **dict.fromkeys(("first_overdue_at", "given_at"), _DATE),
        **dict.fromkeys(("overdue", "withdrawn"), _FLAG),
        **dict.fromkeys(("resolution", "changed"), _TEXT),
        "reopened": _COUNT,
        "notes": _UNINDEXED,
        # An outlet's name and its state in one: "jira:opened".
        "linked": _KEYWORD,
        "links": {"properties": links},
    }
    return {
        "dynamic": "strict",
        "properties": {
            "@timestamp": _DATE,
            "ecs": {"properties": {"version": _KEYWORD}},
            "event": {"properties": {"id": _KEYWORD, "dataset": _KEYWORD}},
            "organization": {"properties": {"name": _KEYWORD}},
            "case": {"properties": case},
        },
    }


def case_index_template() -> dict[str, Any]:
    """The index template, as ``PUT _index_template`` takes it."""
    return {
        "index_patterns": [CASES_INDEX],
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
            "mappings": case_mappings(),
        },
        "priority": 200,
    }


def case_document(case: Case) -> dict[str, Any]:
    """The document of a case; its ``_id`` is the ``case_id``, its version the ``revision``."""
    fields = case.model_dump(mode="json", exclude_none=True)
    case_id, source = fields.pop("case_id"), fields.pop("source")
    organization = fields.pop("organization", None)
    return {
        "@timestamp": fields.pop("opened_at"),
        "ecs": {"version": ECS_VERSION},
        "event": {"id": case_id, "dataset": source},
        **({"organization": {"name": organization}} if organization is not None else {}),
        "case": {**fields, "linked": [f"{one.outlet}:{one.state}" for one in case.links]},
    }


def case_of(document: Mapping[str, Any]) -> Case:
    """The case of a document; raises ``KeyError`` or ``pydantic.ValidationError``."""
    return Case.model_validate(
        {
            **document["case"],
            "case_id": document["event"]["id"],
            "source": document["event"]["dataset"],
            "opened_at": document["@timestamp"],
            "organization": document.get("organization", {}).get("name"),
        }
    )
