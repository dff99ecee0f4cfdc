"""Goals: met, on track, behind, missed, and what the trend says of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.scores.estimates import Estimate
from pipeline.scores.goals import Goal, GoalStatus, assess_goal, load_goals, project_trend
from pipeline.scores.intervals import wilson
from pipeline.scores.periods import period_at, preceding_periods
from pipeline.scores.report import Trend
from schemas.score import MeasureName, PeriodName

JUNE = period_at(PeriodName.MONTH, datetime(2026, 6, 5, tzinfo=UTC), UTC)
DUE = datetime(2026, 9, 30, 23, 59, tzinfo=UTC)


def _share(percent: float, n: int = 200) -> Estimate:
    low, high = wilson(percent / 100 * n, n)
    return Estimate(n, percent, (100 * low, 100 * high))


def _trend(*percents: float | None) -> Trend:
    steps = preceding_periods(JUNE, len(percents), UTC)
    assessment = (Estimate(3) if percent is None else _share(percent) for percent in percents)
    return tuple(zip(steps, assessment, strict=True))


def _goal(**changes: object) -> Goal:
    fields = {"name": "Calls", "measure": "share_negative", "target": 20, "by": "2026-09-30"}
    return Goal.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("trend", "changes", "expected"),
    [
        ((40, 36, 31, 27, 22, 18), {}, GoalStatus.MET),
        ((48, 44, 40, 35, 31, 27), {}, GoalStatus.ON_TRACK),
        ((31, 30, 29.5, 29, 28, 27.5), {}, GoalStatus.BEHIND),
        ((27, 31, 28, 30, 26, 30), {}, GoalStatus.BEHIND),
        ((48, 44, 40, 35, 31, 27), {"by": "2026-06-29"}, GoalStatus.MISSED),
        ((48, 44, 40, 35, 31, None), {}, GoalStatus.UNKNOWN),
        ((48, 44, 40, 35, 31, 27), {"measure": "csat"}, GoalStatus.MET),
    ],
)
def test_a_goal_fares_as_its_score_and_its_trend(
    trend: tuple[float | None, ...], changes: dict[str, object], expected: GoalStatus
) -> None:
    steps = _trend(*trend)
    assert assess_goal(_goal(**changes), steps[-1][1], JUNE.end, steps, UTC).status is expected


def test_a_trend_that_chance_explains_is_none() -> None:
    steps = _trend(27, 31, 28, 30, 26, 30)
    assert project_trend(steps, DUE) is None
    assessment = assess_goal(_goal(), steps[-1][1], JUNE.end, steps, UTC)
    assert (assessment.status, assessment.projected) == (GoalStatus.BEHIND, None)


def test_the_line_is_that_of_weighted_least_squares() -> None:
    api = pytest.importorskip("statsmodels.api")
    trend = tuple((p, _share(e.value or 0, 50 * (i + 1))) for i, (p, e) in
                  enumerate(_trend(48, 43, 41, 35, 33, 27)))  # fmt: skip
    middles = [(p.start.timestamp() + p.end.timestamp()) / 2 / 86_400 for p, _ in trend]
    times = np.array(middles) - middles[-1]
    fitted = api.WLS([e.value for _, e in trend], api.add_constant(times),
                     weights=[e.n for _, e in trend]).fit()  # fmt: skip
    distance = DUE.timestamp() / 86_400 - middles[-1]
    frame = fitted.get_prediction([[1.0, distance]]).summary_frame(alpha=0.05)
    expected = (frame["mean"][0], frame["mean_ci_lower"][0], frame["mean_ci_upper"][0])
    assert project_trend(trend, DUE) == pytest.approx(expected, rel=1e-9)


def test_a_trend_is_drawn_on_no_further_than_it_is_long() -> None:
    steps = _trend(48, 44, 40, 35, 31, 27)
    years = datetime(2031, 1, 1, tzinfo=UTC)
    far, further = project_trend(steps, years), project_trend(steps, years.replace(year=2035))
    assert far is not None
    assert far == further
    assert far[0] > 0


def test_goals_are_read_from_a_file_and_what_cannot_be_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "goals.toml"
    path.write_text(
        '[[goals]]\nname = "Calls"\nmeasure = "nps"\ntarget = 30\nby = 2026-12-31\nsite = "N"\n'
    )
    (goal,) = load_goals(path)
    assert (goal.measure, goal.dimensions.site) == (MeasureName.NPS, "N")
    path.write_text('[[goals]]\nname = "x"\nmeasure = "csat"\ntarget = 101\nby = 2026-12-31\n')
    with pytest.raises(ValueError, match="target of 'x' must be from 0 to 100"):
        load_goals(path)
