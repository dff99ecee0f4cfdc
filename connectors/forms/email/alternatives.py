"""Alternatives of one text: which one holds the writer's words, and says best what is quoted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.forms.email.lines import Line, Mark, count_line_letters

_GRAM: Final = 4
_MAX_COMPARED: Final = 100_000
_SHARED: Final = 0.5
_UNRELATED: Final = 0.2
"""Texts that share less have no words in common."""
_QUOTED: Final = frozenset({Mark.QUOTE, Mark.HEAD, Mark.DIVIDER})


def choose_alternative(alternatives: Sequence[list[Line]]) -> tuple[list[Line], int]:
    """Return the lines to read, and the letters of another alternative with other words.

    That is the first, which is plain, unless the last has other words: then the first only says
    that the message is HTML, or is shortened. Or unless the last alone says what is quoted.
    """
    filled = [lines for lines in alternatives if count_line_letters(_drop_hidden(lines))]
    if len(filled) < 2:
        return (filled or list(alternatives) or [[]])[0], 0
    first, last = filled[0], filled[-1]
    own_first, own_last = _drop_quotes(first), _drop_quotes(last)
    if not count_line_letters(own_first) and count_line_letters(own_last):
        return last, 0
    share = _share(own_last, own_first)
    if share >= _SHARED:
        return (last if _marks_quotes(last) and not _marks_quotes(first) else first), 0
    if _share(own_first, own_last) >= _SHARED:
        return last, 0
    chosen, other = (last, first) if share < _UNRELATED else (first, last)
    return chosen, count_line_letters(other)


def _drop_hidden(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.mark is not Mark.HIDDEN]


def _is_marked(line: Line) -> bool:
    return line.mark in _QUOTED or line.text.lstrip().startswith(">")


def _marks_quotes(lines: Sequence[Line]) -> bool:
    return any(map(_is_marked, lines))


def _drop_quotes(lines: Sequence[Line]) -> list[Line]:
    return [line for line in _drop_hidden(lines) if not _is_marked(line)]


def _share(lines: Sequence[Line], others: Sequence[Line]) -> float:
    """Return the share of a text's sequences of letters that another text has too."""
    mine, theirs = _grams(lines), _grams(others)
    return len(mine & theirs) / len(mine) if mine else 1.0


def _grams(lines: Sequence[Line]) -> set[str]:
    text = "".join(filter(str.isalnum, "".join(line.text for line in lines).casefold()))
    text = text[:_MAX_COMPARED]
    return {text[start : start + _GRAM] for start in range(max(1, len(text) - _GRAM + 1))} - {""}
