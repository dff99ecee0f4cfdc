"""A score: its validation, and its document in a strict index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from pipeline.elasticsearch.client import connect
from pipeline.settings import Settings
from schemas.mappings import load_mappings
from schemas.score import Dimensions, MeasureName, Period, PeriodName, Score
from schemas.score_documents import (
    SCORES_INDEX,
    SCORES_TEMPLATE,
    score_document,
    score_index_template,
)

MARCH = Period(
    name=PeriodName.MONTH,
    start=datetime(2026, 3, 1, tzinfo=UTC),
    end=datetime(2026, 4, 1, tzinfo=UTC),
)
EVERYWHERE = Dimensions(
    organization="Trust", site="North", service="A&E", topic="food", theme="care", source="file"
)


def _score(**changes: Any) -> Score:
    fields: dict[str, Any] = {
        "n": 40, "value": 61.25, "low": 45.0, "high": 75.0, "suppressed": False,
        "previous_n": 30, "previous_value": 50.0, "change": 11.25, "change_low": -12.0,
        "change_high": 33.0, "changed": False, "computed_at": datetime(2026, 4, 2, tzinfo=UTC),
    }  # fmt: skip
    return Score.create(MeasureName.NPS, MARCH, EVERYWHERE, **{**fields, **changes})


def test_a_score_survives_its_payload() -> None:
    assert Score.from_payload(_score().to_payload()) == _score()


@pytest.mark.parametrize("changes", [{"n": 4}, {"suppressed": True}, {"n": 4, "suppressed": True}])
def test_fewer_than_five_answers_must_be_suppressed_and_have_no_value(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        _score(**changes)


def test_the_strict_mapping_takes_every_field_of_a_score(settings: Settings) -> None:
    score = _score()
    assert {name for name, value in score if value is None} == set()
    with connect(settings) as client:
        client.indices.put_index_template(name=SCORES_TEMPLATE, **score_index_template())
        body = score_document(score)
        client.index(index=SCORES_INDEX, id=score.score_id, document=body, refresh=True)
        source = client.get(index=SCORES_INDEX, id=score.score_id)["_source"]
        client.delete(index=SCORES_INDEX, id=score.score_id, refresh=True)
    assert source == orjson.loads(orjson.dumps(body))


def test_every_dimension_is_mapped() -> None:
    mapped = load_mappings("scores")["properties"]["score"]["properties"]["dimensions"]
    assert set(mapped["properties"]) == set(Dimensions.model_fields)
