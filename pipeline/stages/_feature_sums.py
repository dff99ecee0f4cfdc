"""Sums of feature weights over the words of comments, a batch at a time.

Every word and every pair of words is a row of one table: its weights for each output, its part of
the bag's sum of squares, and which terms outside the model it holds. Rows are made when a word is
first met, and kept; a comment costs a few look-ups, a batch one sum.
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
    tag_names,
    tagged,
    word_names,
)
from pipeline.stages.questions import Kind
from pipeline.stages.terms import Phrase, Terms, follows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_ROWS: Final = 60_000
_MOST_PAIRS: Final = 200_000
_MOST_AT_ONCE: Final = 100_000
"""Rows that are looked up at once: a batch of long comments must not take gigabytes."""


class Weights(Protocol):
    """The weights of named features, and of words by their vectors."""

    @property
    def outputs(self) -> int:
        """How many outputs there are."""

    @property
    def terms(self) -> Mapping[str, Sequence[str]]:
        """Terms of the topics that the model knows."""

    @property
    def phrases(self) -> Mapping[str, Sequence[str]]:
        """Set phrases by group."""

    def of(self, names: Sequence[str]) -> tuple[NDArray[Any], float] | None:
        """The summed weights of features, and their part of the sum of squares; None where no
        feature is known.
        """

    def of_vector(self, word: str) -> NDArray[Any] | None:
        """The weights by a word's vector."""


class Bags(NamedTuple):
    """The sums of a batch of comments, and where they come from."""

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


def portions(lengths: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Runs of items, first and behind the last, with few enough rows to be looked up at once."""
    ends = np.cumsum(lengths)
    begin, before = 0, 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, before + _MOST_AT_ONCE, side="right")))
        yield begin, end
        begin, before = end, int(ends[end - 1])


class BagReader:
    """Turns words into sums of weights."""

    def __init__(self, weights: Weights, groups: Mapping[str, Sequence[str]]) -> None:
        """``groups`` are terms that are counted beside the model, by group."""
        self._weights = weights
        self.groups = tuple(groups)
        self._terms = Terms(tagged(weights.terms, weights.phrases, groups))
        self.first_group = weights.outputs + 1
        self._column = {
            f"x:{group}": self.first_group + number for number, group in enumerate(groups)
        }
        self._width = self.first_group + len(groups)
        self._forget()

    def _forget(self) -> None:
        self.table = np.zeros((4_096, self._width), dtype=np.float32)
        self._used = 1  # row 0: nothing known
        self._words: list[dict[str, int]] = [{} for _ in Kind]
        self._pairs: list[dict[str, int]] = [{} for _ in Kind]
        self._pairs_kept = 0
        self._openers: dict[int, list[Phrase]] = {}
        self._phrase_rows: dict[tuple[str, Kind], int] = {}

    def read(self, comments: Sequence[Sequence[str]], kinds: Sequence[Kind]) -> Bags:
        """Sum up the comments, each given as its words and the kind of the question."""
        if self._used > _MOST_ROWS or self._pairs_kept > _MOST_PAIRS:
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
        for begin, end in portions(ends[1:] - ends[:-1]):
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
        kind: Kind,
        number: int,
        phrases: dict[int, list[tuple[int, int]]],
    ) -> list[int]:
        """Words, then the pairs before, between and after them, then longer phrases."""
        words, pairs = self._words[kind], self._pairs[kind]
        rows = [words.get(token, -1) for token in tokens]
        if -1 in rows:
            rows = [
                self._word(token, kind) if row < 0 else row
                for token, row in zip(tokens, rows, strict=True)
            ]
        keys = [f"{first} {second}" for first, second in pairwise((BEGIN, *tokens, END))]
        found = [pairs.get(key, -1) for key in keys]
        if -1 in found:
            found = [
                self._pair(key, kind) if row < 0 else row
                for key, row in zip(keys, found, strict=True)
            ]
        rows += found
        if self._openers and not self._openers.keys().isdisjoint(found):
            spans = phrases.setdefault(number, [])
            for place, row in enumerate(found):
                for phrase in self._openers.get(row, ()):
                    if follows(tokens, place + 1, phrase.rest):
                        rows.append(self._phrase(phrase.group, kind))
                        spans.append((place - 1, place + len(phrase.rest)))
        return rows

    def _word(self, word: str, kind: Kind) -> int:
        tags = self._terms.of_word(word)
        row = self._row_of(word_names(word, kind), tags, kind, self._weights.of_vector(word))
        self._words[kind][word] = row
        return row

    def _pair(self, key: str, kind: Kind) -> int:
        first, second = key.split(" ")
        found = self._terms.of_pair(first, second)
        tags = [phrase.group for phrase in found if not phrase.rest]
        longer = [phrase for phrase in found if phrase.rest]
        row = self._row_of(pair_names(first, second, kind), tags, kind, None, keep=bool(longer))
        if longer:
            self._openers[row] = longer
        self._pairs[kind][key] = row
        self._pairs_kept += 1
        return row

    def _phrase(self, tag: str, kind: Kind) -> int:
        row = self._phrase_rows.get((tag, kind))
        if row is None:
            row = self._row_of([], [tag], kind, None)
            self._phrase_rows[tag, kind] = row
        return row

    def _row_of(
        self,
        names: Sequence[str],
        tags: Sequence[str],
        kind: Kind,
        vector: NDArray[Any] | None,
        *,
        keep: bool = False,
    ) -> int:
        found = self._weights.of([*names, *tag_names(tags, kind)] if tags else names)
        if found is None and vector is None and not tags and not keep:
            return 0  # most pairs of words
        if self._used == len(self.table):
            self.table = np.concatenate([self.table, np.zeros_like(self.table)])
        row = self.table[self._used]
        outputs = self._weights.outputs
        if found is not None:
            row[:outputs], row[outputs] = found
        if vector is not None:
            row[:outputs] += vector
        for tag in tags:
            if tag in self._column:
                row[self._column[tag]] += 1
        self._used += 1
        return self._used - 1
