"""Training: cross-validation by respondent, thresholds, and a final fit on all comments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import LEVELS, Card, Parameters, WordVectors
from pipeline.stages.text_model import average, logistic, softmax, split_heads
from pipeline.training.card_figures import compute_figures
from pipeline.training.corpora import Corpus
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.fit import Fit, Units, fit_judge, fit_story, fit_survey, fit_topics
from pipeline.training.held_out import HeldOutPredictions, select_topics
from pipeline.training.origins import FOLDS
from pipeline.training.outputs import (
    judge_inputs,
    pool,
    segment_outputs,
    topic_outputs,
    whole_outputs,
)
from pipeline.training.task import Tasks, build_tasks
from pipeline.training.thresholds import best_thresholds, calibrate

MIN_TRAINING_EXAMPLES: Final = 20
"""Topics with fewer examples are found by their terms."""

_MIN_COMMENTS: Final = 100
_COPY_WEIGHT: Final = 0.2
_CORPUS_WEIGHT: Final = 0.5
_FINAL: Final = -1
"""The number of the fit on all comments, next to those of the folds."""


class InsufficientData(ValueError):
    """There are too few labels; the message says what is missing."""


@dataclass(frozen=True)
class TrainingResult:
    """A model, its card, and its held-out predictions."""

    parameters: Parameters
    card: Card
    held_out: HeldOutPredictions


def train(
    examples: Examples,
    taxonomy: Taxonomy,
    lexicon: Lexicon,
    *,
    data: dict[str, str | int],
    corpora: Sequence[Corpus] = (),
    seed: int = 7,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> TrainingResult:
    """Fit a model; ``corpora`` are further texts to learn sentiment from.

    ``progress`` is called with the number of fits done, and of all fits. Raises
    :class:`InsufficientData`.
    """
    counts = examples.counts()
    topics = tuple(name for name in taxonomy.topics if counts.get(name, 0) >= MIN_TRAINING_EXAMPLES)
    _check(examples, topics)
    vectors = WordVectors.load()
    terms = {name: taxonomy.topics[name].terms for name in topics}
    tasks = build_tasks(examples, topics, terms, lexicon, corpora, vectors, seed)
    fits = _fit_all(tasks, seed, progress)
    held_out = _Held(tasks, fits)
    predictions = held_out.predict(examples)
    parameters = held_out.parameters()
    card = Card(
        name=taxonomy.name,
        version=f"{taxonomy.name}-{parameters.fingerprint()}",
        topics=topics,
        examples={topic: counts[topic] for topic in topics},
        terms=terms,
        phrases=lexicon.phrases(),
        data={
            **data,
            **_describe(corpora),
            "comments": len(examples),
            "respondents": len(np.unique(examples.people)),
        },
        figures=compute_figures(predictions, examples, topics, taxonomy),
    )
    return TrainingResult(parameters, card, predictions)


def _describe(corpora: Sequence[Corpus]) -> dict[str, str]:
    """Return a line on each corpus for the card."""
    return {
        corpus.name: f"{len(corpus.texts):,} texts, {corpus.licence}, {corpus.url}"
        for corpus in corpora
    }


def _check(examples: Examples, topics: tuple[str, ...]) -> None:
    if len(examples) < _MIN_COMMENTS:
        raise InsufficientData(
            f"{len(examples)} labelled comments; at least {_MIN_COMMENTS} are needed"
        )
    respondents = len(np.unique(examples.people))
    if respondents < FOLDS:
        raise InsufficientData(
            f"comments of {respondents} respondents; at least {FOLDS} are needed"
        )
    if not topics and (examples.levels == NO_LEVEL).all():
        raise InsufficientData(
            "no comment has a sentiment, and no topic of the taxonomy has "
            f"{MIN_TRAINING_EXAMPLES} examples"
        )


Fits = dict[tuple[str, int | str], Fit]


def _fit_all(tasks: Tasks, seed: int, progress: Callable[[int, int], None]) -> Fits:
    """Fit each part on all comments, without each fold, and stories without each corpus."""
    jobs: list[tuple[str, int | str]] = [("story", name) for name in tasks.corpora]
    jobs += [(p, n) for n in (*range(FOLDS), _FINAL) for p in ("survey", "story", "topics")]

    fits: Fits = {}
    run = Parallel(n_jobs=min(2, os.cpu_count() or 1), return_as="generator_unordered")
    for part, held, fitted in run(_prepare(tasks, *job, seed) for job in jobs):
        fits[part, held] = fitted
        progress(len(fits), len(jobs))
    return fits


def _prepare(tasks: Tasks, part: str, held: int | str, seed: int) -> Any:
    """Return the call of one fit, with what it needs and no more: it goes to another process."""
    units = {"topics": tasks.topics, "survey": tasks.survey.units, "story": tasks.story.units}[part]
    fold = None
    if isinstance(held, str):
        units = units.without(tasks.in_corpus(held))
    elif held != _FINAL:
        fold = held
    return delayed(_fit_one)(part, held, units, fold, seed)


def _fit_one(
    part: str, held: int | str, units: Units, fold: int | None, seed: int
) -> tuple[str, int | str, Fit]:
    if part == "topics":
        return part, held, fit_topics(units, fold, seed)
    return part, held, (fit_survey if part == "survey" else fit_story)(units, fold)


class _Held:
    """Outputs for comments that a fit has not seen, and what follows from them."""

    def __init__(self, tasks: Tasks, fits: Fits) -> None:
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
        spoken = topic_outputs(tasks.spoken_topics, by_fold["topics"], np.arange(judged))
        inputs = judge_inputs(
            tasks.survey.head(judged),
            segment_outputs(tasks.survey, by_fold["survey"]),
            whole_outputs(tasks.survey, by_fold["survey"]),
            self.story.take(tasks.story_of_judged),
            spoken,
        )
        self._inputs = inputs

    def _judge(self, fold: int | None) -> NDArray[Any]:
        """Return the judge fitted without a fold, [inputs + 1, 10]."""
        levels, folds = self._tasks.judged_levels, self._tasks.judged_folds
        rows = np.flatnonzero((levels != NO_LEVEL) & (folds != fold))
        if not len(rows):  # sentiment is not labelled: none is trained
            return np.zeros((self._inputs.shape[1] + 1, 2 * LEVELS), dtype=np.float32)
        weights = self._tasks.judged_weights(_COPY_WEIGHT, _CORPUS_WEIGHT)[rows]
        parts = [
            fit_judge(self._inputs[rows], levels[rows], weights, balance)
            for balance in (None, "balanced")
        ]
        return np.concatenate(parts, axis=1)

    def predict(self, examples: Examples) -> HeldOutPredictions:
        """Predict every fold with thresholds and a judge chosen on the others."""
        tasks, count = self._tasks, self._count
        truth, folds = tasks.topics.truth[:count], tasks.judged_folds[:count]
        selected, likeliest = np.zeros_like(truth), np.zeros_like(truth)
        shares = np.zeros((count, 5))
        for fold in range(FOLDS):
            others, these = folds != fold, folds == fold
            scores = self.scores[:count]
            has = truth[others].any(axis=1)
            thresholds = best_thresholds(scores[others][has], truth[others][has])
            curve = calibrate(scores[others], truth[others])
            likely = logistic(scores[these] * curve[:, 0] + curve[:, 1])
            selected[these] = select_topics(scores[these] - thresholds, likely)
            likeliest[these] = select_topics(scores[these] - thresholds, likely, 0.0)
            weights = self._judge(fold)
            heads = split_heads(self._inputs[:count][these] @ weights[:-1] + weights[-1])
            shares[these] = average(*heads)
        corpora = {}
        for name in tasks.corpora:
            task, rows = tasks.story, np.flatnonzero(tasks.in_corpus(name))
            fitted = self._fits["story", name]
            outputs = np.zeros((len(task.of), 5))
            units = task.units
            outputs[rows] = fitted.outputs(units.counts, units.context, rows, units.vectors)
            which = np.unique(task.of[rows])
            corpora[name] = (pool(task, softmax(outputs)).mean[which], task.comments.levels[which])
        return HeldOutPredictions(
            selected, likeliest, truth, shares, examples.levels, self.story.mean[:count], corpora
        )

    def parameters(self) -> Parameters:
        """Return the final model."""
        tasks, count = self._tasks, self._count
        scores, truth = self.scores[:count], tasks.topics.truth[:count]
        has = truth.any(axis=1)
        thresholds = np.zeros(0)
        if truth.shape[1]:
            thresholds = best_thresholds(scores[has], truth[has])
        return Parameters(
            topics=self._fits["topics", _FINAL].to_part(tasks.topics.counts),
            survey=self._fits["survey", _FINAL].to_part(tasks.survey.units.counts),
            story=self._fits["story", _FINAL].to_part(tasks.story.units.counts),
            survey_judge=self._judge(None),
            thresholds=thresholds.astype(np.float32),
            calibration=calibrate(scores, truth),
            people=np.unique(tasks.topics.people[:count]),
        )
