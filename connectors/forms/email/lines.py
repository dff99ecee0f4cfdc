"""The lines of a message's text, each with what marks it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Mark(StrEnum):
    """The marks that a message itself puts on a line; the later ones take precedence."""

    NONE = "none"
    SIGNATURE = "signature"
    BLOCKQUOTE = "blockquote"
    """Indented: a quote in a reply, and emphasis otherwise."""
    HEAD = "head"
    """The line above a quote."""
    QUOTE = "quote"
    DIVIDER = "divider"
    """An empty line below which a whole message is quoted."""
    HIDDEN = "hidden"
    """Not displayed by any mail program."""


class Line(NamedTuple):
    """A line without its mark and the space at its end."""

    text: str
    mark: Mark = Mark.NONE


def count_letters(text: str) -> int:
    """Return how many letters and digits a text has."""
    return sum(map(str.isalnum, text))


def count_line_letters(lines: Iterable[Line]) -> int:
    """Return how many letters and digits lines have."""
    return sum(count_letters(line.text) for line in lines)
