"""The scores' index in Elasticsearch, its template, and the document of a score."""

from __future__ import annotations

from typing import Any, Final

from schemas.documents import ECS_VERSION
from schemas.mappings import load_mappings, small_index_template
from schemas.score import Score

SCORES_INDEX: Final = "feedback-scores"
SCORES_TEMPLATE: Final = "feedback-scores"

_MAPPINGS: Final = load_mappings("scores")
_COPIED: Final = tuple(_MAPPINGS["properties"]["score"]["properties"])


def score_index_template() -> dict[str, Any]:
    """Return the body of ``PUT _index_template``; ``@timestamp`` is the period's start."""
    return small_index_template(SCORES_INDEX, _MAPPINGS)


def score_document(score: Score) -> dict[str, Any]:
    """Return the document of a score; its ``_id`` is the ``score_id``."""
    fields = score.model_dump(mode="json", exclude_none=True)
    copied = {name: fields[name] for name in _COPIED if name in fields}
    return {
        "@timestamp": fields["period"]["start"],
        "ecs": {"version": ECS_VERSION},
        "event": {"id": score.score_id, "created": fields["computed_at"]},
        # The depth is the number of dimensions that are set; 0 is the total.
        "score": {**copied, "depth": len(fields["dimensions"])},
    }
