"""Pieces of a long text that are worth a look, so that the rest of it costs next to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

LONG: Final = 2_000
"""Characters. Shorter texts are looked at as a whole."""

_MARGIN: Final = 100  # longer than any label with what it labels
_LONGEST_WORD: Final = 300
_SPACE: Final = re.compile(r"\s")


def around(text: str, spots: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pieces of a text that hold the spots, given in order, with their surroundings."""
    start = end = -1
    for first, last in spots:
        if first - _MARGIN <= end:
            end = max(end, last + _MARGIN)
            continue
        if end >= 0:
            yield _space_before(text, start), _space_after(text, end)
        start, end = first - _MARGIN, last + _MARGIN
    if end >= 0:
        yield _space_before(text, start), _space_after(text, end)


def _space_before(text: str, place: int) -> int:
    """The last white space before ``place`` that is near, else ``place`` itself."""
    if place <= 0:
        return 0
    for back in range(place, max(0, place - _LONGEST_WORD), -1):
        if text[back].isspace():
            return back
    return place


def _space_after(text: str, place: int) -> int:
    """The first white space from ``place`` on that is near, else ``place`` itself."""
    if place >= len(text):
        return len(text)
    match = _SPACE.search(text, place, place + _LONGEST_WORD)
    return match.start() if match else place
