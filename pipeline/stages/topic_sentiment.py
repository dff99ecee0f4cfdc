"""Stage: the sentiment of what a comment says about each of its topics.

The clauses whose words speak for a topic judge it, each as much as its words do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipeline.stages.score_sentiment import label_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.stages.text_model import Predictions

_OWN_SHARE: Final = 0.8
"""Weight of the topic's clauses in a comment of several; the rest is the comment's."""

_NEUTRAL_WEIGHT: Final = 0.35
"""Of neutral, in a comment of several clauses: readers call a comment neutral mostly for praise
next to blame, and a single topic seldom."""

_MIN_PART: Final = 1e-3


class JudgedTopics(NamedTuple):
    """The sentiment of P topics of comments."""

    shares: NDArray[Any]
    """[P, 3]: probabilities of positive, neutral and negative."""
    levels: NDArray[Any]
    """[P]: the likeliest level of the likeliest label, by the clause that speaks most."""
    clauses: NDArray[Any]
    """[P]: the clause that speaks most for the topic."""


def judge_topics(
    predictions: Predictions, comments: Sequence[int], columns: Sequence[int]
) -> JudgedTopics:
    """Judge topics, each given by its comment's number and its column of the table."""
    if not len(comments):
        nothing = np.zeros(0, dtype=np.intp)
        return JudgedTopics(np.zeros((0, 3)), nothing, nothing)
    of, at = np.asarray(comments, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    starts = predictions.bags.first_clauses()
    counts = np.diff(starts)[of]
    begins = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
    pair = np.repeat(np.arange(len(of)), counts)
    clause = starts[of][pair] + np.arange(len(pair)) - begins[pair]
    # Only what speaks for the topic counts, and the more strongly it does so.
    speaks = predictions.bags.sums[clause, at[pair]].clip(0) ** 2 + _MIN_PART
    own = label_shares(predictions.clauses[clause]) * speaks[:, None]
    own = np.add.reduceat(own, begins) / np.add.reduceat(speaks, begins)[:, None]
    whole = label_shares(predictions.levels[of])
    weight = np.where(counts > 1, _OWN_SHARE, 0.0)[:, None]
    shares = weight * own + (1 - weight) * whole
    shares[:, 1] *= np.where(counts > 1, _NEUTRAL_WEIGHT, 1.0)
    shares /= shares.sum(axis=1, keepdims=True)
    strongest = clause[_argmax(speaks, begins, pair)]
    return JudgedTopics(shares, _levels(predictions, strongest, shares), strongest)


def _argmax(values: NDArray[Any], begins: NDArray[Any], pair: NDArray[Any]) -> NDArray[Any]:
    """Return the place of each run's first maximum."""
    is_highest = values == np.maximum.reduceat(values, begins)[pair]
    places = np.flatnonzero(is_highest)
    _, first = np.unique(pair[places], return_index=True)
    chosen: NDArray[Any] = places[first]
    return chosen


def _levels(predictions: Predictions, clauses: NDArray[Any], shares: NDArray[Any]) -> NDArray[Any]:
    label = shares.argmax(axis=1)
    of_clause = predictions.clauses[clauses]
    strong = np.where(of_clause[:, 0] > of_clause[:, 1], 0, 1)
    weak = np.where(of_clause[:, 4] > of_clause[:, 3], 4, 3)
    levels: NDArray[Any] = np.choose(label, [strong, np.full(len(label), 2), weak])
    return levels
