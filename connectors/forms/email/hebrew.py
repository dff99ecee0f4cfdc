"""Hebrew in visual order (RFC 1556): each line is written as it is seen, from left to right."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile("[\u05d0-\u05ea]{2,}")
_FINAL: Final = frozenset("ךםןףץ")
"""Letters that end a word and stand nowhere else in it."""
_LEFT_TO_RIGHT: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z.,:/@+%-]*[0-9A-Za-z])?")
_MIRRORED: Final = str.maketrans("()[]<>{}", ")(][><}{")
_MIN_WORDS: Final = 2
_MAX_CHARACTERS: Final = 20_000


def is_visual_hebrew(texts: Iterable[str]) -> bool:
    """Return True if the letters that end words stand at their beginnings."""
    starts = ends = seen = 0
    for text in texts:
        for word in _WORD.findall(text):
            starts += word[0] in _FINAL
            ends += word[-1] in _FINAL
        seen += len(text)
        if seen > _MAX_CHARACTERS:
            break
    return starts >= _MIN_WORDS and starts > 2 * ends


def to_logical_order(line: str) -> str:
    """Return a line of visual Hebrew as it is read; numbers and Latin words stay as they are."""
    if not _WORD.search(line):
        return line
    reversed_line = line[::-1].translate(_MIRRORED)
    return _LEFT_TO_RIGHT.sub(lambda match: match[0][::-1], reversed_line)
