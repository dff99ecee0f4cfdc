"""Evidence for a finding: the words with the largest parts of a sum, one batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages._feature_sums import Bags, split_batches
from pipeline.stages.sentences import Reading
from pipeline.stages.spans import merge_spans
from schemas.feedback import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SPANS: Final = 3
_MIN_SHARE: Final = 0.4
"""Share of the largest part from which a part is shown as evidence."""


def find_strongest(
    bags: Bags,
    table: NDArray[Any],
    begins: Sequence[int],
    ends: Sequence[int],
    columns: Sequence[int],
) -> list[list[int]]:
    """Return the places of the largest parts for each range of rows and a column of the table.

    A range is from ``begins`` to before ``ends``; a place counts from its begin.
    """
    first, at = np.asarray(begins, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    lengths = np.asarray(ends, dtype=np.intp) - first
    return [
        places
        for begin, end in split_batches(lengths)
        for places in _find_strongest(
            bags, table, first[begin:end], at[begin:end], lengths[begin:end]
        )
    ]


def _find_strongest(
    bags: Bags,
    table: NDArray[Any],
    first: NDArray[Any],
    columns: NDArray[Any],
    lengths: NDArray[Any],
) -> list[list[int]]:
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    pair = np.repeat(np.arange(len(first)), lengths)
    place = np.arange(len(pair)) - begins[pair]
    parts = table[bags.rows[first[pair] + place], columns[pair]]
    threshold = np.maximum.reduceat(parts, begins) * np.float32(_MIN_SHARE)
    shown = np.flatnonzero((parts >= threshold[pair]) & (parts > 0))
    strongest: list[list[int]] = [[] for _ in first]
    for number, where in zip(pair[shown].tolist(), place[shown].tolist(), strict=True):
        strongest[number].append(where)
    for number, places in enumerate(strongest):
        if len(places) > MAX_SPANS:
            values = parts[begins[number] + np.array(places)]
            strongest[number] = [places[n] for n in values.argsort()[: -MAX_SPANS - 1 : -1]]
    return strongest


def words_of_rows(reading: Reading, bags: Bags, comment: int) -> list[tuple[int, int]]:
    """Return the first and the last word of each of a comment's rows, in their order.

    The rows of a clause are its words, the pairs before each of them, at the end of a segment the
    last pair, then its longer phrases.
    """
    words: list[tuple[int, int]] = []
    begin, segment, begins = 0, 0, {0, *reading.ends}
    first = int(bags.segments[bags.comments[comment]])
    for clause, end in enumerate(reading.clauses, first):
        words += [(word, word) for word in range(begin, end)]
        words += [(word - (word not in begins), word) for word in range(begin, end)]
        if end == reading.ends[segment]:
            words.append((end - 1, end - 1))
            segment += 1
        words += bags.phrases.get(clause, ())
        begin = end
    return words


def places_to_spans(
    places: Sequence[int], words: Sequence[tuple[int, int]], spans: Sequence[Span]
) -> tuple[Span, ...]:
    """Return the character spans of rows, merged if they meet.

    ``words`` are those of all rows, ``spans`` those of all words.
    """
    if not spans:  # a row stands for the lack of words, and for no character
        return ()
    return merge_adjacent([(spans[words[at][0]][0], spans[words[at][1]][1]) for at in places])


def merge_adjacent(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans in order, merging those that meet or leave one character between them."""
    return tuple(spans) if len(spans) < 2 else merge_spans(spans, gap=1)
