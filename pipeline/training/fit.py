"""Fitting the text model: support vector machines for topics, logistic regressions for levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from pipeline.stages.features import CONTEXT_RATING, CONTEXT_SIZE
from pipeline.stages.parameters import LEVELS, WordVectors
from pipeline.training.design import Design, FeatureCounts, design_matrix, learn_design
from pipeline.training.examples import NO_LEVEL

_TOPIC_COST: Final = 0.04
_LEVEL_COST: Final = 0.5
_COPY_WEIGHT: Final = 0.1
_PHRASE_WEIGHT: Final = 0.3


@dataclass(frozen=True)
class Task:
    """All comments: the originals, then copies without the question, then the lexicon's phrases.

    Phrases are comments that train levels only.
    """

    counts: FeatureCounts
    topics: NDArray[Any]
    """[originals, topics], 0 or 1."""
    levels: NDArray[Any]
    """[originals]."""
    people: NDArray[Any]
    """[originals]."""
    phrase_levels: NDArray[Any]
    """[phrases]."""
    vectors: WordVectors
    seed: int

    @property
    def size(self) -> int:
        """Number of originals; their copies follow them in the same order."""
        return len(self.levels)


@dataclass(frozen=True)
class Fit:
    """A design and its coefficients: D outputs, topics first, then the heads' levels."""

    design: Design
    coefficients: NDArray[Any]
    """[columns of the matrix, D]."""
    intercepts: NDArray[Any]

    def outputs(self, task: Task, rows: NDArray[Any]) -> NDArray[Any]:
        """Return [rows, D]."""
        columns = design_matrix(task.counts, self.design, rows, task.vectors)
        scores: NDArray[Any] = columns @ self.coefficients + self.intercepts
        return scores


def fit(task: Task, rows: NDArray[Any]) -> Fit:
    """Fit on the originals at ``rows`` and their copies."""
    design = learn_design(task.counts, rows, task.people[rows])
    both = np.concatenate([rows, rows + task.size])
    weights = np.concatenate([np.ones(len(rows)), np.full(len(rows), _COPY_WEIGHT)])
    columns = design_matrix(task.counts, design, both, task.vectors)
    truth = np.concatenate([task.topics[rows]] * 2)
    fitted = [
        _topic(columns, truth[:, topic], weights, task.seed) for topic in range(truth.shape[1])
    ]
    phrases = np.arange(2 * task.size, 2 * task.size + len(task.phrase_levels))
    phrase_rows = design_matrix(task.counts, design, phrases, task.vectors)
    columns = sp.vstack([columns, phrase_rows], format="csr")
    weights = np.concatenate([weights, np.full(len(phrases), _PHRASE_WEIGHT)])
    levels = np.concatenate([task.levels[rows], task.levels[rows], task.phrase_levels])
    labelled = levels != NO_LEVEL
    unrated = _without_rating(columns)
    for features, balance in ((columns, None), (columns, "balanced"), (unrated, None)):
        fitted += _levels(features[labelled], levels[labelled], weights[labelled], balance)
    coefficients = np.stack([coefficient for coefficient, _ in fitted], axis=1)
    return Fit(design, coefficients, np.array([intercept for _, intercept in fitted]))


def _topic(
    columns: Any, truth: NDArray[Any], weights: NDArray[Any], seed: int
) -> tuple[NDArray[Any], float]:
    if truth.min() == truth.max():
        return np.zeros(columns.shape[1]), -1.0 if not truth.any() else 1.0
    machine = LinearSVC(C=_TOPIC_COST, class_weight="balanced", max_iter=4_000, random_state=seed)
    machine.fit(columns, truth, sample_weight=weights)
    return machine.coef_[0], float(machine.intercept_[0])


def _levels(
    columns: Any, levels: NDArray[Any], weights: NDArray[Any], balance: str | None
) -> list[tuple[NDArray[Any], float]]:
    """Return the coefficients of all five levels; 0 for a level without an example."""
    empty = (np.zeros(columns.shape[1]), -20.0)
    fitted = [empty] * LEVELS
    present = np.unique(levels)
    if len(present) < 2:
        for level in present:
            fitted[int(level)] = (empty[0], 0.0)
        return fitted
    regression = LogisticRegression(C=_LEVEL_COST, class_weight=balance, max_iter=100, tol=1e-3)
    regression.fit(columns, levels, sample_weight=weights)
    coefficients, intercepts = regression.coef_, regression.intercept_
    if len(present) == 2:  # scikit-learn gives one row for two classes
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    for level, coefficient, intercept in zip(present, coefficients, intercepts, strict=True):
        fitted[int(level)] = (coefficient, float(intercept))
    return fitted


def _without_rating(columns: Any) -> Any:
    """Return the same matrix with the columns that depend on a rating set to 0."""
    keep = np.ones(columns.shape[1])
    keep[columns.shape[1] - CONTEXT_SIZE + np.array(CONTEXT_RATING)] = 0
    unrated = columns.copy()
    unrated.data *= keep[columns.indices]
    return unrated


def assign_folds(people: NDArray[Any], folds: int, seed: int) -> NDArray[Any]:
    """Return the fold of each comment, [comments]; all comments of a person are in one."""
    respondents, person = np.unique(people, return_inverse=True)
    places = np.random.default_rng(seed).permutation(len(respondents)) % folds
    folds_by_comment: NDArray[Any] = places[person]
    return folds_by_comment


def fit_all(task: Task, row_sets: Sequence[NDArray[Any]], jobs: int) -> Any:
    """Fit on each set of rows, in processes; yields (number, fit) as they complete."""

    def fit_set(number: int, rows: NDArray[Any]) -> tuple[int, Fit]:
        return number, fit(task, rows)

    return Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(fit_set)(number, rows) for number, rows in enumerate(row_sets)
    )
