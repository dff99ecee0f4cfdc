"""Text as the finders see it: plain characters, with everything found so far hidden."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

Span = tuple[int, int, str]
"""Start, end and type of a piece of personal data."""

HIDDEN: Final = "\0"
"""Replaces each hidden character; no pattern matches it."""

_RUN: Final = re.compile(r"\d(?:[ .,/()-]{0,5}[a-z]{0,2}\d){3,}+")
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_MAX_CACHED: Final = 20_000
_KEY_MARKS: Final = "\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}"
_DOTS: Final = "·•…。"


class View(NamedTuple):
    """A text of the original's length, so that its offsets are offsets of the original."""

    text: str
    lowered: str

    @classmethod
    def from_text(cls, text: str) -> View:
        """Normalize digits, letters, blanks and dashes of every script and width."""
        if not text.isascii():
            text = _NOT_ASCII.sub(_to_plain, text)
        return cls(text, text.lower())

    def hide(self, spans: Iterable[tuple[int, int, str]]) -> View:
        """Return the view with these spans hidden; they are in order and do not overlap."""
        return View(_hide(self.text, spans), _hide(self.lowered, spans))

    def longest_run(self) -> int:
        """Return the most digits that are close together; those of doses and times are not."""
        return max(map(_count_digits, _RUN.findall(self.lowered)), default=0)

    def count_digits(self) -> int:
        """Return the number of digits."""
        return _count_digits(self.text)


Find = Callable[[View], list[Span]]


class Finder(NamedTuple):
    """A finder, and the digits that a text must have for it, in all and close together."""

    min_digits: int
    min_run: int
    find: Find


def drop_overlaps(places: Iterable[tuple[int, int]], kind: str) -> list[Span]:
    """Return spans of one type in order, keeping the first of two that overlap."""
    spans: list[Span] = []
    done = 0
    for start, end in sorted(places):
        if start >= done:
            spans.append((start, end, kind))
            done = end
    return spans


def _count_digits(text: str) -> int:
    # Deleting bytes is several times faster than counting each digit.
    coded = text.encode(errors="replace")
    return len(coded) - len(coded.translate(None, b"0123456789"))


def _hide(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end, _ in spans:
        parts += (text[done:start], HIDDEN * (end - start))
        done = end
    return "".join((*parts, text[done:]))


def _to_plain(match: re.Match[str]) -> str:
    return "".join(map(_plain, match[0]))


@lru_cache(_MAX_CACHED)
def _plain(character: str) -> str:
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    category = unicodedata.category(character)
    # Contacts copied from a phone carry invisible marks of direction around the number, and
    # digits on keys are digits with two marks.
    if category in {"Zs", "Cf"} or character in _KEY_MARKS:
        return " "
    if character in _DOTS:
        return "."
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if character in "‘’":
        return "'"
    if character == "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}":
        return "I"  # the one letter that grows when lowered
    compatible = unicodedata.normalize("NFKC", character)
    is_one = len(compatible) == 1 and compatible.isascii() and not compatible.isdigit()
    return compatible if is_one else character
