"""Rows out of lines: CSV and JSON Lines, each row with its line number and its bytes.

Second step of the file connector. Whatever the input, every row comes out once, read or with
its fault; no broken quote swallows the rows that follow.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

MAX_ROW_BYTES = 8_000_000
"""A longer row is refused, and only its beginning is kept."""

MAX_ROW_LINES = 5_000
"""A quote that is still open after so many lines was never meant to be one."""

SINGLE_COLUMN = "\x1f"
"""The delimiter of files with one column: one that no text holds."""

_BROKEN_QUOTE = "reading the row: a quote is not closed, or stands where none may"
TOO_LONG = f"reading the row: it is longer than {MAX_ROW_BYTES:,} bytes"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the rows are written."""

    encoding: str
    delimiter: str
    quotes: bool = True
    json_lines: bool = False
    header: bool = True
    sheet: str | None = None
    """Of a workbook: the sheet that is read; the rest but ``header`` means nothing then."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``values`` by column, or the ``fault`` that keeps it from being read."""

    line: int
    raw: bytes
    values: dict[str, str]
    fault: str | None = None


class _Lines:
    """Physical lines with their numbers, some of which may be given back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._returned: deque[bytes] = deque()
        self.number = 0

    def take(self) -> bytes:
        """The next line with its end, at most ``MAX_ROW_BYTES`` + 1 bytes; empty at the end."""
        if self._returned:
            self.number += 1
            return self._returned.popleft()
        line = self._stream.readline(MAX_ROW_BYTES + 1)
        if len(line) > MAX_ROW_BYTES:
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = self._stream.readline(MAX_ROW_BYTES)
        if line:
            self.number += 1
        return line

    def give_back(self, lines: list[bytes]) -> None:
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def read_rows(stream: BinaryIO, dialect: Dialect) -> tuple[list[str], Iterator[Row]]:
    """The columns' names, and the rows. JSON Lines have no names in advance: an empty list."""
    lines = _Lines(stream)
    if dialect.json_lines:
        return [], _json_rows(lines, dialect.encoding)
    if not dialect.header:
        width = _peek_width(lines, dialect)
        return (names := [str(n + 1) for n in range(width)]), _csv_rows(lines, dialect, names)
    for _, _, cells, _ in _cell_rows(lines, dialect, 0):
        names = column_names(cells or [])
        return names, _csv_rows(lines, dialect, names)
    return [], iter(())


def column_names(cells: list[str]) -> list[str]:
    """Names as people read them; a repeated one gets a number, a missing one stays empty."""
    names: list[str] = []
    for cell in cells:
        name = " ".join(cell.split())
        count = 2
        unique = name
        while name and unique in names:
            unique = f"{name} ({count})"
            count += 1
        names.append(unique)
    while names and not names[-1]:
        names.pop()
    return names


def _peek_width(lines: _Lines, dialect: Dialect) -> int:
    for _, raw, cells, _ in _cell_rows(lines, dialect, 0):
        lines.give_back(raw.splitlines(keepends=True))
        return len(cells or [])
    return 0


def _csv_rows(lines: _Lines, dialect: Dialect, names: list[str]) -> Iterator[Row]:
    width = len(names)
    for line, raw, cells, fault in _cell_rows(lines, dialect, width):
        if cells is None:
            yield Row(line, raw, {}, fault)
        elif len(cells) == width or (len(cells) > width and not any(cells[width:])):
            yield Row(line, raw, dict(zip(names, cells, strict=False)))
        else:
            reason = f"reading the row: {len(cells)} cells where there are {width} columns"
            yield Row(line, raw, {}, reason)


_Cells = tuple[int, bytes, list[str] | None, str | None]


def _cell_rows(lines: _Lines, dialect: Dialect, width: int) -> Iterator[_Cells]:
    encoding, delimiter, quotes = dialect.encoding, dialect.delimiter, dialect.quotes
    while raw := lines.take():
        number = lines.number
        if raw.isspace():
            continue
        if len(raw) > MAX_ROW_BYTES:
            yield number, raw, None, TOO_LONG
        elif quotes and b'"' in raw:
            yield _quoted_row(lines, raw, dialect, width)
        else:
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                yield number, raw, None, _not_in(encoding)
                continue
            # Without a quote, csv only splits; doing so here is several times faster.
            yield number, raw, text.rstrip("\r\n").split(delimiter), None


def _quoted_row(lines: _Lines, raw: bytes, dialect: Dialect, width: int) -> _Cells:
    number = lines.number
    taken = [raw]
    garbled = False

    def feed() -> Iterator[str]:
        nonlocal garbled
        size = 0
        line = raw
        while True:
            size += len(line)
            try:
                yield line.decode(dialect.encoding)
            except UnicodeDecodeError:
                garbled = True
                yield line.decode(dialect.encoding, "replace")
            if len(taken) >= MAX_ROW_LINES or size > MAX_ROW_BYTES or not (line := lines.take()):
                return
            taken.append(line)

    cells = _parse(feed(), dialect.delimiter)
    if cells is None or _is_misjoined(cells, taken, dialect, width):
        lines.give_back(taken[1:])
        if garbled and len(taken) == 1:
            return number, raw, None, _not_in(dialect.encoding)
        return number, raw, None, _BROKEN_QUOTE
    whole = raw if len(taken) == 1 else b"".join(taken)
    if garbled:
        return number, whole, None, _not_in(dialect.encoding)
    return number, whole, cells, None


def _parse(text: Iterator[str], delimiter: str) -> list[str] | None:
    # The limit is csv's own for the whole process: raised for this one row only.
    limit = csv.field_size_limit(2 * MAX_ROW_BYTES)
    try:
        return next(csv.reader(text, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(limit)


def _is_misjoined(cells: list[str], taken: list[bytes], dialect: Dialect, width: int) -> bool:
    """Whether a stray quote joined lines of which some are rows of their own."""
    if len(taken) == 1 or not width or len(cells) == width:
        return False
    for line in taken[1:]:
        alone = _parse(iter([line.decode(dialect.encoding, "replace")]), dialect.delimiter)
        if alone is not None and len(alone) == width:
            return True
    return False


def _not_in(encoding: str) -> str:
    return f"reading the row: its bytes are not in the encoding {encoding}"


def _json_rows(lines: _Lines, encoding: str) -> Iterator[Row]:
    utf8 = encoding in {"utf-8", "ascii"}
    while raw := lines.take():
        number = lines.number
        if raw.isspace():
            continue
        if len(raw) > MAX_ROW_BYTES:
            yield Row(number, raw, {}, TOO_LONG)
            continue
        try:
            found = orjson.loads(raw if utf8 else raw.decode(encoding))
        except UnicodeDecodeError:
            yield Row(number, raw, {}, _not_in(encoding))
        except (orjson.JSONDecodeError, RecursionError):
            yield Row(number, raw, {}, "reading the row: it is not valid JSON")
        else:
            if isinstance(found, dict):
                yield Row(number, raw, _flat(found))
            else:
                yield Row(number, raw, {}, "reading the row: it is no JSON object")


def _flat(found: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Values as text; an inner object's names follow a dot."""
    values: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, str):
            values[prefix + name] = value
        elif value is None:
            values[prefix + name] = ""
        elif isinstance(value, dict):
            values.update(_flat(value, f"{prefix}{name}."))
        else:
            values[prefix + name] = orjson.dumps(value).decode()
    return values
