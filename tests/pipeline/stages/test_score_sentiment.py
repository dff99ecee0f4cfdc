from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pipeline.stages.score_sentiment import (
    get_rating,
    predict_sentiment,
    sentiment_from_model,
    sentiment_from_thresholds,
    unscored_sentiment,
    why_not_scored,
)
from pipeline.stages.vader import Scores
from schemas.feedback import Feedback, Label, Level, Sentiment

VADER = Scores(negative=0.1, neutral=0.6, positive=0.3, compound=0.4)
EVEN = np.full((1, 5), 0.2)
PLAIN = np.zeros(1, dtype=bool)


def rate(**measures: float) -> Feedback:
    fields: dict[str, Any] = {name: {"value": value} for name, value in measures.items()}
    return Feedback.collect(
        source="file",
        native_id="1",
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family="form",
        **fields,
    )


@pytest.mark.parametrize(
    ("measures", "rating"),
    [
        ({}, 0),
        ({"fft": 1}, 5),
        ({"fft": 4}, 2),
        ({"fft": 5}, 1),
        ({"fft": 6}, 0),
        ({"fft": 6, "stars": 4}, 4),
        ({"fft": 5, "stars": 5, "nps": 10}, 1),
        ({"stars": 1}, 1),
        ({"stars": 3}, 3),
        ({"stars": 2, "csat": 5}, 2),
        ({"csat": 5, "nps": 0}, 5),
        ({"nps": 0, "ces": 7}, 1),
        ({"nps": 5}, 3),
        ({"nps": 7}, 4),
        ({"nps": 10}, 5),
        ({"ces": 1}, 1),
        ({"ces": 6}, 4),
        ({"ces": 7}, 5),
    ],
)
def test_a_rating_has_five_levels_on_whatever_scale_it_was_given(
    measures: dict[str, float], rating: int
) -> None:
    assert get_rating(rate(**measures)) == rating


@pytest.mark.parametrize(
    ("compound", "label"),
    [
        (-0.6, Label.NEGATIVE),
        (-0.05, Label.NEGATIVE),
        (-0.0499, Label.NEUTRAL),
        (0.0, Label.NEUTRAL),
        (0.0499, Label.NEUTRAL),
        (0.05, Label.POSITIVE),
    ],
)
def test_without_a_model_the_label_is_by_vaders_thresholds(compound: float, label: Label) -> None:
    assert sentiment_from_thresholds(VADER._replace(compound=compound), "vader") == Sentiment(
        label=label, method="vader", compound=compound, positive=0.3, neutral=0.6, negative=0.1
    )


@pytest.mark.parametrize(
    ("levels", "label", "probability", "level", "level_probability"),
    [
        ((0.5, 0.2, 0.1, 0.1, 0.1), Label.POSITIVE, 0.7, Level.VERY_POSITIVE, 0.5),
        ((0.2, 0.5, 0.1, 0.1, 0.1), Label.POSITIVE, 0.7, Level.POSITIVE, 0.5),
        ((0.2, 0.1, 0.4, 0.2, 0.1), Label.NEUTRAL, 0.4, Level.NEUTRAL, 0.4),
        ((0.1, 0.1, 0.1, 0.4, 0.3), Label.NEGATIVE, 0.7, Level.NEGATIVE, 0.4),
        ((0.0, 0.0, 0.0, 0.25, 0.750001), Label.NEGATIVE, 1.0, Level.VERY_NEGATIVE, 0.75),
        ((0.1, 0.0, 0.4, 0.3, 0.2), Label.NEGATIVE, 0.5, Level.NEGATIVE, 0.3),
    ],
)
def test_the_label_is_the_likeliest_one_and_the_level_the_likeliest_of_that_label(
    levels: tuple[float, ...],
    label: Label,
    probability: float,
    level: Level,
    level_probability: float,
) -> None:
    (judgement,) = predict_sentiment(np.array([levels], dtype=np.float32), EVEN, PLAIN)
    assert sentiment_from_model(VADER, "model", judgement, 0, "story") == Sentiment(
        label=label,
        method="model",
        probability=probability,
        level=level,
        level_probability=level_probability,
        head="story",
        compound=0.4,
        positive=0.3,
        neutral=0.6,
        negative=0.1,
    )


def test_a_batch_is_judged_as_its_comments_one_by_one() -> None:
    levels = np.random.default_rng(1).dirichlet(np.ones(5), 50)
    unrated = np.random.default_rng(2).dirichlet(np.ones(5), 50)
    mixed = np.arange(50) % 3 == 0
    one_by_one = [predict_sentiment(levels[[n]], unrated[[n]], mixed[[n]])[0] for n in range(50)]
    assert predict_sentiment(levels, unrated, mixed) == one_by_one
    assert predict_sentiment(levels[:0], unrated[:0], mixed[:0]) == []


@pytest.mark.parametrize(
    ("unrated", "rating", "contradicted"),
    [
        ((0.0, 0.1, 0.1, 0.4, 0.4), 5, True),
        ((0.0, 0.1, 0.1, 0.4, 0.4), 4, True),
        ((0.0, 0.1, 0.1, 0.4, 0.4), 3, False),
        ((0.0, 0.1, 0.1, 0.4, 0.4), 1, False),
        ((0.1, 0.1, 0.2, 0.3, 0.3), 5, False),
        ((0.4, 0.4, 0.1, 0.1, 0.0), 1, True),
        ((0.4, 0.4, 0.1, 0.1, 0.0), 2, True),
        ((0.4, 0.4, 0.1, 0.1, 0.0), 5, False),
        ((0.1, 0.1, 0.8, 0.0, 0.0), 5, False),
        ((0.1, 0.1, 0.8, 0.0, 0.0), 1, False),
        ((0.0, 0.0, 0.0, 0.0, 1.0), 0, None),
    ],
)
def test_a_text_that_is_surely_the_opposite_contradicts_its_rating(
    unrated: tuple[float, ...], rating: int, contradicted: bool | None
) -> None:
    (judgement,) = predict_sentiment(EVEN, np.array([unrated]), PLAIN)
    assert (
        sentiment_from_model(VADER, "model", judgement, rating, "survey").contradicts_rating
        is contradicted
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Good", None),
        (":)", None),
        ("👍", None),
        ("Nothing", None),
        ("", "no_words"),
        (" \n\u00a0" * 40, "no_words"),
        ("-", "no_words"),
        ("...", "no_words"),
        ("N/A", "no_opinion"),
        ("not applicable.", "no_opinion"),
    ],
)
def test_what_says_nothing_is_not_scored_for_a_reason(text: str, reason: str | None) -> None:
    assert why_not_scored(text) == reason


def test_what_is_not_scored_has_a_method_and_no_numbers() -> None:
    assert unscored_sentiment("model", "language") == Sentiment(
        label=Label.NOT_SCORED, method="model", not_scored="language"
    )
