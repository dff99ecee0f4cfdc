import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

from pipeline.training.examples import NO_LEVEL
from pipeline.training.figures import (
    calibration_error,
    sentiment_figures,
    three_level_figures,
    topic_figures,
    vader_figures,
)


def test_topics_are_judged_over_comments_that_have_one() -> None:
    truth = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
    predicted = np.array([[1, 1], [1, 0], [0, 1], [1, 1]])
    # Three right, one too many, one missed; the last comment has no topic and is left out.
    assert topic_figures(predicted, truth, ("room", "food")) == {
        "micro_f1": 0.75,
        "macro_f1": 0.75,
        "samples_f1": round((2 / 3 + 2 / 3 + 1) / 3, 4),
        "n": 3,
        "topics": {
            "room": {"precision": 1.0, "recall": 1.0, "f1": 1.0, "n": 2},
            "food": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 2},
        },
    }


def test_many_topics_have_scikit_learns_figures() -> None:
    chance = np.random.default_rng(1)
    truth = (chance.random((200, 4)) < 0.4).astype(int)
    predicted = np.where(chance.random((200, 4)) < 0.2, 1 - truth, truth)
    names = ("a", "b", "c", "d")
    figures = topic_figures(predicted, truth, names)
    has = truth.any(axis=1)
    for average in ("micro", "macro", "samples"):
        expected = f1_score(truth[has], predicted[has], average=average, zero_division=0)
        assert figures[f"{average}_f1"] == round(expected, 4)
    for number, name in enumerate(names):
        pair = truth[has, number], predicted[has, number]
        assert figures["topics"][name] == {
            "precision": round(precision_score(*pair), 3),
            "recall": round(recall_score(*pair), 3),
            "f1": round(f1_score(*pair), 3),
            "n": int(pair[0].sum()),
        }


def test_a_single_topic_is_judged_too() -> None:
    figures = topic_figures(np.array([[1], [0], [1]]), np.array([[1], [1], [0]]), ("room",))
    assert (figures["micro_f1"], figures["macro_f1"], figures["samples_f1"]) == (
        0.6667,
        0.6667,
        0.5,
    )
    assert figures["topics"] == {"room": {"precision": 1.0, "recall": 0.5, "f1": 0.667, "n": 2}}


@pytest.mark.parametrize("topics", [0, 2])
def test_without_a_labelled_topic_there_are_no_figures_of_topics(topics: int) -> None:
    none = np.zeros((3, topics), dtype=int)
    assert topic_figures(none, none, ("room", "food")[:topics]) == {
        "micro_f1": None,
        "macro_f1": None,
        "samples_f1": None,
        "n": 0,
        "topics": {},
    }


def test_levels_are_judged_in_five_and_by_their_sign_in_three() -> None:
    truth = np.array([0, 1, 2, 3, 4, 4, NO_LEVEL])
    predicted = np.array([0, 0, 2, 4, 4, 2, 0])
    # F1 of the levels: 2/3, 0, 2/3, 0, 1/2; of positive, neutral and negative: 1, 2/3, 4/5.
    assert sentiment_figures(predicted, truth) == {
        "accuracy_5": 0.5,
        "macro_f1_5": round((2 / 3 + 2 / 3 + 1 / 2) / 5, 4),
        "macro_f1_3": round((1 + 2 / 3 + 4 / 5) / 3, 4),
        "f1_negative": 0.8,
        "n": 6,
        "confusion_5": [
            [1, 0, 0, 0, 0],
            [1, 0, 0, 0, 0],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 0, 1],
            [0, 0, 1, 0, 1],
        ],
    }


def test_a_level_nobody_gave_does_not_count_in_the_mean() -> None:
    assert three_level_figures(np.array([1, 0]), np.array([1, 1])) == {
        "macro_f1_3": 0.6667,
        "f1_negative": 0.6667,
    }


def test_vader_is_judged_by_its_authors_thresholds() -> None:
    compounds = np.array([0.05, 0.0499, -0.0499, -0.05, 0.9])
    truth = np.array([0, 2, 2, 4, NO_LEVEL])
    assert vader_figures(compounds, truth) == {"macro_f1_3": 1.0, "f1_negative": 1.0}


def test_without_a_labelled_level_there_are_no_figures_of_sentiment() -> None:
    none = np.full(2, NO_LEVEL)
    three = {"macro_f1_3": None, "f1_negative": None}
    expected = {"accuracy_5": None, "macro_f1_5": None, **three, "n": 0}
    assert sentiment_figures(np.zeros(2, dtype=int), none) == expected
    assert vader_figures(np.zeros(2), none) == three
    assert calibration_error(np.full((2, 5), 0.2), none) == 0.0


@pytest.mark.parametrize(
    ("sure", "right", "error"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [True, False], 0.5),
        # Two bins of two: 0.62 on average and half right, 0.9 and all right.
        ([0.61, 0.63, 0.91, 0.93], [True, False, True, True], 0.1),
    ],
)
def test_the_calibration_error_is_how_far_sureness_is_from_being_right(
    sure: list[float], right: list[bool], error: float
) -> None:
    shares = np.array([[share, *[(1 - share) / 4] * 4] for share in sure])
    truth = np.array([0 if hit else 4 for hit in right])
    assert calibration_error(shares, truth) == pytest.approx(error, abs=1e-4)
