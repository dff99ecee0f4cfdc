"""The cases' index in Elasticsearch, its template, and the document of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.case import Case
from schemas.documents import ECS_VERSION
from schemas.mappings import (
    COUNT,
    DATE,
    FLAG,
    KEYWORD,
    TEXT,
    small_index_template,
    strict_mappings,
)

CASES_INDEX: Final = "feedback-cases"
CASES_TEMPLATE: Final = "feedback-cases"

_UNINDEXED: Final = {"type": "object", "enabled": False}


def case_mappings() -> dict[str, Any]:
    """Return the mappings of the cases' index; ``@timestamp`` is the time of opening."""
    links = {"outlet": KEYWORD, "state": KEYWORD, "reference": KEYWORD, "url": KEYWORD}
    case = {
        "revision": COUNT,
        "events": {"type": "keyword", "index": False, "doc_values": False},
        **dict.fromkeys(("feedback_id", "type", "priority", "rule", "owner", "status"), KEYWORD),
        **dict.fromkeys(("site", "service", "topics", "urgent_reasons"), KEYWORD),
        **dict.fromkeys(
            ("updated_at", "due_at", "resolve_by", "first_answered_at", "resolved_at"), DATE
        ),
        **dict.fromkeys(("first_overdue_at", "given_at"), DATE),
        **dict.fromkeys(("overdue", "withdrawn"), FLAG),
        **dict.fromkeys(("resolution", "changed"), TEXT),
        "reopened": COUNT,
        "notes": _UNINDEXED,
        # An outlet's name and its state in one: "jira:opened".
        "linked": KEYWORD,
        "links": {"properties": links},
    }
    return strict_mappings({"dataset": KEYWORD}, organization={"name": KEYWORD}, case=case)


def case_index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``."""
    return small_index_template(CASES_INDEX, case_mappings())


def case_document(case: Case) -> dict[str, Any]:
    """Return the document of a case, with ``case_id`` as ``_id`` and ``revision`` as version."""
    fields = case.model_dump(mode="json", exclude_none=True)
    case_id, source = fields.pop("case_id"), fields.pop("source")
    organization = fields.pop("organization", None)
    return {
        "@timestamp": fields.pop("opened_at"),
        "ecs": {"version": ECS_VERSION},
        "event": {"id": case_id, "dataset": source},
        **({"organization": {"name": organization}} if organization is not None else {}),
        "case": {**fields, "linked": [f"{link.outlet}:{link.state}" for link in case.links]},
    }


def case_from_document(document: Mapping[str, Any]) -> Case:
    """Return the case of a document; raise ``KeyError`` or ``pydantic.ValidationError``."""
    return Case.model_validate(
        {
            **document["case"],
            "case_id": document["event"]["id"],
            "source": document["event"]["dataset"],
            "opened_at": document["@timestamp"],
            "organization": document.get("organization", {}).get("name"),
        }
    )
