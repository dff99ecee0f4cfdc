import numpy as np
import pytest

from pipeline.training.thresholds import best_thresholds, calibrate


def test_a_topic_with_many_examples_gets_the_threshold_of_its_highest_f1() -> None:
    scores = np.concatenate([np.linspace(0.5, 1, 6_000), np.linspace(-1, -0.5, 6_000)])[:, None]
    truth = (scores > 0).astype(int)
    (threshold,) = best_thresholds(scores, truth)
    # Its own is half-way between the two groups; the common one is anywhere between them.
    assert abs(threshold) < 0.02
    assert ((scores >= threshold) == truth).all()


def test_the_fewer_examples_the_nearer_to_the_common_threshold() -> None:
    chance = np.random.default_rng(1)
    truth = np.zeros((2_000, 2), dtype=int)
    truth[:900, 0] = 1
    truth[-3:, 1] = 1
    scores = np.where(truth == 1, 0.5, -0.5) + chance.normal(0, 0.01, truth.shape)
    scores[-3:, 1] = 3.0  # on its own the rare topic would want a threshold of about 1.2
    often, rare = best_thresholds(scores, truth)
    assert abs(often) < 0.1
    assert rare < 0.2


def test_a_topic_without_examples_gets_the_common_threshold() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 0], [0, 0]])
    scores = np.array([[1.0, 0.9], [1.0, 0.1], [-1.0, 0.2], [-1.0, 0.3]])
    often, never = best_thresholds(scores, truth)
    common = (often * 62 - 2 * 0.0) / 60
    assert never == pytest.approx(common)


def test_probabilities_follow_how_often_a_score_was_right() -> None:
    chance = np.random.default_rng(1)
    scores = chance.uniform(-3, 3, (20_000, 1))
    truth = (chance.random((20_000, 1)) < 1 / (1 + np.exp(-(2 * scores - 1)))).astype(int)
    ((slope, shift),) = calibrate(scores, truth)
    assert slope == pytest.approx(2, abs=0.1)
    assert shift == pytest.approx(-1, abs=0.1)


def test_a_topic_without_examples_is_improbable() -> None:
    ((slope, shift),) = calibrate(np.array([[0.5], [-0.5]]), np.array([[0], [0]]))
    assert 1 / (1 + np.exp(-(slope * 1 + shift))) < 0.05


def test_a_topic_of_every_comment_is_probable() -> None:
    ((slope, shift),) = calibrate(np.array([[0.5], [0.6]]), np.array([[1], [1]]))
    assert 1 / (1 + np.exp(-(slope * 0.5 + shift))) > 0.95


def test_without_a_labelled_comment_there_is_a_threshold_nevertheless() -> None:
    assert best_thresholds(np.zeros((0, 2)), np.zeros((0, 2), dtype=int)).shape == (2,)


def test_no_topic_needs_no_threshold() -> None:
    assert best_thresholds(np.zeros((3, 0)), np.zeros((3, 0), dtype=int)).shape == (0,)
    assert calibrate(np.zeros((3, 0)), np.zeros((3, 0), dtype=int)).size == 0
