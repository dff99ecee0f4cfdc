"""Training: cross-validation by respondent, thresholds, and a final fit on all comments."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed

from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import Card, Parameters, WordVectors
from pipeline.training.card_figures import compute_figures
from pipeline.training.corpora import Corpus
from pipeline.training.cross_validation import FINAL, CrossValidation, Fits
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.fit import (
    MIN_TRAINING_EXAMPLES,
    Fit,
    Units,
    fit_story,
    fit_survey,
    fit_topics,
)
from pipeline.training.held_out import HeldOutPredictions
from pipeline.training.origins import FOLDS
from pipeline.training.task import Tasks, build_tasks

_MIN_COMMENTS: Final = 100


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
    counts = Counter(examples.counts())
    for corpus in corpora:
        counts.update(topic for text in corpus.texts for topic in text.topics or ())
    topics = tuple(name for name in taxonomy.topics if counts.get(name, 0) >= MIN_TRAINING_EXAMPLES)
    _check(examples, topics)
    vectors = WordVectors.load()
    terms = {name: taxonomy.topics[name].terms for name in topics}
    tasks = build_tasks(examples, topics, terms, lexicon, corpora, vectors, seed)
    fits = _fit_all(tasks, seed, progress)
    held_out = CrossValidation(tasks, fits)
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


def _fit_all(tasks: Tasks, seed: int, progress: Callable[[int, int], None]) -> Fits:
    """Fit each part on all comments, without each fold, and stories without each corpus."""
    jobs: list[tuple[str, int | str]] = [("story", name) for name in tasks.left_out]
    jobs += [(p, n) for n in (*range(FOLDS), FINAL) for p in ("survey", "story", "topics")]

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
    elif held != FINAL:
        fold = held
    return delayed(_fit_one)(part, held, units, fold, seed)


def _fit_one(
    part: str, held: int | str, units: Units, fold: int | None, seed: int
) -> tuple[str, int | str, Fit]:
    if part == "topics":
        return part, held, fit_topics(units, fold, seed)
    return part, held, (fit_survey if part == "survey" else fit_story)(units, fold)
