"""Comments as the matrices that scikit-learn fits: the same features as in the stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pipeline.stages.features import (
    BAG_POWER,
    BEGIN,
    END,
    VECTOR_VALUE,
    feature_weight,
    is_normalized,
    min_document_frequency,
    pair_names,
    tag_index,
    tag_names,
    word_names,
)
from pipeline.stages.parameters import WordVectors
from pipeline.stages.questions import QuestionKind
from pipeline.stages.terms import Terms, follows
from pipeline.stages.text_model import Comment, context_matrix


@dataclass(frozen=True)
class FeatureCounts:
    """Number of occurrences of each feature in each comment, before training."""

    names: NDArray[Any]
    features: sp.csr_array
    """[comments, names]."""
    words: sp.csr_array
    """[comments, words with a vector]."""
    context: NDArray[Any]
    """[comments, CONTEXT_SIZE]."""


@dataclass(frozen=True)
class Design:
    """The features that are kept, and their values."""

    kept: NDArray[Any]
    """Indexes of the features kept."""
    values: NDArray[Any]
    squares: NDArray[Any]
    rareness: NDArray[Any]
    """[words with a vector]."""


class FeatureCounter:
    """Counts the features of comments; caches those of each word and pair."""

    def __init__(
        self,
        terms: Mapping[str, Sequence[str]],
        phrases: Mapping[str, Sequence[str]],
        vectors: WordVectors,
    ) -> None:
        self._terms, self._vectors = Terms(tag_index(terms, phrases, {})), vectors
        self._places: dict[str, int] = {}
        self._words: dict[tuple[str, QuestionKind], list[int]] = {}
        self._pairs: dict[tuple[str, str, QuestionKind], list[int]] = {}

    def count(self, comments: Sequence[Comment]) -> FeatureCounts:
        """Count the features of all comments."""
        columns: list[int] = []
        ends, words, word_ends = [0], [], [0]
        vector_place = self._vectors.place
        for comment in comments:
            columns += self._features(comment)
            ends.append(len(columns))
            words += [vector_place[word] for word in comment.tokens if word in vector_place]
            word_ends.append(len(words))
        names = np.array(list(self._places))
        return FeatureCounts(
            names,
            _to_matrix(columns, ends, len(names)),
            _to_matrix(words, word_ends, len(vector_place)),
            context_matrix(comments),
        )

    def _features(self, comment: Comment) -> list[int]:
        tokens, kind = comment.tokens, comment.kind
        columns: list[int] = []
        for word in tokens:
            if (word, kind) not in self._words:
                tags = tag_names(self._terms.groups_for_word(word), kind)
                self._words[word, kind] = self._to_columns([*word_names(word, kind), *tags])
            columns += self._words[word, kind]
        for place, (first, second) in enumerate(pairwise((BEGIN, *tokens, END))):
            if (first, second, kind) not in self._pairs:
                self._pairs[first, second, kind] = self._to_columns(pair_names(first, second, kind))
            columns += self._pairs[first, second, kind]
            tags = [
                phrase.group
                for phrase in self._terms.phrases_for_pair(first, second)
                if follows(tokens, place + 1, phrase.rest)
            ]
            if tags:
                columns += self._to_columns(tag_names(tags, kind))
        return columns

    def _to_columns(self, names: Sequence[str]) -> list[int]:
        return [self._places.setdefault(name, len(self._places)) for name in names]


def _to_matrix(columns: Sequence[int], ends: Sequence[int], width: int) -> sp.csr_array:
    ones = np.ones(len(columns), dtype=np.float32)
    # scikit-learn's solvers take indices of 32 bits only.
    places, rows = np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)
    design_matrix = sp.csr_array((ones, places, rows), shape=(len(ends) - 1, width))
    design_matrix.sum_duplicates()
    return design_matrix


def learn_design(counts: FeatureCounts, rows: NDArray[Any], people: NDArray[Any]) -> Design:
    """Select features, and compute their values, by the comments at ``rows``.

    A feature has to occur in the comments of two or three respondents: words that only one person
    ever wrote are left out, as they might be a name.
    """
    occurs = counts.features[rows] > 0
    respondents, person = np.unique(people, return_inverse=True)
    by_person = sp.csr_array(
        (np.ones(len(rows)), (person, np.arange(len(rows)))), shape=(len(respondents), len(rows))
    )
    respondents_with = ((by_person @ occurs) > 0).sum(axis=0)
    minimum = np.array([min_document_frequency(str(name)) for name in counts.names])
    kept = np.flatnonzero(respondents_with >= minimum)
    rareness = _rareness(occurs.sum(axis=0)[kept], len(rows))
    names = [str(name) for name in counts.names[kept]]
    values = np.array([feature_weight(n, r) for n, r in zip(names, rareness, strict=True)])
    squares = np.where([is_normalized(name) for name in names], values**2, 0.0)
    word_rareness = _rareness((counts.words[rows] > 0).sum(axis=0), len(rows))
    return Design(kept, values, squares, word_rareness)


def _rareness(comments_with: NDArray[Any], comments: int) -> NDArray[Any]:
    rareness: NDArray[Any] = np.log((1 + comments) / (1 + comments_with)) + 1
    return rareness


def design_matrix(
    counts: FeatureCounts, design: Design, rows: NDArray[Any], vectors: WordVectors
) -> sp.csr_array:
    """Return [rows, features kept + dimensions of the vectors + CONTEXT_SIZE]."""
    features = counts.features[rows][:, design.kept]
    sizes = np.maximum(features @ design.squares, 1.0) ** BAG_POWER
    shrink = sp.diags_array(1 / sizes)
    by_word = vectors.vectors * (design.rareness[:, None] * VECTOR_VALUE)
    by_meaning = shrink @ (counts.words[rows] @ by_word)
    combined = sp.hstack(
        [
            shrink @ features @ sp.diags_array(design.values),
            sp.csr_array(by_meaning),
            sp.csr_array(counts.context[rows]),
        ],
        format="csr",
        dtype=np.float64,
    )
    combined.indices = combined.indices.astype(np.int32)
    combined.indptr = combined.indptr.astype(np.int32)
    return combined
