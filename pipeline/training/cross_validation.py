"""Cross-validation: what fits without a fold say of it, and what is chosen by that."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.parameters import LEVELS, Parameters
from pipeline.stages.text_model import average, logistic, softmax, split_heads
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.fit import MIN_ORIGINAL_WEIGHT, MIN_TRAINING_EXAMPLES, Fit, fit_judge
from pipeline.training.held_out import HeldOutPredictions, select_topics
from pipeline.training.origins import FOLDS
from pipeline.training.outputs import (
    judge_inputs,
    pool,
    segment_outputs,
    topic_outputs,
    whole_outputs,
)
from pipeline.training.story_judge import StoryJudge, judge_stories
from pipeline.training.task import Tasks
from pipeline.training.thresholds import best_thresholds, calibrate

FINAL: Final = -1
"""The number of the fit on all comments, next to those of the folds."""

Fits = dict[tuple[str, int | str], Fit]
"""By part, and by the fold or the corpus that is left out."""


class CrossValidation:
    """Outputs for comments that a fit has not seen, and what follows from them."""

    def __init__(self, tasks: Tasks, fits: Fits) -> None:
        """Compute the outputs of each fold by the fits without it."""
        self._tasks, self._fits = tasks, fits
        self._count = tasks.originals
        judged = len(tasks.judged_folds)
        by_fold = {
            part: {fold: fits[part, fold] for fold in range(FOLDS)}
            for part in ("topics", "survey", "story")
        }
        self.scores = topic_outputs(tasks.topics, by_fold["topics"], np.arange(judged))
        story = softmax(segment_outputs(tasks.story, by_fold["story"]))
        self.story = pool(tasks.story, story)
        self.story_judge = StoryJudge(tasks, self.story)
        spoken = topic_outputs(tasks.spoken_topics, by_fold["topics"], np.arange(judged))
        inputs = judge_inputs(
            tasks.survey.head(judged),
            segment_outputs(tasks.survey, by_fold["survey"]),
            whole_outputs(tasks.survey, by_fold["survey"]),
            self.story.take(tasks.story_of_judged),
            spoken,
        )
        self._inputs = inputs
        written = tasks.topics.weights[:judged] >= MIN_ORIGINAL_WEIGHT
        written[: self._count] = False
        self._written = np.flatnonzero(written)
        self._cuts = {fold: self._choose_cuts(fold) for fold in (*range(FOLDS), None)}

    def _choose_cuts(self, fold: int | None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return thresholds and calibration, chosen without a fold.

        A topic that the file has too few examples of is cut by the texts of corpora too.
        """
        folds, truth = self._tasks.judged_folds, self._tasks.topics.truth
        rows = np.flatnonzero(folds[: self._count] != fold)
        rows_with_topics = rows[truth[rows].any(axis=1)]
        thresholds = best_thresholds(self.scores[rows_with_topics], truth[rows_with_topics])
        curves = calibrate(self.scores[rows], truth[rows])
        scarce = truth[: self._count].sum(axis=0) < MIN_TRAINING_EXAMPLES
        if scarce.any():
            more = self._written[folds[self._written] != fold]
            rows, rows_with_topics = np.append(rows, more), np.append(rows_with_topics, more)
            scores, truth = self.scores[:, scarce], truth[:, scarce]
            thresholds[scarce] = best_thresholds(scores[rows_with_topics], truth[rows_with_topics])
            curves[scarce] = calibrate(scores[rows], truth[rows])
        return thresholds, curves

    def _judge(self, fold: int | None) -> NDArray[Any]:
        """Return the judge fitted without a fold, [inputs + 1, 10]."""
        levels, folds = self._tasks.judged_levels, self._tasks.judged_folds
        rows = np.flatnonzero((levels != NO_LEVEL) & (folds != fold))
        if not len(rows):  # sentiment is not labelled: none is trained
            return np.zeros((self._inputs.shape[1] + 1, 2 * LEVELS), dtype=np.float32)
        weights = self._tasks.judged_weights()[rows]
        parts = [
            fit_judge(self._inputs[rows], levels[rows], weights, balance)
            for balance in (None, "balanced")
        ]
        return np.concatenate(parts, axis=1)

    def predict(self, examples: Examples) -> HeldOutPredictions:
        """Predict every fold with thresholds and a judge chosen on the others."""
        tasks, count = self._tasks, self._count
        truth, folds = tasks.topics.truth[:count], tasks.judged_folds
        selected, likeliest = np.zeros_like(truth), np.zeros_like(truth)
        shares = np.zeros((count, 5))
        for fold in range(FOLDS):
            these = folds[:count] == fold
            scores = self.scores[:count]
            thresholds, curve = self._cuts[fold]
            likely = logistic(scores[these] * curve[:, 0] + curve[:, 1])
            selected[these] = select_topics(scores[these] - thresholds, likely)
            likeliest[these] = select_topics(scores[these] - thresholds, likely, 0.0)
            weights = self._judge(fold)
            heads = split_heads(self._inputs[:count][these] @ weights[:-1] + weights[-1])
            shares[these] = average(*heads)
        return HeldOutPredictions(
            selected,
            likeliest,
            truth,
            shares,
            examples.levels,
            self.story_judge.held_out(),
            self._predict_corpora(),
            self._written_topics(),
        )

    def _predict_corpora(self) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
        """Return the predictions of each corpus by a head and a judge without it, and levels."""
        corpora = {}
        task = self._tasks.story
        units = task.units
        for name in self._tasks.left_out:
            rows = np.flatnonzero(self._tasks.in_corpus(name))
            fitted = self._fits["story", name]
            outputs = np.zeros((len(task.of), LEVELS))
            outputs[rows] = fitted.outputs(units.counts, units.context, rows, units.vectors)
            which = np.unique(task.of[rows])
            pooled = pool(task, softmax(outputs)).take(which)
            judged = judge_stories(pooled, self.story_judge.fit(corpus=name))
            corpora[name] = (judged, task.comments.levels[which])
        return corpora

    def _written_topics(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the topics of written answers by fits and thresholds without them, and truth."""
        folds, truth = self._tasks.judged_folds, self._tasks.topics.truth[self._written]
        selected = np.zeros_like(truth)
        for fold in range(FOLDS) if len(self._written) else ():
            these = folds[self._written] == fold
            thresholds, _ = self._cuts[fold]
            selected[these] = self.scores[self._written[these]] >= thresholds
        return selected, truth

    def parameters(self) -> Parameters:
        """Return the final model."""
        tasks = self._tasks
        thresholds, curves = self._cuts[None]
        return Parameters(
            topics=self._fits["topics", FINAL].to_part(tasks.topics.counts),
            survey=self._fits["survey", FINAL].to_part(tasks.survey.units.counts),
            story=self._fits["story", FINAL].to_part(tasks.story.units.counts),
            survey_judge=self._judge(None),
            story_judge=self.story_judge.fit(),
            thresholds=thresholds.astype(np.float32),
            calibration=curves,
            people=np.unique(tasks.topics.people[: self._count]),
        )
