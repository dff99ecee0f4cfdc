"""Drivers: planted effects are found, and the regression is statsmodels' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.scores.drivers import Answer, Mention, drivers, read_answers, ridge
from pipeline.scores.measures import MEASURES, Weight
from pipeline.scores.own_sentiment import exclude_topics
from schemas.feedback import Label
from schemas.score import MeasureName

FFT = MEASURES[MeasureName.FFT_POSITIVE]


def _answers(count: int = 2_000) -> list[Answer]:
    """Waiting costs 40 points; parking costs nothing and comes mostly with waiting."""
    rng = np.random.default_rng(3)
    answers = []
    for _ in range(count):
        waiting = rng.random() < 0.3
        parking = rng.random() < (0.6 if waiting else 0.1)
        topics = {"food"} if rng.random() < 0.2 else set()
        topics |= ({"waiting"} if waiting else set()) | ({"parking"} if parking else set())
        happy = rng.random() < (0.5 if waiting else 0.9)
        answers.append(Answer(Weight(100 if happy else 0), _blame(*topics, "everything")))
    return answers


def _blame(*topics: str) -> frozenset[Mention]:
    return frozenset(Mention(topic, Label.NEGATIVE) for topic in topics)


def test_what_a_topic_costs_is_told_from_what_it_only_comes_with() -> None:
    answers = {
        driver.topic: driver for driver in drivers(FFT, _answers(), {"waiting", "parking", "food"})
    }
    waiting, parking = answers["waiting"], answers["parking"]
    assert waiting.effect == pytest.approx(-40, abs=6)
    assert waiting.distinguishable
    assert parking.difference.value < -15  # it shares the blame
    assert not parking.distinguishable  # and is cleared of it
    assert waiting.impact == pytest.approx(waiting.effect * waiting.share)
    assert next(iter(answers)) == "waiting"


def test_praise_and_blame_of_a_topic_are_two_drivers() -> None:
    praise = frozenset({Mention("staff", Label.POSITIVE)})
    answers = [Answer(Weight(100), praise)] * 20 + [Answer(Weight(0), _blame("staff"))] * 20
    answers += [Answer(Weight(weight), frozenset()) for weight in (0, 100)] * 20
    effects = {driver.label: driver.effect for driver in drivers(FFT, answers, {"staff"})}
    assert effects[Label.POSITIVE] == pytest.approx(48, abs=3)
    assert effects[Label.NEGATIVE] == pytest.approx(-48, abs=3)


def test_topics_of_few_answers_or_of_all_are_left_out() -> None:
    answers = [*_answers(200), *[Answer(Weight(0), _blame("rare"))] * 9]
    assert {driver.topic for driver in drivers(FFT, answers, {"rare", "waiting", "absent"})} == {
        "waiting"
    }
    assert drivers(FFT, answers[:12], {"waiting"}) == ()


def test_without_penalty_the_regression_is_least_squares_with_robust_errors() -> None:
    api = pytest.importorskip("statsmodels.api")
    answers = _answers(300)
    presence = np.array(
        [
            [_blame(topic) <= answer.mentions for topic in ("food", "parking", "waiting")]
            for answer in answers
        ],
        float,
    )
    weights = np.array([float(answer.weight) for answer in answers])
    effects, errors = ridge(presence, weights, penalty=0.0)
    fitted = api.OLS(weights, api.add_constant(presence)).fit(cov_type="HC1")
    assert effects == pytest.approx(fitted.params[1:], rel=1e-9)
    assert errors == pytest.approx(fitted.bse[1:], rel=1e-9)


def test_the_penalty_is_that_of_rows_that_show_nothing() -> None:
    answers = _answers(300)
    presence = np.array(
        [[_blame(topic) <= answer.mentions for topic in ("food", "waiting")] for answer in answers],
        float,
    )
    weights = np.array([float(answer.weight) for answer in answers])
    effects, _ = ridge(presence, weights, penalty=2.0)
    rows = np.vstack([presence - presence.mean(axis=0), np.sqrt(2.0) * np.eye(2)])
    values = np.concatenate([weights - weights.mean(), np.zeros(2)])
    assert effects == pytest.approx(np.linalg.lstsq(rows, values, rcond=None)[0], rel=1e-9)


def test_the_comments_of_one_submission_are_one_answer_with_all_their_topics() -> None:
    def hit(topic: str, submission: str | None, value: float = 1) -> dict[str, object]:
        attributes = {"attributes": {"submission": submission}} if submission else {}
        measures = {"fft": {"value": value, "score": (5 - value) / 4}}
        return {
            "_source": {
                "feedback": {
                    "topics": [topic],
                    "sentiment": {"label": "negative"},
                    "measures": measures,
                    **attributes,
                },
                "event": {"dataset": "form"},
            }
        }

    hits = [hit("food", "7"), hit("parking", "7"), hit("food", "8", 5), hit("food", None)]
    answers = read_answers(FFT, hits)
    assert sorted(
        (float(answer.weight), sorted(mention.topic for mention in answer.mentions))
        for answer in answers
    ) == [
        (0.0, ["food"]), (100.0, ["food"]), (100.0, ["food", "parking"]),
    ]  # fmt: skip


def test_within_a_topic_an_answer_is_what_the_comment_says_of_it() -> None:
    def hit(label: str, **lists: list[str]) -> dict[str, Any]:
        topics = sorted({topic for names in lists.values() for topic in names})
        return {
            "_source": {
                "feedback": {
                    "sentiment": {"label": label},
                    "topics": topics or ["car_park"],
                    **lists,
                }
            }
        }

    hits = [
        hit("positive", negative_topics=["car_park"], positive_topics=["staff"]),
        hit("negative", negative_topics=["staff"], positive_topics=["car_park"]),
        hit("negative", neutral_topics=["car_park"], negative_topics=["car_hire"]),
        hit("negative"),
        hit("negative", negative_topics=["staff"]),
        hit("not_scored"),
    ]
    share = MEASURES[MeasureName.SHARE_NEGATIVE]
    for topics, weights in (
        (["car_park"], [100, 0, 0, 100]),
        (["CAR_*"], [100, 0, 100, 100]),
        ([], [0, 100, 100, 100, 100]),
    ):
        assert [answer.weight for answer in read_answers(share, hits, topics)] == weights
    assert exclude_topics({"car_park", "car_hire", "staff"}, ["Car*"]) == {"staff"}
