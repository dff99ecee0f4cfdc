"""Evidence for a finding: the words with the largest parts of a sum, one batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages._feature_sums import Bags, split_batches
from pipeline.stages.spans import merge_spans
from schemas.feedback import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SPANS: Final = 3
_MIN_SHARE: Final = 0.4
"""Share of the largest part from which a part is shown as evidence."""


def find_strongest(
    bags: Bags, table: NDArray[Any], comments: Sequence[int], columns: Sequence[int]
) -> list[list[int]]:
    """Return the places of the largest parts for each pair of a comment and a column of the table.

    A place counts the comment's rows from 0.
    """
    of, at = np.asarray(comments, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    lengths = (bags.starts[1:] - bags.starts[:-1])[of]
    return [
        places
        for begin, end in split_batches(lengths)
        for places in _find_strongest(bags, table, of[begin:end], at[begin:end], lengths[begin:end])
    ]


def _find_strongest(
    bags: Bags,
    table: NDArray[Any],
    of: NDArray[Any],
    columns: NDArray[Any],
    lengths: NDArray[Any],
) -> list[list[int]]:
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    pair = np.repeat(np.arange(len(of)), lengths)
    place = np.arange(len(pair)) - begins[pair]
    parts = table[bags.rows[bags.starts[of][pair] + place], columns[pair]]
    threshold = np.maximum.reduceat(parts, begins) * np.float32(_MIN_SHARE)
    shown = np.flatnonzero((parts >= threshold[pair]) & (parts > 0))
    strongest: list[list[int]] = [[] for _ in of]
    for number, where in zip(pair[shown].tolist(), place[shown].tolist(), strict=True):
        strongest[number].append(where)
    for number, places in enumerate(strongest):
        if len(places) > MAX_SPANS:
            values = parts[begins[number] + np.array(places)]
            strongest[number] = [places[n] for n in values.argsort()[: -MAX_SPANS - 1 : -1]]
    return strongest


def places_to_spans(
    places: Sequence[int],
    spans: Sequence[Span],
    phrases: Sequence[tuple[int, int]],
) -> tuple[Span, ...]:
    """Return the character spans of a comment's rows, merged if they meet.

    ``spans`` are those of its words; a comment's rows are its words, the pairs from before the
    first to behind the last word, then its longer ``phrases``.
    """
    words = len(spans)
    if not words:  # a row stands for the lack of them, and for no character
        return ()
    ranges = []
    for place in places:
        if place < words:
            first = last = place
        elif place <= 2 * words:
            first, last = max(0, place - words - 1), min(words - 1, place - words)
        else:
            first, last = phrases[place - 2 * words - 1]
        ranges.append((spans[first][0], spans[last][1]))
    return merge_adjacent(ranges)


def merge_adjacent(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans in order, merging those that meet or leave one character between them."""
    return tuple(spans) if len(spans) < 2 else merge_spans(spans, gap=1)
