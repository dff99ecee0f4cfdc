"""Which words speak for what was found: the largest parts of a sum, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages._feature_sums import Bags, portions
from pipeline.stages.spans import joined
from schemas.feedback import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SPANS: Final = 3
_LEAST_SHARE: Final = 0.4
"""Of the largest part: what is smaller is no evidence to show."""


def strongest(
    bags: Bags, table: NDArray[Any], comments: Sequence[int], columns: Sequence[int]
) -> list[list[int]]:
    """For each pair of a comment and a column of the table, the places of its largest parts.

    A place counts the comment's rows from 0.
    """
    of, at = np.asarray(comments, dtype=np.intp), np.asarray(columns, dtype=np.intp)
    lengths = (bags.starts[1:] - bags.starts[:-1])[of]
    return [
        places
        for begin, end in portions(lengths)
        for places in _strongest(bags, table, of[begin:end], at[begin:end], lengths[begin:end])
    ]


def _strongest(
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
    least = np.maximum.reduceat(parts, begins) * np.float32(_LEAST_SHARE)
    shown = np.flatnonzero((parts >= least[pair]) & (parts > 0))
    found: list[list[int]] = [[] for _ in of]
    for number, where in zip(pair[shown].tolist(), place[shown].tolist(), strict=True):
        found[number].append(where)
    for number, places in enumerate(found):
        if len(places) > MOST_SPANS:
            values = parts[begins[number] + np.array(places)]
            found[number] = [places[n] for n in values.argsort()[: -MOST_SPANS - 1 : -1]]
    return found


def spans_of_places(
    places: Sequence[int],
    spans: Sequence[Span],
    phrases: Sequence[tuple[int, int]],
) -> tuple[Span, ...]:
    """The characters at which the rows of a comment stand, merged where they meet.

    ``spans`` are those of its words; a comment's rows are its words, the pairs from before the
    first to behind the last word, then its longer ``phrases``.
    """
    words = len(spans)
    if not words:  # a row stands for the lack of them, and for no character
        return ()
    found = []
    for place in places:
        if place < words:
            first = last = place
        elif place <= 2 * words:
            first, last = max(0, place - words - 1), min(words - 1, place - words)
        else:
            first, last = phrases[place - 2 * words - 1]
        found.append((spans[first][0], spans[last][1]))
    return merged(found)


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order, those that meet or leave a single character between them as one."""
    return tuple(spans) if len(spans) < 2 else joined(spans, gap=1)
