"""The scores' index in Elasticsearch, its template, and the document of a score."""

from __future__ import annotations

from typing import Any, Final

from schemas.documents import ECS_VERSION
from schemas.mappings import (
    COUNT,
    DATE,
    FLAG,
    KEYWORD,
    NUMBER,
    small_index_template,
    strict_mappings,
)
from schemas.score import Dimensions, Score

SCORES_INDEX: Final = "feedback-scores"
SCORES_TEMPLATE: Final = "feedback-scores"

_COPIED: Final = {
    "measure": KEYWORD,
    "n": COUNT,
    "value": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "suppressed": FLAG,
    "previous_n": COUNT,
    "previous_value": NUMBER,
    "change": NUMBER,
    "change_low": NUMBER,
    "change_high": NUMBER,
    "changed": FLAG,
}


def score_mappings() -> dict[str, Any]:
    """Return the mappings of the scores' index; ``@timestamp`` is the period's start."""
    period = {"name": KEYWORD, "start": DATE, "end": DATE}
    dimensions = dict.fromkeys(Dimensions.model_fields, KEYWORD)
    score = {
        **_COPIED,
        "period": {"properties": period},
        "dimensions": {"properties": dimensions},
        # Number of dimensions that are set; 0 is the total.
        "depth": {"type": "byte"},
    }
    return strict_mappings({"created": DATE}, score=score)


def score_index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``."""
    return small_index_template(SCORES_INDEX, score_mappings())


def score_document(score: Score) -> dict[str, Any]:
    """Return the document of a score; its ``_id`` is the ``score_id``."""
    fields = score.model_dump(mode="json", exclude_none=True)
    copied = {name: fields[name] for name in _COPIED if name in fields}
    dimensions = fields["dimensions"]
    return {
        "@timestamp": fields["period"]["start"],
        "ecs": {"version": ECS_VERSION},
        "event": {"id": score.score_id, "created": fields["computed_at"]},
        "score": {
            **copied,
            "period": fields["period"],
            "dimensions": dimensions,
            "depth": len(dimensions),
        },
    }
