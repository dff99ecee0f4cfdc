"""Training: cross-validation by respondent, thresholds, and a final fit on all comments."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import Card, Parameters, WordVectors
from pipeline.stages.text_model import MIN_BEST_PROBABILITY, level_shares, logistic
from pipeline.training.design import FeatureCounter
from pipeline.training.examples import NO_LEVEL, Examples, phrase_comments, without_hints
from pipeline.training.figures import (
    MIN_EXAMPLES,
    calibration_error,
    sentiment_figures,
    topic_figures,
    vader_figures,
)
from pipeline.training.fit import Fit, Task, assign_folds, fit_all
from pipeline.training.thresholds import best_thresholds, calibrate

FOLDS: Final = 5
MIN_TRAINING_EXAMPLES: Final = 20
"""Topics with fewer examples are found by their terms."""

_MIN_COMMENTS: Final = 100


class InsufficientData(ValueError):
    """There are too few labels; the message says what is missing."""


@dataclass(frozen=True)
class HeldOutPredictions:
    """Predictions for each comment by a model that was not trained on its author."""

    topics: NDArray[Any]
    """[comments, topics]."""
    truth: NDArray[Any]
    shares: NDArray[Any]
    """[comments, 5]."""
    levels: NDArray[Any]


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
    seed: int = 7,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> TrainingResult:
    """Fit a model. ``progress`` is called with the number of fits done, and of all fits.

    Raises :class:`InsufficientData`.
    """
    counts = examples.counts()
    topics = tuple(name for name in taxonomy.topics if counts.get(name, 0) >= MIN_TRAINING_EXAMPLES)
    _check(examples, topics)
    vectors = WordVectors.load()
    terms = {name: taxonomy.topics[name].terms for name in topics}
    counter = FeatureCounter(terms, lexicon.phrases(), vectors)
    task = _task(examples, topics, counter, lexicon, vectors, seed)
    folds = assign_folds(task.people, FOLDS, seed)
    all_rows = np.arange(task.size)
    sets = [all_rows[folds != fold] for fold in range(FOLDS)] + [all_rows]
    fits: dict[int, Fit] = {}
    for number, result in fit_all(task, sets, jobs=min(2, os.cpu_count() or 1)):
        fits[number] = result
        progress(len(fits), len(sets))
    outputs = np.zeros((task.size, fits[FOLDS].intercepts.size))
    for fold in range(FOLDS):
        outputs[folds == fold] = fits[fold].outputs(task, all_rows[folds == fold])
    held_out = _predict_held_out(outputs, task, folds)
    parameters = _parameters(fits[FOLDS], outputs, task)
    card = Card(
        name=taxonomy.name,
        version=f"{taxonomy.name}-{parameters.fingerprint()}",
        topics=topics,
        examples={topic: counts[topic] for topic in topics},
        terms=terms,
        phrases=lexicon.phrases(),
        data={**data, "comments": task.size, "respondents": len(parameters.people)},
        figures=compute_figures(held_out, examples, topics),
    )
    return TrainingResult(parameters, card, held_out)


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


def _task(
    examples: Examples,
    topics: tuple[str, ...],
    counter: FeatureCounter,
    lexicon: Lexicon,
    vectors: WordVectors,
    seed: int,
) -> Task:
    """Build the task: originals, copies without the question, and the lexicon's phrases.

    The copies resemble reviews and mentions; half of them have no rating.
    """
    rated = np.random.default_rng(seed).random(len(examples)) < 0.5
    copies = [
        without_hints(comment, rating=bool(keep))
        for comment, keep in zip(examples.comments, rated, strict=True)
    ]
    phrases, levels = phrase_comments(lexicon)
    if (examples.levels == NO_LEVEL).all():  # sentiment is not labelled: none is trained
        phrases, levels = [], []
    return Task(
        counter.count([*examples.comments, *copies, *phrases]),
        examples.topic_matrix(topics),
        examples.levels,
        examples.people,
        np.array(levels, dtype=int),
        vectors,
        seed,
    )


def _predict_held_out(outputs: NDArray[Any], task: Task, folds: NDArray[Any]) -> HeldOutPredictions:
    """Predict every fold with thresholds chosen on the others."""
    topics = task.topics.shape[1]
    selected = np.zeros_like(task.topics)
    for fold in range(FOLDS):
        others, these = folds != fold, folds == fold
        scores, truth = outputs[others, :topics], task.topics[others]
        has = truth.any(axis=1)
        thresholds = best_thresholds(scores[has], truth[has])
        curve = calibrate(scores, truth)
        margins = outputs[these, :topics] - thresholds
        likely = logistic(outputs[these, :topics] * curve[:, 0] + curve[:, 1])
        selected[these] = select_topics(margins, likely)
    return HeldOutPredictions(
        selected, task.topics, level_shares(outputs[:, topics:])[0], task.levels
    )


def select_topics(margins: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    """Return [comments, topics] of 0 and 1: topics over their thresholds, else a likely best."""
    selected: NDArray[Any] = (margins >= 0).astype(int)
    if margins.shape[1]:
        best = margins.argmax(axis=1)
        places = np.arange(len(margins))
        lone = ~selected.any(axis=1) & (probabilities[places, best] >= MIN_BEST_PROBABILITY)
        selected[places[lone], best[lone]] = 1
    return selected


def _parameters(fit: Fit, outputs: NDArray[Any], task: Task) -> Parameters:
    topics = task.topics.shape[1]
    has = task.topics.any(axis=1)
    thresholds = np.zeros(0)
    if topics:
        thresholds = best_thresholds(outputs[has, :topics], task.topics[has])
    design = fit.design
    features, dimensions = len(design.kept), task.vectors.vectors.shape[1]
    of_features = fit.coefficients[:features] * design.values[:, None]
    return Parameters(
        names=tuple(str(name) for name in task.counts.names[design.kept]),
        weights=of_features.astype(np.float16),
        squares=design.squares.astype(np.float32),
        vector_weights=fit.coefficients[features : features + dimensions].astype(np.float32),
        rareness=design.rareness.astype(np.float16),
        context_weights=fit.coefficients[features + dimensions :].astype(np.float32),
        intercepts=fit.intercepts.astype(np.float32),
        thresholds=thresholds.astype(np.float32),
        calibration=calibrate(outputs[:, :topics], task.topics),
        people=np.unique(task.people),
    )


def compute_figures(
    held_out: HeldOutPredictions, examples: Examples, topics: tuple[str, ...]
) -> dict[str, Any]:
    """Return the figures of the held-out predictions."""
    evaluated = [n for n in range(len(topics)) if held_out.truth[:, n].sum() >= MIN_EXAMPLES]
    compounds = np.array([comment.vader.compound for comment in examples.comments])
    return {
        "topics": topic_figures(
            held_out.topics[:, evaluated],
            held_out.truth[:, evaluated],
            tuple(topics[n] for n in evaluated),
        ),
        "sentiment": {
            **sentiment_figures(held_out.shares.argmax(axis=1), held_out.levels),
            "calibration_error": calibration_error(held_out.shares, held_out.levels),
        },
        "vader": vader_figures(compounds, held_out.levels),
    }
