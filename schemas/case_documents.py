"""The cases' index in Elasticsearch, its template, and the document of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schemas.case import Case
from schemas.documents import ECS_VERSION
from schemas.mappings import load_mappings, small_index_template

CASES_INDEX: Final = "feedback-cases"
CASES_TEMPLATE: Final = "feedback-cases"


def case_index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``; ``@timestamp`` is the time of opening."""
    return small_index_template(CASES_INDEX, load_mappings("cases"))


def case_document(case: Case) -> dict[str, Any]:
    """Return the document of a case, with ``case_id`` as ``_id`` and ``revision`` as version.

    ``linked`` is a tracker's name and its state in one: "jira:opened".
    """
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
