"""The judge of texts alone, fitted on what the story's head says of texts that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.judge import Pooled, judge, story_inputs
from pipeline.stages.parameters import LEVELS
from pipeline.stages.text_model import softmax
from pipeline.training.examples import NO_LEVEL
from pipeline.training.fit import fit_judge
from pipeline.training.task import Tasks

_MAX_WEIGHT: Final = 4_000.0
"""Weight of a corpus at most, in texts, so that no way of writing outvotes the others."""


@dataclass(frozen=True)
class StoryJudge:
    """Fits the judge on all texts, or without some."""

    tasks: Tasks
    pooled: Pooled
    """Of all texts, each by a head that has not seen it."""

    def fit(self, fold: int | None = None, corpus: str | None = None) -> NDArray[Any]:
        """Return the judge, [inputs + 1, 5], fitted without a fold and a corpus."""
        comments = self.tasks.story.comments
        weights = self._weights(corpus)
        kept = (comments.levels != NO_LEVEL) & (comments.folds >= 0) & (weights > 0)
        if fold is not None:
            kept &= comments.folds != fold
        rows = np.flatnonzero(kept)
        if not len(rows):  # sentiment is not labelled: none is trained
            return np.zeros((story_inputs(self.pooled).shape[1] + 1, LEVELS), dtype=np.float32)
        inputs = story_inputs(self.pooled.take(rows))
        return fit_judge(inputs, comments.levels[rows], weights[rows], None)

    def held_out(self) -> NDArray[Any]:
        """Return the levels' probabilities of the originals, [originals, 5]."""
        tasks = self.tasks
        shares = np.zeros((tasks.originals, LEVELS))
        folds = tasks.story.comments.folds[: tasks.originals]
        for fold in np.unique(folds):
            rows = np.flatnonzero(folds == fold)
            shares[rows] = judge_stories(self.pooled.take(rows), self.fit(fold=int(fold)))
        return shares

    def _weights(self, corpus: str | None) -> NDArray[Any]:
        tasks = self.tasks
        weights = np.zeros(len(tasks.story.comments))
        for name, (begin, end) in (("", (0, tasks.originals)), *tasks.corpora.items()):
            if name != corpus:
                is_capped = name in tasks.left_out
                weights[begin:end] = (
                    min(1.0, _MAX_WEIGHT / max(1, end - begin)) if is_capped else 1.0
                )
        return weights


def judge_stories(pooled: Pooled, weights: NDArray[Any]) -> NDArray[Any]:
    """Return the levels' probabilities, [texts, 5]."""
    return softmax(judge(story_inputs(pooled), weights))
