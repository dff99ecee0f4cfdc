"""Fitting the parts of the model: support vector machines for topics, regressions for levels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from pipeline.stages.features import CONTEXT_RATING, CONTEXT_SIZE
from pipeline.stages.parameters import LEVELS, Part, WordVectors
from pipeline.training.design import Design, FeatureCounts, design_matrix, learn_design
from pipeline.training.examples import NO_LEVEL

_TOPIC_COST: Final = 0.04
_LEVEL_COST: Final = 0.5
_STORY_COST: Final = 0.2
_MAX_ROUNDS: Final = 60
_JUDGE_COST: Final = 0.04
MIN_TRAINING_EXAMPLES: Final = 20
"""Topics with fewer examples, corpora included, are found by their terms."""

MIN_ORIGINAL_WEIGHT: Final = 0.2
"""Copies weigh less; what they repeat would count twice."""


@dataclass(frozen=True)
class Units:
    """Units that are fitted on: comments for topics, their segments for levels."""

    counts: FeatureCounts
    context: NDArray[Any]
    """[units, CONTEXT_SIZE]."""
    people: NDArray[Any]
    """[units]."""
    weights: NDArray[Any]
    """[units]: 0 for those that are not fitted on."""
    folds: NDArray[Any]
    """[units]: the fold that each is held out in; -1 for none."""
    truth: NDArray[Any]
    """[units, topics] of 0 and 1, or [units] levels."""
    vectors: WordVectors

    def without(self, left_out: NDArray[Any]) -> Units:
        """Return the units with no weight for some, [units] of bool."""
        return replace(self, weights=self.weights * ~left_out)

    def rows(self, fold: int | None) -> NDArray[Any]:
        """Return the units to fit on if ``fold`` is held out."""
        chosen = self.weights > 0
        if self.truth.ndim == 1:
            chosen &= self.truth != NO_LEVEL
        if fold is not None:
            chosen &= self.folds != fold
        return np.flatnonzero(chosen)


@dataclass(frozen=True)
class Fit:
    """A design and its coefficients for D outputs."""

    design: Design
    coefficients: NDArray[Any]
    """[columns of the matrix, D]."""
    intercepts: NDArray[Any]

    def outputs(
        self, counts: FeatureCounts, context: NDArray[Any], rows: NDArray[Any], vectors: WordVectors
    ) -> NDArray[Any]:
        """Return [rows, D]."""
        columns = design_matrix(counts, context, self.design, rows, vectors)
        scores: NDArray[Any] = columns @ self.coefficients + self.intercepts
        return scores

    def to_part(self, counts: FeatureCounts) -> Part:
        """Return the part of the model."""
        design, features = self.design, len(self.design.kept)
        of_features = self.coefficients[:features] * design.values[:, None]
        of_vectors = self.coefficients[features : len(self.coefficients) - CONTEXT_SIZE]
        return Part(
            names=tuple(str(name) for name in counts.names[design.kept]),
            weights=of_features.astype(np.float16),
            squares=design.squares.astype(np.float32),
            vector_weights=of_vectors.astype(np.float32),
            rareness=design.rareness.astype(np.float16),
            context_weights=self.coefficients[-CONTEXT_SIZE:].astype(np.float32),
            intercepts=self.intercepts.astype(np.float32),
        )


def fit_topics(units: Units, fold: int | None, seed: int) -> Fit:
    """Fit one machine per topic on all folds but one."""
    rows = units.rows(fold)
    originals = rows[units.weights[rows] >= MIN_ORIGINAL_WEIGHT]
    design = learn_design(units.counts, originals, units.people[originals])
    columns = design_matrix(units.counts, units.context, design, rows, units.vectors)
    truth, weights = units.truth[rows], units.weights[rows]
    return _stack(
        design,
        columns,
        [_topic(columns, truth[:, topic], weights, seed) for topic in range(truth.shape[1])],
    )


def fit_survey(units: Units, fold: int | None) -> Fit:
    """Fit three heads of five levels: on all alike, balanced, and without the rating."""
    rows = units.rows(fold)
    design = learn_design(units.counts, rows, units.people[rows])
    columns = design_matrix(units.counts, units.context, design, rows, units.vectors)
    unrated = _without_rating(columns)
    fitted = []
    for features, balance in ((columns, None), (columns, "balanced"), (unrated, None)):
        fitted += _levels(features, units.truth[rows], units.weights[rows], balance)
    return _stack(design, columns, fitted)


def fit_story(units: Units, fold: int | None) -> Fit:
    """Fit five levels by the words alone."""
    rows = units.rows(fold)
    design = learn_design(units.counts, rows, units.people[rows])
    columns = design_matrix(units.counts, units.context, design, rows, units.vectors)
    fitted = _levels(columns, units.truth[rows], units.weights[rows], None, _STORY_COST)
    return _stack(design, columns, fitted)


def _stack(design: Design, columns: Any, fitted: list[tuple[NDArray[Any], float]]) -> Fit:
    if not fitted:
        return Fit(design, np.zeros((columns.shape[1], 0)), np.zeros(0))
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
    columns: Any,
    levels: NDArray[Any],
    weights: NDArray[Any],
    balance: str | None,
    cost: float = _LEVEL_COST,
) -> list[tuple[NDArray[Any], float]]:
    """Return the coefficients of all five levels; 0 for a level without an example."""
    options = {"C": cost, "max_iter": _MAX_ROUNDS, "tol": 1e-3}
    coefficients, intercepts = _regress(columns, levels, weights, balance, options)
    return [(coefficients[level], float(intercepts[level])) for level in range(LEVELS)]


def _regress(
    columns: Any,
    levels: NDArray[Any],
    weights: NDArray[Any],
    balance: str | None,
    options: dict[str, Any],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return coefficients, [5, columns], and intercepts, [5], of a logistic regression."""
    coefficients = np.zeros((LEVELS, columns.shape[1]))
    intercepts = np.full(LEVELS, -20.0)
    present = np.unique(levels)
    if len(present) < 2:
        intercepts[present] = 0.0
        return coefficients, intercepts
    regression = LogisticRegression(class_weight=balance, **options)
    with warnings.catch_warnings():
        # Stopping early is a regularisation too; more rounds change no figure.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(columns, levels, sample_weight=weights)
    of_levels, shifts = regression.coef_, regression.intercept_
    if len(present) == 2:  # scikit-learn gives one row for two classes
        of_levels = np.concatenate([-of_levels, of_levels]) / 2
        shifts = np.concatenate([-shifts, shifts]) / 2
    coefficients[present], intercepts[present] = of_levels, shifts
    return coefficients, intercepts


def _without_rating(columns: Any) -> Any:
    """Return the same matrix with the columns that depend on a rating set to 0."""
    keep = np.ones(columns.shape[1])
    keep[columns.shape[1] - CONTEXT_SIZE + np.array(CONTEXT_RATING)] = 0
    unrated = columns.copy()
    unrated.data *= keep[columns.indices]
    return unrated


def fit_judge(
    inputs: NDArray[Any], levels: NDArray[Any], weights: NDArray[Any], balance: str | None
) -> NDArray[Any]:
    """Return [inputs + 1, 5]: the weights of a judge, its intercepts last."""
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    scaled = (inputs - mean) / spread
    options = {"C": _JUDGE_COST, "max_iter": 500}
    fitted, intercepts = _regress(scaled, levels, weights, balance, options)
    coefficients = (fitted / spread).T
    shift = intercepts - mean @ coefficients
    judged: NDArray[Any] = np.concatenate([coefficients, shift[None]]).astype(np.float32)
    return judged


def assign_folds(people: NDArray[Any], folds: int, seed: int) -> NDArray[Any]:
    """Return the fold of each comment, [comments]; all comments of a person are in one."""
    respondents, person = np.unique(people, return_inverse=True)
    places = np.random.default_rng(seed).permutation(len(respondents)) % folds
    folds_by_comment: NDArray[Any] = places[person]
    return folds_by_comment
