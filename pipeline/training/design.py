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
    feature_weight,
    is_normalized,
    min_document_frequency,
    pair_names,
    split_mark,
    tag_index,
    tag_names,
    word_names,
)
from pipeline.stages.parameters import WordVectors, value_words
from pipeline.stages.questions import QuestionKind
from pipeline.stages.terms import Terms, follows


@dataclass(frozen=True)
class FeatureCounts:
    """Number of occurrences of each feature in each unit: a segment, or a comment."""

    names: NDArray[Any]
    features: sp.csr_array
    """[units, names]."""
    words: sp.csr_array
    """[units, words with a vector]."""
    denied: sp.csr_array
    """[units, words with a vector]: those in the scope of a negator."""

    def merge(self, by: sp.csr_array) -> FeatureCounts:
        """Return the counts of other units; ``by`` is [other units, units] of 0 and 1."""
        return FeatureCounts(self.names, by @ self.features, by @ self.words, by @ self.denied)


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
    """Counts the features of segments; caches those of each word and pair."""

    def __init__(
        self,
        terms: Mapping[str, Sequence[str]],
        phrases: Mapping[str, Sequence[str]],
        vectors: WordVectors,
        *,
        denial: bool,
    ) -> None:
        """Set up; without ``denial`` a denied word is as any other."""
        self._terms, self._vectors = Terms(tag_index(terms, phrases, {})), vectors
        self._denial = denial
        self._places: dict[str, int] = {}
        self._words: dict[tuple[str, QuestionKind], list[int]] = {}
        self._pairs: dict[tuple[str, str, QuestionKind], list[int]] = {}

    def count(
        self, segments: Sequence[Sequence[str]], kinds: Sequence[QuestionKind]
    ) -> FeatureCounts:
        """Count the features of segments, each given as its words and the kind of question."""
        columns: list[int] = []
        ends = [0]
        words: tuple[list[int], list[int]] = [], []
        word_ends: tuple[list[int], list[int]] = [0], [0]
        vector_place = self._vectors.place
        for tokens, kind in zip(segments, kinds, strict=True):
            columns += self._features(tokens, kind)
            ends.append(len(columns))
            for token in tokens:
                word, mark = split_mark(token)
                if word in vector_place:
                    words[bool(mark) and self._denial].append(vector_place[word])
            for of, places in zip(word_ends, words, strict=True):
                of.append(len(places))
        names = np.array(list(self._places))
        return FeatureCounts(
            names,
            _to_matrix(columns, ends, len(names)),
            _to_matrix(words[0], word_ends[0], len(vector_place)),
            _to_matrix(words[1], word_ends[1], len(vector_place)),
        )

    def _features(self, tokens: Sequence[str], kind: QuestionKind) -> list[int]:
        if not self._denial:
            tokens = [split_mark(token)[0] for token in tokens]
        plain = [split_mark(token)[0] for token in tokens]
        columns: list[int] = []
        for word, bare in zip(tokens, plain, strict=True):
            if (word, kind) not in self._words:
                tags = self._terms.groups_for_word(bare)
                names = tag_names(tags, kind, split_mark(word)[1])
                self._words[word, kind] = self._to_columns([*word_names(word, kind), *names])
            columns += self._words[word, kind]
        around = zip(pairwise((BEGIN, *tokens, END)), pairwise((BEGIN, *plain, END)), strict=True)
        for place, (pair, (first, second)) in enumerate(around):
            if (*pair, kind) not in self._pairs:
                self._pairs[*pair, kind] = self._to_columns(pair_names(*pair, kind))
            columns += self._pairs[*pair, kind]
            tags = [
                phrase.group
                for phrase in self._terms.phrases_for_pair(first, second)
                if follows(plain, place + 1, phrase.rest)
            ]
            if tags:
                columns += self._to_columns(tag_names(tags, kind, split_mark(pair[0])[1]))
        return columns

    def _to_columns(self, names: Sequence[str]) -> list[int]:
        return [self._places.setdefault(name, len(self._places)) for name in names]


def _to_matrix(columns: Sequence[int], ends: Sequence[int], width: int) -> sp.csr_array:
    ones = np.ones(len(columns), dtype=np.float32)
    # scikit-learn's solvers take indices of 32 bits only.
    places, rows = np.array(columns, dtype=np.int32), np.array(ends, dtype=np.int32)
    counts = sp.csr_array((ones, places, rows), shape=(len(ends) - 1, width))
    counts.sum_duplicates()
    return counts


def learn_design(counts: FeatureCounts, rows: NDArray[Any], people: NDArray[Any]) -> Design:
    """Select features, and compute their values, by the units at ``rows``.

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
    words = counts.words[rows] + counts.denied[rows]
    return Design(kept, values, squares, _rareness((words > 0).sum(axis=0), len(rows)))


def _rareness(units_with: NDArray[Any], units: int) -> NDArray[Any]:
    rareness: NDArray[Any] = np.log((1 + units) / (1 + units_with)) + 1
    return rareness


def design_matrix(
    counts: FeatureCounts,
    context: NDArray[Any],
    design: Design,
    rows: NDArray[Any],
    vectors: WordVectors,
) -> sp.csr_array:
    """Return [rows, features kept + twice the dimensions of the vectors and tones + context]."""
    features = counts.features[rows][:, design.kept]
    sizes = np.maximum(features @ design.squares, 1.0) ** BAG_POWER
    shrink = sp.diags_array(1 / sizes)
    by_word = value_words(vectors, design.rareness)
    combined = sp.hstack(
        [
            shrink @ features @ sp.diags_array(design.values),
            sp.csr_array(shrink @ (counts.words[rows] @ by_word)),
            sp.csr_array(shrink @ (counts.denied[rows] @ by_word)),
            sp.csr_array(context[rows]),
        ],
        format="csr",
        dtype=np.float32,
    )
    combined.indices = combined.indices.astype(np.int32)
    combined.indptr = combined.indptr.astype(np.int32)
    return combined
