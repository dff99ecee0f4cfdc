"""From scores to topics: a threshold and a probability for each topic."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_SHRINK: Final = 60
"""Examples that the threshold common to all topics is worth beside a topic's own."""


def best_thresholds(scores: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """Each topic's threshold of the highest F1, drawn towards the best common one.

    The fewer examples a topic has, the less its own optimum is worth.
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


def _micro_f1(given: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(2 * (given & (truth > 0)).sum() / max(1, given.sum() + truth.sum()))


def calibrate(scores: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """[topics, 2]: slope and intercept that turn scores into probabilities (Platt, 1999)."""
    from sklearn.linear_model import LogisticRegression

    found = []
    for topic in range(truth.shape[1]):
        if truth[:, topic].min() == truth[:, topic].max():
            found.append((1.0, 5.0 if truth[0, topic] else -5.0))
            continue
        curve = LogisticRegression(C=10.0).fit(scores[:, topic : topic + 1], truth[:, topic])
        found.append((float(curve.coef_[0, 0]), float(curve.intercept_[0])))
    return np.array(found, dtype=np.float32).reshape(-1, 2)
