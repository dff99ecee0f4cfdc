"""Evidence for a finding: the words with the largest parts of a sum, one batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
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
    """Return the rows with the largest parts, for each range of rows and a column of the table.

    A range is from ``begins`` to before ``ends``.
    """
    first, at = np.asarray(begins, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    lengths = np.asarray(ends, dtype=np.intp) - first
    return [
        rows
        for begin, end in split_batches(lengths)
        for rows in _find_strongest(
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
    ends = np.cumsum(lengths)
    begins = ends - lengths
    row = np.repeat(first - begins, lengths)
    row += np.arange(len(row))
    # Looking up by one number is quicker than by two.
    parts = table.ravel().take(bags.rows[row] * table.shape[1] + np.repeat(columns, lengths))
    threshold = np.maximum.reduceat(parts, begins) * np.float32(_MIN_SHARE)
    shown = np.flatnonzero((parts >= np.repeat(threshold, lengths)) & (parts > 0))
    rows, bounds = row[shown].tolist(), np.searchsorted(shown, ends).tolist()
    strongest = [rows[begin:end] for begin, end in pairwise([0, *bounds])]
    for number, of_range in enumerate(strongest):
        if len(of_range) > MAX_SPANS:
            values = parts[np.array(of_range) - first[number] + begins[number]]
            strongest[number] = [of_range[n] for n in values.argsort()[: -MAX_SPANS - 1 : -1]]
    return strongest


def words_of_rows(
    readings: Sequence[Reading], bags: Bags, rows: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Return the first and the last word of rows, counted in the batch.

    The rows of a clause are its words, the pairs before each of them, at the end of a segment the
    last pair, then its longer phrases.
    """
    at = np.array(rows, dtype=np.intp)
    clause = np.searchsorted(bags.starts, at, side="right") - 1
    ends = np.array([end for reading in readings for end in reading.clauses], dtype=np.intp)
    firsts = bags.first_clauses()
    words = ends[firsts[1:] - 1]  # of each comment
    before = np.repeat(np.cumsum(words) - words, np.diff(firsts))
    ends += before
    begins = np.concatenate([[0], ends[:-1]])
    is_first, is_last = np.zeros((2, len(ends)), dtype=bool)
    is_first[bags.segments[:-1]] = is_last[bags.segments[1:] - 1] = True
    place, count = at - bags.starts[clause], (ends - begins)[clause]
    is_pair = place >= count
    word = begins[clause] + place - count * is_pair
    # No word stands before the first of a segment, nor after its last.
    first = word - (is_pair & ~(is_first[clause] & (place == count)))
    last = np.minimum(word, ends[clause] - 1)
    phrase = place - 2 * count - is_last[clause]
    for number in np.flatnonzero(phrase >= 0).tolist():
        of_clause = clause[number]
        words = bags.phrases[int(of_clause)][phrase[number]]
        first[number], last[number] = np.add(words, before[of_clause])
    return zip(first.tolist(), last.tolist(), strict=True)


def merge_adjacent(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans in order, merging those that meet or leave one character between them."""
    return tuple(spans) if len(spans) < 2 else merge_spans(spans, gap=1)
