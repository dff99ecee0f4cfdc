"""Sums of feature weights over the clauses of comments, one batch at a time.

Every word and every pair of words is a row of one table: its weights for each output of each part
of the model, its part of the bags' sums of squares, and the terms outside the model that it holds.
Rows are computed when a word first occurs, and kept; a comment costs a few look-ups, a batch one
sum. Sums of sentences and of comments are sums of their clauses'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np

from pipeline.stages.features import (
    BEGIN,
    END,
    pair_names,
    split_mark,
    tag_index,
    tag_names,
    word_names,
)
from pipeline.stages.questions import QuestionKind
from pipeline.stages.sentences import Reading
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
    def width(self) -> int:
        """Number of columns: the outputs of each part, each with its sum of squares."""

    @property
    def terms(self) -> Mapping[str, Sequence[str]]:
        """Terms of the topics that the model knows."""

    @property
    def phrases(self) -> Mapping[str, Sequence[str]]:
        """Set phrases by group."""

    def add(
        self, row: NDArray[Any], plain: Sequence[str], marked: Sequence[str], word: str | None
    ) -> bool:
        """Add the weights of features to a row, [width]; True if any is in the model.

        ``plain`` are the features if denial is ignored, ``marked`` with its marks, and ``word``
        is the word whose vector counts.
        """


class Bags(NamedTuple):
    """Sums of a batch by clause, and the rows that they come from."""

    sums: NDArray[Any]
    """[clauses, columns of the table]: not divided by the bags' sizes."""
    rows: NDArray[Any]
    """The rows of all clauses, one after the other."""
    starts: NDArray[Any]
    """Where each clause's rows begin; one more at the end."""
    segments: NDArray[Any]
    """The first clause of each segment; one more at the end."""
    comments: NDArray[Any]
    """The first segment of each comment; one more at the end."""
    phrases: dict[int, list[tuple[int, int]]]
    """Of clauses with longer phrases: first and last word of each, counted in the comment."""

    def first_clauses(self) -> NDArray[Any]:
        """Return the first clause of each comment; one more at the end."""
        clauses: NDArray[Any] = self.segments[self.comments]
        return clauses


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
        self.first_group = weights.width
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
        self._phrase_rows: dict[tuple[str, QuestionKind, str], int] = {}

    def read(self, readings: Sequence[Reading], kinds: Sequence[QuestionKind]) -> Bags:
        """Sum up comments, each with the kind of its question."""
        if self._used > _MAX_ROWS or self._pairs_kept > _MAX_PAIRS:
            self._forget()
        rows: list[int] = []
        starts, segments, comments = [0], [0], [0]
        phrases: dict[int, list[tuple[int, int]]] = {}
        for reading, kind in zip(readings, kinds, strict=True):
            self._read(reading, kind, rows, starts, segments, phrases)
            comments.append(len(segments) - 1)
        flat = np.array(rows, dtype=np.intp)
        ends = np.array(starts, dtype=np.intp)
        sums = np.zeros((len(starts) - 1, self._width), dtype=np.float32)
        for begin, end in split_batches(ends[1:] - ends[:-1]):
            part = self.table[flat[ends[begin] : ends[end]]]
            sums[begin:end] = np.add.reduceat(part, ends[begin:end] - ends[begin], axis=0)
        return Bags(
            sums,
            flat,
            ends,
            np.array(segments, dtype=np.intp),
            np.array(comments, dtype=np.intp),
            phrases,
        )

    def _read(
        self,
        reading: Reading,
        kind: QuestionKind,
        rows: list[int],
        starts: list[int],
        segments: list[int],
        phrases: dict[int, list[tuple[int, int]]],
    ) -> None:
        """Add the rows of a comment: by clause its words, the pairs around them, and phrases."""
        tokens = reading.tokens
        row_by_word = self._words[kind]
        words = [row_by_word.get(token, -1) for token in tokens]
        if -1 in words:
            words = [
                self._word(token, kind) if row < 0 else row
                for token, row in zip(tokens, words, strict=True)
            ]
        row_by_pair = self._pairs[kind]
        begin = clause = 0
        clauses = reading.clauses
        for end in reading.ends:
            before, keys = BEGIN, []
            for token in tokens[begin:end]:
                keys.append(f"{before} {token}")
                before = token
            keys.append(f"{before} {END}")
            pairs = [row_by_pair.get(key, -1) for key in keys]
            if -1 in pairs:
                pairs = [
                    self._pair(key, kind) if row < 0 else row
                    for key, row in zip(keys, pairs, strict=True)
                ]
            at = begin
            while True:
                stop = clauses[clause]
                clause += 1
                rows += words[at:stop]
                of_clause = pairs[at - begin : stop - begin + (stop == end)]
                rows += of_clause
                if self._openers and not self._openers.keys().isdisjoint(of_clause):
                    self._longer(reading, at, of_clause, kind, rows, phrases, len(starts) - 1)
                starts.append(len(rows))
                if stop == end:
                    break
                at = stop
            segments.append(len(starts) - 1)
            begin = end

    def _longer(
        self,
        reading: Reading,
        begin: int,
        pairs: Sequence[int],
        kind: QuestionKind,
        rows: list[int],
        phrases: dict[int, list[tuple[int, int]]],
        clause: int,
    ) -> None:
        """Add the rows of phrases of three words or more; ``begin`` is the first pair's word."""
        spans: list[tuple[int, int]] = []
        tokens = reading.tokens
        for place, row in enumerate(pairs, begin):
            for phrase in self._openers.get(row, ()):
                length = len(phrase.rest)
                rest = [split_mark(word)[0] for word in tokens[place + 1 : place + 1 + length]]
                if follows(rest, 0, phrase.rest):
                    mark = split_mark(tokens[place - 1])[1]
                    rows.append(self._phrase(phrase.group, kind, mark))
                    spans.append((place - 1, place + length))
        if spans:
            phrases[clause] = spans

    def _word(self, word: str, kind: QuestionKind) -> int:
        bare, mark = split_mark(word)
        tags = self._terms.groups_for_word(bare)
        plain = [*word_names(bare, kind), *tag_names(tags, kind)]
        marked = [*word_names(word, kind), *tag_names(tags, kind, mark)] if mark else plain
        row = self._add_row(plain, marked, tags, word)
        self._words[kind][word] = row
        return row

    def _pair(self, key: str, kind: QuestionKind) -> int:
        first, second = key.split(" ")
        (one, mark), two = split_mark(first), split_mark(second)[0]
        phrases = self._terms.phrases_for_pair(one, two)
        tags = [phrase.group for phrase in phrases if not phrase.rest]
        longer = [phrase for phrase in phrases if phrase.rest]
        plain = [*pair_names(one, two, kind), *tag_names(tags, kind)]
        marked = [*pair_names(first, second, kind), *tag_names(tags, kind, mark)]
        row = self._add_row(plain, marked, tags, None, keep=bool(longer))
        if longer:
            self._openers[row] = longer
        self._pairs[kind][key] = row
        self._pairs_kept += 1
        return row

    def _phrase(self, tag: str, kind: QuestionKind, mark: str) -> int:
        row = self._phrase_rows.get((tag, kind, mark))
        if row is None:
            row = self._add_row(tag_names([tag], kind), tag_names([tag], kind, mark), [tag], None)
            self._phrase_rows[tag, kind, mark] = row
        return row

    def _add_row(
        self,
        plain: Sequence[str],
        marked: Sequence[str],
        tags: Sequence[str],
        word: str | None,
        *,
        keep: bool = False,
    ) -> int:
        if self._used == len(self.table):
            self.table = np.concatenate([self.table, np.zeros_like(self.table)])
        row = self.table[self._used]
        is_in_model = self._weights.add(row[: self.first_group], plain, marked, word)
        if not (is_in_model or tags or keep):
            return 0  # most pairs of words
        for tag in tags:
            if tag in self._column:
                row[self._column[tag]] += 1
        self._used += 1
        return self._used - 1
