"""Parse rows with quoted cells. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from functools import cache

from connectors.file.tables.rows import MAX_ROW_BYTES, Dialect

_MAX_CELL = 2 * MAX_ROW_BYTES
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Line ends become vertical tabs, which end no cell, and are line ends to a reader of texts.
_MEANINGS = {"n": "\x0b", "r": "", "t": " ", "N": "", "0": ""}


def parse_cells(text: Iterable[str], dialect: Dialect) -> list[str] | None:
    """Return the cells of the row at the beginning of ``text``; None if a quote is wrong."""
    if dialect.escapes:
        text = (_ESCAPED.sub(_translate, line) if "\\" in line else line for line in text)
    reader = csv.reader(
        text,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar="\\" if dialect.escapes else None,
        skipinitialspace=dialect.spaced,
        strict=True,
    )
    # The limit is csv's own for the whole process: raised for this one row only.
    limit = csv.field_size_limit(_MAX_CELL)
    try:
        return next(reader, [])
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(limit)


def split_one_quoted(text: str, dialect: Dialect) -> list[str] | None:
    """Return the cells of a line with exactly two quotes, several times faster than csv.

    None if they do not enclose one whole cell, or if the dialect is not the usual one.
    """
    before, cell, after = text.rstrip("\r\n").split(dialect.quote)
    delimiter = dialect.delimiter
    if before[-1:] not in ("", delimiter) or after[:1] not in ("", delimiter) or "\r" in text[:-2]:
        return None
    if dialect.escapes or dialect.spaced or dialect.wrapped:
        return None
    return [
        *(before[:-1].split(delimiter) if before else ()),
        cell,
        *(after[1:].split(delimiter) if after else ()),
    ]


def unescape(cell: str) -> str:
    """Return a cell without quotes in which a backslash precedes special characters."""
    return _ESCAPED.sub(lambda match: _MEANINGS.get(match[1], match[1]), cell)


def split_loosely(text: str, dialect: Dialect, width: int) -> list[str] | None:
    """Return the cells of a line with unescaped quotes; None if they do not make a whole row.

    A quote closes its cell only before a delimiter or the end of the line, and where that makes too
    many cells, only if no space follows the delimiter, as it does in a sentence.
    """
    for end in ("", "(?! )"):
        closing = _closing(dialect.quote, dialect.delimiter, end)
        cells = _split_at(text, dialect.quote, dialect.delimiter, closing)
        if cells is not None and len(cells) == width:
            return cells
    return None


def split_plainly(text: str, dialect: Dialect) -> list[str]:
    """Return the cells of a text in which a quote is never closed: every delimiter divides.

    A cell loses its first quote if that is the one without a partner.
    """
    quote = dialect.quote
    return [
        cell.replace(quote, "", 1) if cell.lstrip()[:1] == quote and cell.count(quote) % 2 else cell
        for cell in text.rstrip("\r\n").split(dialect.delimiter)
    ]


def _split_at(text: str, quote: str, delimiter: str, closing: re.Pattern[str]) -> list[str] | None:
    cells: list[str] = []
    at = 0
    while True:
        start = at
        while text[start : start + 1] == " ":
            start += 1
        if text[start : start + 1] == quote:
            match = closing.search(text, start + 1)
            if match is None:
                return None
            cells.append(text[start + 1 : match.start()].replace(quote * 2, quote))
            at = match.end()
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            cells.append(text[at:end])
            at = end
        if at >= len(text):
            return cells
        at += 1  # the delimiter


@cache
def _closing(quote: str, delimiter: str, end: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(quote)} *(?={re.escape(delimiter)}{end}|$)")


def _translate(match: re.Match[str]) -> str:
    return _MEANINGS.get(match[1], match[0])
