"""What Elasticsearch holds of scores: one index, its template, and the document of a score."""

from __future__ import annotations

from typing import Any, Final

from schemas.documents import ECS_VERSION
from schemas.score import Dimensions, Score

SCORES_INDEX: Final = "feedback-scores"
SCORES_TEMPLATE: Final = "feedback-scores"

_KEYWORD: Final = {"type": "keyword", "ignore_above": 1024}
_DATE: Final = {"type": "date"}
_NUMBER: Final = {"type": "double"}
_COUNT: Final = {"type": "long"}
_COPIED: Final = {
    "measure": _KEYWORD,
    "n": _COUNT,
    "value": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "suppressed": {"type": "boolean"},
    "previous_n": _COUNT,
    "previous_value": _NUMBER,
    "change": _NUMBER,
    "change_low": _NUMBER,
    "change_high": _NUMBER,
    "changed": {"type": "boolean"},
}


def score_mappings() -> dict[str, Any]:
    """The mappings of the scores' index; ``@timestamp`` is the period's start."""
    period = {"name": _KEYWORD, "start": _DATE, "end": _DATE}
    dimensions = dict.fromkeys(Dimensions.model_fields, _KEYWORD)
    score = {
        **_COPIED,
        "period": {"properties": period},
        "dimensions": {"properties": dimensions},
        # How many dimensions are given: 0 is everything together.
        "depth": {"type": "byte"},
    }
    return {
        "dynamic": "strict",
        "properties": {
            "@timestamp": _DATE,
            "ecs": {"properties": {"version": _KEYWORD}},
            "event": {"properties": {"id": _KEYWORD, "created": _DATE}},
            "score": {"properties": score},
        },
    }


def score_index_template() -> dict[str, Any]:
    """The index template, as ``PUT _index_template`` takes it."""
    return {
        "index_patterns": [SCORES_INDEX],
        "template": {
            "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}},
            "mappings": score_mappings(),
        },
        "priority": 200,
    }


def score_document(score: Score) -> dict[str, Any]:
    """The document of a score; its ``_id`` is the ``score_id``."""
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
