"""Predictions for each comment by a model that was not trained on its author."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.text_model import MIN_BEST_PROBABILITY


@dataclass(frozen=True)
class HeldOutPredictions:
    """Predictions, and the labels by readers."""

    topics: NDArray[Any]
    """[comments, topics]."""
    likeliest: NDArray[Any]
    """[comments, topics]: the same if a comment without one always got its likeliest."""
    truth: NDArray[Any]
    shares: NDArray[Any]
    """[comments, 5]: by the survey's head."""
    levels: NDArray[Any]
    story: NDArray[Any]
    """[comments, 5]: by the story's head, which sees neither question nor rating."""
    corpora: dict[str, tuple[NDArray[Any], NDArray[Any]]] = field(default_factory=dict)
    """By corpus: probabilities by a story's head that saw none of it, and levels."""
    written_topics: tuple[NDArray[Any], NDArray[Any]] | None = None
    """Topics of answers written to learn from, predicted and true, [answers, topics]."""


def select_topics(
    margins: NDArray[Any],
    probabilities: NDArray[Any],
    least: float = MIN_BEST_PROBABILITY,
) -> NDArray[Any]:
    """Return [comments, topics] of 0 and 1: topics over their thresholds, else a likely best.

    ``least`` is the probability that the best needs.
    """
    selected: NDArray[Any] = (margins >= 0).astype(int)
    if margins.shape[1]:
        best = margins.argmax(axis=1)
        places = np.arange(len(margins))
        lone = ~selected.any(axis=1) & (probabilities[places, best] >= least)
        selected[places[lone], best[lone]] = 1
    return selected
