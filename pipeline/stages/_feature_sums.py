"""Sums of feature weights over the words of comments, one batch at a time.

Every word and every pair of words is a row of one table: its weights for each output, its part of
the bag's sum of squares, and the terms outside the model that it holds. Rows are computed when a
word first occurs, and kept; a comment costs a few look-ups, a batch one sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from pipeline.stages.features import (
    BAG_POWER,
    BEGIN,
    END,
    pair_names,
    tag_index,
    tag_names,
    word_names,
)
from pipeline.stages.questions import QuestionKind
from pipeline.stages.terms import Phrase, Terms, follows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_ROWS: Final = 60_000
_MAX_PAIRS: Final = 200_000
_MAX_BATCH_ROWS: Final = 100_000
"""Rows that are looked up at once: a batch of long comments must not take gigabytes."""


class Weights(Protocol):
    """The weights of named features, and of words by their vectors."""

    @property
    def outputs(self) -> int:
        """Number of outputs."""

    @property
    def terms(self) -> Mapping[str, Sequence[str]]:
        """Terms of the topics that the model knows."""

    @property
    def phrases(self) -> Mapping[str, Sequence[str]]:
        """Set phrases by group."""

    def lookup(self, names: Sequence[str]) -> tuple[NDArray[Any], float] | None:
        """Return the summed weights of features and their part of the sum of squares.

        None if no feature is known.
        """

    def vector_weights(self, word: str) -> NDArray[Any] | None:
        """Return the weights of a word by its vector, or None if it has none."""


class Bags(NamedTuple):
    """Sums of a batch of comments, and the rows that they come from."""

    scores: NDArray[Any]
    """[comments, outputs], already divided by the bag's size."""
    hits: NDArray[Any]
    """[comments, groups]: how many terms outside the model."""
    divisors: NDArray[Any]
    """[comments]: what the sums were divided by."""
    rows: NDArray[Any]
    """The rows of all comments, one after the other."""
    starts: NDArray[Any]
    """Where each comment's rows begin; one more at the end."""
    phrases: dict[int, list[tuple[int, int]]]
    """Of comments with longer phrases: first and last word of each, in the order of their rows."""


def split_batches(lengths: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of runs of items with few enough rows to look up at once."""
    ends = np.cumsum(lengths)
    begin, before = 0, 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, before + _MAX_BATCH_ROWS, side="right")))
        yield begin, end
        begin, before = end, int(ends[end - 1])


class BagReader:
    """Sums the weights of words."""

    def __init__(self, weights: Weights, groups: Mapping[str, Sequence[str]]) -> None:
        """Set up; ``groups`` are terms, by group, counted separately from the model."""
        self._weights = weights
        self.groups = tuple(groups)
        self._terms = Terms(tag_index(weights.terms, weights.phrases, groups))
        self.first_group = weights.outputs + 1
        self._column = {
            f"x:{group}": self.first_group + number for number, group in enumerate(groups)
        }
        self._width = self.first_group + len(groups)
        self._forget()

    def _forget(self) -> None:
        self.table = np.zeros((4_096, self._width), dtype=np.float32)
        self._used = 1  # row 0: nothing known
        self._words: list[dict[str, int]] = [{} for _ in QuestionKind]
        self._pairs: list[dict[str, int]] = [{} for _ in QuestionKind]
        self._pairs_kept = 0
        self._openers: dict[int, list[Phrase]] = {}
        self._phrase_rows: dict[tuple[str, QuestionKind], int] = {}

    def read(self, comments: Sequence[Sequence[str]], kinds: Sequence[QuestionKind]) -> Bags:
        """Sum up comments, each given as its words and the kind of its question."""
        if self._used > _MAX_ROWS or self._pairs_kept > _MAX_PAIRS:
            self._forget()
        rows: list[int] = []
        starts = [0]
        phrases: dict[int, list[tuple[int, int]]] = {}
        for number, (tokens, kind) in enumerate(zip(comments, kinds, strict=True)):
            rows += self._rows(tokens, kind, number, phrases)
            starts.append(len(rows))
        flat = np.array(rows, dtype=np.intp)
        ends = np.array(starts, dtype=np.intp)
        sums = np.zeros((len(comments), self._width), dtype=np.float32)
        for begin, end in split_batches(ends[1:] - ends[:-1]):
            part = self.table[flat[ends[begin] : ends[end]]]
            sums[begin:end] = np.add.reduceat(part, ends[begin:end] - ends[begin], axis=0)
        outputs = self._weights.outputs
        divisors = np.maximum(sums[:, outputs], 1.0) ** np.float32(BAG_POWER)
        return Bags(
            sums[:, :outputs] / divisors[:, None],
            sums[:, outputs + 1 :],
            divisors,
            flat,
            ends,
            phrases,
        )

    def _rows(
        self,
        tokens: Sequence[str],
        kind: QuestionKind,
        number: int,
        phrases: dict[int, list[tuple[int, int]]],
    ) -> list[int]:
        """Return the rows of the words, of the pairs around them, and of longer phrases."""
        words, pairs = self._words[kind], self._pairs[kind]
        rows = [words.get(token, -1) for token in tokens]
        if -1 in rows:
            rows = [
                self._word(token, kind) if row < 0 else row
                for token, row in zip(tokens, rows, strict=True)
            ]
        keys = [f"{first} {second}" for first, second in pairwise((BEGIN, *tokens, END))]
        pair_rows = [pairs.get(key, -1) for key in keys]
        if -1 in pair_rows:
            pair_rows = [
                self._pair(key, kind) if row < 0 else row
                for key, row in zip(keys, pair_rows, strict=True)
            ]
        rows += pair_rows
        if self._openers and not self._openers.keys().isdisjoint(pair_rows):
            spans = phrases.setdefault(number, [])
            for place, row in enumerate(pair_rows):
                for phrase in self._openers.get(row, ()):
                    if follows(tokens, place + 1, phrase.rest):
                        rows.append(self._phrase(phrase.group, kind))
                        spans.append((place - 1, place + len(phrase.rest)))
        return rows

    def _word(self, word: str, kind: QuestionKind) -> int:
        tags = self._terms.groups_for_word(word)
        row = self._add_row(word_names(word, kind), tags, kind, self._weights.vector_weights(word))
        self._words[kind][word] = row
        return row

    def _pair(self, key: str, kind: QuestionKind) -> int:
        first, second = key.split(" ")
        phrases = self._terms.phrases_for_pair(first, second)
        tags = [phrase.group for phrase in phrases if not phrase.rest]
        longer = [phrase for phrase in phrases if phrase.rest]
        row = self._add_row(pair_names(first, second, kind), tags, kind, None, keep=bool(longer))
        if longer:
            self._openers[row] = longer
        self._pairs[kind][key] = row
        self._pairs_kept += 1
        return row

    def _phrase(self, tag: str, kind: QuestionKind) -> int:
        row = self._phrase_rows.get((tag, kind))
        if row is None:
            row = self._add_row([], [tag], kind, None)
            self._phrase_rows[tag, kind] = row
        return row

    def _add_row(
        self,
        names: Sequence[str],
        tags: Sequence[str],
        kind: QuestionKind,
        vector: NDArray[Any] | None,
        *,
        keep: bool = False,
    ) -> int:
        weights = self._weights.lookup([*names, *tag_names(tags, kind)] if tags else names)
        if weights is None and vector is None and not tags and not keep:
            return 0  # most pairs of words
        if self._used == len(self.table):
            self.table = np.concatenate([self.table, np.zeros_like(self.table)])
        row = self.table[self._used]
        outputs = self._weights.outputs
        if weights is not None:
            row[:outputs], row[outputs] = weights
        if vector is not None:
            row[:outputs] += vector
        for tag in tags:
            if tag in self._column:
                row[self._column[tag]] += 1
        self._used += 1
        return self._used - 1
