"""From labelled comments to a model: cross-validation by respondent, thresholds, and the last fit
on everything.
"""

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
from pipeline.training.design import Counter
from pipeline.training.examples import NO_LEVEL, Examples, phrase_comments, without_hints
from pipeline.training.figures import (
    LEAST_EXAMPLES,
    calibration_error,
    sentiment_figures,
    topic_figures,
    vader_figures,
)
from pipeline.training.fit import Fit, Task, fit_all, folds_of
from pipeline.training.thresholds import best_thresholds, calibrate

FOLDS: Final = 5
LEAST_TRAINED: Final = 20
"""Topics with fewer examples are left to their terms."""

_LEAST_COMMENTS: Final = 100


class TooLittle(ValueError):
    """The labels are too few to learn from; the message says what is missing."""


@dataclass(frozen=True)
class Unseen:
    """What each comment got from a model that had not seen its writer."""

    given: NDArray[Any]
    """[comments, topics]."""
    truth: NDArray[Any]
    shares: NDArray[Any]
    """[comments, 5]."""
    levels: NDArray[Any]


@dataclass(frozen=True)
class Trained:
    """A model, its card, and how it was judged."""

    parameters: Parameters
    card: Card
    unseen: Unseen


def train(
    examples: Examples,
    taxonomy: Taxonomy,
    lexicon: Lexicon,
    *,
    data: dict[str, str | int],
    seed: int = 7,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Trained:
    """Fit a model. ``progress`` is told how many of the fits are done.

    Raises :class:`TooLittle`.
    """
    counts = examples.counts()
    topics = tuple(name for name in taxonomy.topics if counts.get(name, 0) >= LEAST_TRAINED)
    _check(examples, topics)
    vectors = WordVectors.load()
    terms = {name: taxonomy.topics[name].terms for name in topics}
    counter = Counter(terms, lexicon.phrases(), vectors)
    task = _task(examples, topics, counter, lexicon, vectors, seed)
    folds = folds_of(task.people, FOLDS, seed)
    everything = np.arange(task.size)
    sets = [everything[folds != fold] for fold in range(FOLDS)] + [everything]
    fits: dict[int, Fit] = {}
    for number, one in fit_all(task, sets, jobs=min(2, os.cpu_count() or 1)):
        fits[number] = one
        progress(len(fits), len(sets))
    outputs = np.zeros((task.size, fits[FOLDS].intercepts.size))
    for fold in range(FOLDS):
        outputs[folds == fold] = fits[fold].outputs(task, everything[folds == fold])
    unseen = _judged(outputs, task, folds)
    parameters = _parameters(fits[FOLDS], outputs, task)
    card = Card(
        name=taxonomy.name,
        version=f"{taxonomy.name}-{parameters.fingerprint()}",
        topics=topics,
        examples={topic: counts[topic] for topic in topics},
        terms=terms,
        phrases=lexicon.phrases(),
        data={**data, "comments": task.size, "respondents": len(parameters.people)},
        figures=figures_of(unseen, examples, topics),
    )
    return Trained(parameters, card, unseen)


def _check(examples: Examples, topics: tuple[str, ...]) -> None:
    if len(examples) < _LEAST_COMMENTS:
        raise TooLittle(f"{len(examples)} labelled comments; at least {_LEAST_COMMENTS} are needed")
    respondents = len(np.unique(examples.people))
    if respondents < FOLDS:
        raise TooLittle(f"comments of {respondents} respondents; at least {FOLDS} are needed")
    if not topics and (examples.levels == NO_LEVEL).all():
        raise TooLittle(
            f"no comment has a sentiment, and no topic of the taxonomy has {LEAST_TRAINED} examples"
        )


def _task(
    examples: Examples,
    topics: tuple[str, ...],
    counter: Counter,
    lexicon: Lexicon,
    vectors: WordVectors,
    seed: int,
) -> Task:
    """Originals, their copies as a review or a mention would come, half of them unrated, and the
    lexicon's phrases.
    """
    rated = np.random.default_rng(seed).random(len(examples)) < 0.5
    copies = [
        without_hints(comment, rating=bool(keep))
        for comment, keep in zip(examples.comments, rated, strict=True)
    ]
    phrases, levels = phrase_comments(lexicon)
    if (examples.levels == NO_LEVEL).all():  # nobody labelled sentiment: none is taught
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


def _judged(outputs: NDArray[Any], task: Task, folds: NDArray[Any]) -> Unseen:
    """Every fold by thresholds that were chosen on the others."""
    topics = task.topics.shape[1]
    given = np.zeros_like(task.topics)
    for fold in range(FOLDS):
        others, these = folds != fold, folds == fold
        scores, truth = outputs[others, :topics], task.topics[others]
        has = truth.any(axis=1)
        thresholds = best_thresholds(scores[has], truth[has])
        curve = calibrate(scores, truth)
        margins = outputs[these, :topics] - thresholds
        likely = logistic(outputs[these, :topics] * curve[:, 0] + curve[:, 1])
        given[these] = given_topics(margins, likely)
    return Unseen(given, task.topics, level_shares(outputs[:, topics:])[0], task.levels)


def given_topics(margins: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    """[comments, topics] of 0 and 1: those over their thresholds, else the best one if likely."""
    given: NDArray[Any] = (margins >= 0).astype(int)
    if margins.shape[1]:
        best = margins.argmax(axis=1)
        places = np.arange(len(margins))
        lone = ~given.any(axis=1) & (probabilities[places, best] >= MIN_BEST_PROBABILITY)
        given[places[lone], best[lone]] = 1
    return given


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


def figures_of(unseen: Unseen, examples: Examples, topics: tuple[str, ...]) -> dict[str, Any]:
    """The figures of comments whose writers the models had not seen."""
    judged = [n for n in range(len(topics)) if unseen.truth[:, n].sum() >= LEAST_EXAMPLES]
    compounds = np.array([comment.vader.compound for comment in examples.comments])
    return {
        "topics": topic_figures(
            unseen.given[:, judged], unseen.truth[:, judged], tuple(topics[n] for n in judged)
        ),
        "sentiment": {
            **sentiment_figures(unseen.shares.argmax(axis=1), unseen.levels),
            "calibration_error": calibration_error(unseen.shares, unseen.levels),
        },
        "vader": vader_figures(compounds, unseen.levels),
    }
