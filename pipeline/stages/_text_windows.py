"""Windows of a long text around spots of interest, so that the rest costs next to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

LONG: Final = 2_000
"""Characters. Shorter texts are scanned whole."""

_MARGIN: Final = 100  # longer than any label with what it labels
_MAX_WORD_LENGTH: Final = 300
_SPACE: Final = re.compile(r"\s")


def windows_around(text: str, spots: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a text around the spots, which are given in order."""
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
    """Return the last white space before ``place`` if it is near, else ``place``."""
    if place <= 0:
        return 0
    for back in range(place, max(0, place - _MAX_WORD_LENGTH), -1):
        if text[back].isspace():
            return back
    return place


def _space_after(text: str, place: int) -> int:
    """Return the first white space from ``place`` on if it is near, else ``place``."""
    if place >= len(text):
        return len(text)
    match = _SPACE.search(text, place, place + _MAX_WORD_LENGTH)
    return match.start() if match else place
