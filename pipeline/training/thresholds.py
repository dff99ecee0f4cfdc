"""From scores to topics: a threshold and a probability for each topic."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

_SHRINK: Final = 60
"""Weight of the threshold common to all topics, in examples of a topic."""


def best_thresholds(scores: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """Return each topic's threshold of the highest F1, shrunk towards the best common one.

    The fewer examples a topic has, the less weight its own optimum has.
    """
    if not len(truth):
        return np.zeros(truth.shape[1])
    own = np.array([_own(scores[:, topic], truth[:, topic]) for topic in range(truth.shape[1])])
    common = max(np.linspace(-1.5, 1, 51), key=lambda level: _micro_f1(scores >= level, truth))
    examples = truth.sum(axis=0)
    thresholds: NDArray[Any] = (examples * own + _SHRINK * common) / (examples + _SHRINK)
    return thresholds


def _own(scores: NDArray[Any], truth: NDArray[Any]) -> float:
    order = np.argsort(-scores)
    right = np.cumsum(truth[order])
    f1 = 2 * right / (np.arange(1, len(truth) + 1) + max(1, truth.sum()))
    best = int(np.argmax(f1))
    following = min(best + 1, len(order) - 1)
    return float(scores[order[best]] + scores[order[following]]) / 2


def _micro_f1(predicted: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(2 * (predicted & (truth > 0)).sum() / max(1, predicted.sum() + truth.sum()))


def calibrate(scores: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """Return [topics, 2]: slope and intercept from scores to probabilities (Platt, 1999)."""
    curves = []
    for topic in range(truth.shape[1]):
        if truth[:, topic].min() == truth[:, topic].max():
            curves.append((1.0, 5.0 if truth[0, topic] else -5.0))
            continue
        curve = LogisticRegression(C=10.0).fit(scores[:, topic : topic + 1], truth[:, topic])
        curves.append((float(curve.coef_[0, 0]), float(curve.intercept_[0])))
    return np.array(curves, dtype=np.float32).reshape(-1, 2)
