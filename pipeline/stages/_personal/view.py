"""The text as the finders see it: plain characters, and nothing that is hidden already."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

Span = tuple[int, int, str]
"""Start, end and type of something personal."""

HIDDEN: Final = "\0"
"""Stands for each character that is hidden; no pattern matches it."""

_RUN: Final = re.compile(r"\d(?:[ .()-]{0,3}[a-z]{0,2}\d){3,}+")
_MOST_REMEMBERED: Final = 20_000


class View(NamedTuple):
    """A text of the original's length, so that places in it are places in the original."""

    text: str
    lowered: str

    @classmethod
    def of(cls, text: str) -> View:
        """Digits, letters, blanks and dashes of every script and width become plain ones."""
        if not text.isascii():
            text = text.translate(_PLAIN)
        return cls(text, text.lower())

    def without(self, spans: Iterable[tuple[int, int, str]]) -> View:
        """The view with these spans hidden; they are in order and don't overlap."""
        return View(_hide(self.text, spans), _hide(self.lowered, spans))

    def longest_run(self) -> int:
        """The most digits that stand close together; those of doses and times don't."""
        return max(map(_count_digits, _RUN.findall(self.lowered)), default=0)

    def digits(self) -> int:
        """How many digits there are."""
        return _count_digits(self.text)


class Finder(NamedTuple):
    """Finds something that holds so many digits, and so many of them close together."""

    least_digits: int
    least_run: int
    find: Callable[[View], list[Span]]


def apart(places: Iterable[tuple[int, int]], kind: str) -> list[Span]:
    """Spans of one type in order; of two that overlap the first."""
    spans: list[Span] = []
    done = 0
    for start, end in sorted(places):
        if start >= done:
            spans.append((start, end, kind))
            done = end
    return spans


def _count_digits(text: str) -> int:
    return sum(map(text.count, "0123456789"))


def _hide(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, _ in spans:
        parts += (text[done:start], HIDDEN * (end - start))
        done = end
    return "".join((*parts, text[done:]))


class _PlainCharacters(dict[int, int]):
    """A table for ``str.translate`` that fills itself."""

    def __missing__(self, code: int) -> int:
        plain = ord(_plain(chr(code)))
        if len(self) < _MOST_REMEMBERED:
            self[code] = plain
        return plain


_PLAIN: Final = _PlainCharacters()


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    category = unicodedata.category(character)
    # Contacts copied from a telephone carry invisible marks of direction around the number.
    if category in {"Zs", "Cf"}:
        return " "
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if character in "‘’":
        return "'"
    if character == "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}":
        return "I"  # the one letter that grows when lowered
    compatible = unicodedata.normalize("NFKC", character)
    is_one = len(compatible) == 1 and compatible.isascii() and not compatible.isdigit()
    return compatible if is_one else character
