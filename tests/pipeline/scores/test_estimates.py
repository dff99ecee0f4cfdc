"""From answers to scores: what each measure counts, what is suppressed, what a change is."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.scores.estimates import Counts, estimate, score, significant_scores
from pipeline.scores.measures import MEASURES, Weight, answer_weight
from schemas.score import Dimensions, MeasureName, Period, PeriodName, Score

MARCH = Period(
    name=PeriodName.MONTH,
    start=datetime(2026, 3, 1, tzinfo=UTC),
    end=datetime(2026, 4, 1, tzinfo=UTC),
)
NOW = datetime(2026, 4, 2, tzinfo=UTC)


def _counts(name: MeasureName, *answers: tuple[float | str, float | None]) -> Counts:
    weights = (answer_weight(MEASURES[name], value, held) for value, held in answers)
    return Counter(weight for weight in weights if weight is not None)


def _hold(score: float) -> float:
    """As the index holds it: in half precision."""
    return float(np.float16(score))


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        (MeasureName.NPS, [(v, _hold(v / 10)) for v in (10, 9, 8, 7, 6, 0)], 0.0),
        (MeasureName.NPS, [(v, _hold(v / 10)) for v in (10, 10, 9, 8, 6)], 40.0),
        (MeasureName.CSAT, [(v, _hold((v - 1) / 4)) for v in (5, 4, 3, 2, 1)], 40.0),
        (MeasureName.CSAT, [(v, _hold(v / 10)) for v in (8, 8, 7, 10, 0)], 60.0),
        (MeasureName.CES, [(v, _hold((v - 1) / 6)) for v in (7, 6, 5, 4, 1)], 60.0),
        (MeasureName.FFT_POSITIVE, [(1, 1.0), (2, 0.75), (3, 0.5), (5, 0.0), (6, None)], 40.0),
        (MeasureName.STARS, [(v, _hold((v - 1) / 4)) for v in (5, 4, 4, 3, 1)], 0.6),
        (MeasureName.STARS, [(v, _hold((v - 1) / 9)) for v in (10, 8, 8, 3, 4)], 28 / 45),
        (MeasureName.SHARE_NEGATIVE,
         [("negative", None)] * 2 + [("positive", None), ("neutral", None)] * 4
         + [("not_scored", None)] * 9, 20.0),
    ],
)  # fmt: skip
def test_each_measure_counts_what_it_says(
    name: MeasureName, answers: list[tuple[float | str, float | None]], expected: float
) -> None:
    assert estimate(MEASURES[name], _counts(name, *answers)).value == expected


def test_fewer_than_five_answers_say_nothing_but_how_many() -> None:
    few, enough = Counter({Weight(100): 4}), Counter({Weight(100): 4, Weight(0): 1})
    found = score(MeasureName.CSAT, MARCH, Dimensions(site="N"), few, enough, NOW)
    assert found.model_dump(exclude_none=True, exclude={"score_id", "period"}) == {
        "measure": "csat", "dimensions": {"site": "N"}, "n": 4, "suppressed": True,
        "previous_n": 5, "previous_value": 80.0, "computed_at": NOW,
    }  # fmt: skip
    after = score(MeasureName.CSAT, MARCH, Dimensions(), enough, few, NOW)
    assert (after.value, after.previous_n, after.previous_value) == (80.0, 4, None)
    assert (after.change, after.changed) == (None, None)


def test_a_change_is_told_from_chance_by_its_interval() -> None:
    def of(hits: int, hits_before: int) -> Score:
        return score(
            MeasureName.CSAT, MARCH, Dimensions(),
            Counter({Weight(100): hits, Weight(0): 100 - hits}),
            Counter({Weight(100): hits_before, Weight(0): 100 - hits_before}), NOW,
        )  # fmt: skip

    small, large = of(80, 75), of(80, 60)
    assert (small.change, small.changed) == (5.0, False)
    assert (large.change, large.changed) == (20.0, True)
    assert small.change_low is not None
    assert large.change_low is not None
    assert small.change_low < 0 < large.change_low


def test_among_many_comparisons_only_what_they_do_not_explain_stands_out() -> None:
    def of(number: int, before: int) -> Score:
        return score(
            MeasureName.CSAT, MARCH, Dimensions(site=str(number)),
            Counter({Weight(100): 60, Weight(0): 40}),
            Counter({Weight(100): before, Weight(0): 100 - before}), NOW,
        )  # fmt: skip

    barely, far = of(0, 46), of(1, 30)
    assert (barely.changed, far.changed) == (True, True)
    others = [of(number, 59) for number in range(2, 30)]
    assert significant_scores([barely]) == {barely.score_id}
    assert significant_scores([barely, far, *others]) == {far.score_id}
    assert significant_scores([]) == set()


def test_an_id_is_the_same_for_the_same_measure_dimensions_and_period_only() -> None:
    def of(name: MeasureName, dimensions: Dimensions) -> str:
        return Score.create(name, MARCH, dimensions, n=0, suppressed=True, computed_at=NOW).score_id

    first = of(MeasureName.NPS, Dimensions(site="A"))
    assert first == of(MeasureName.NPS, Dimensions(site="A"))
    others = {of(MeasureName.CSAT, Dimensions(site="A")), of(MeasureName.NPS, Dimensions()),
              of(MeasureName.NPS, Dimensions(service="A"))}  # fmt: skip
    assert len(others | {first}) == 4
