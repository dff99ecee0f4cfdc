"""Split CSV and JSON Lines into rows, each with its line number and its bytes.

Second step of the file connector. For any input, every row is returned once, parsed or with its
error; a broken quote never swallows the rows that follow.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from connectors.sdk.json_parts import load_json

MAX_ROW_BYTES = 8_000_000
"""A longer row is rejected, and only its beginning is kept."""

MAX_ROW_LINES = 5_000
"""A quote that is open for more lines than this is a stray one."""

SINGLE_COLUMN = "\x1f"
"""The delimiter for files with one column: a character that text does not contain."""

_BROKEN_QUOTE = "reading the row: a quote is unclosed or misplaced"
TOO_LONG = f"reading the row: it is longer than {MAX_ROW_BYTES:,} bytes"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The format of the rows."""

    encoding: str
    delimiter: str
    quotes: bool = True
    json_lines: bool = False
    header: bool = True
    sheet: str | None = None
    """Sheet of a workbook; all other fields but ``header`` are then unused."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``values`` by column, or the ``error`` that prevented parsing."""

    line: int
    raw: bytes
    values: dict[str, str]
    error: str | None = None


class _LineReader:
    """Physical lines with their numbers; lines can be unread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._returned: deque[bytes] = deque()
        self.number = 0

    def read(self) -> bytes:
        """Return the next line with its end, at most ``MAX_ROW_BYTES`` + 1 bytes; empty at EOF."""
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

    def unread(self, lines: list[bytes]) -> None:
        self._returned.extendleft(reversed(lines))
        self.number -= len(lines)


def read_rows(stream: BinaryIO, dialect: Dialect) -> tuple[list[str], Iterator[Row]]:
    """Return column names and rows; the names are empty for JSON Lines, whose rows have them."""
    lines = _LineReader(stream)
    if dialect.json_lines:
        return [], _read_json_lines(lines, dialect.encoding)
    if not dialect.header:
        width = _peek_width(lines, dialect)
        return (names := [str(n + 1) for n in range(width)]), _read_csv(lines, dialect, names)
    for _, _, cells, _ in _read_cells(lines, dialect, 0):
        names = unique_names(cells or [])
        return names, _read_csv(lines, dialect, names)
    return [], iter(())


def unique_names(cells: list[str]) -> list[str]:
    """Return column names; repeated ones get a number, missing ones stay empty."""
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


def _peek_width(lines: _LineReader, dialect: Dialect) -> int:
    for _, raw, cells, _ in _read_cells(lines, dialect, 0):
        lines.unread(raw.splitlines(keepends=True))
        return len(cells or [])
    return 0


def _read_csv(lines: _LineReader, dialect: Dialect, names: list[str]) -> Iterator[Row]:
    width = len(names)
    for line, raw, cells, error in _read_cells(lines, dialect, width):
        if cells is None:
            yield Row(line, raw, {}, error)
        elif len(cells) == width or (len(cells) > width and not any(cells[width:])):
            yield Row(line, raw, dict(zip(names, cells, strict=False)))
        else:
            reason = f"reading the row: {len(cells)} cells where there are {width} columns"
            yield Row(line, raw, {}, reason)


_Cells = tuple[int, bytes, list[str] | None, str | None]


def _read_cells(lines: _LineReader, dialect: Dialect, width: int) -> Iterator[_Cells]:
    encoding, delimiter, quotes = dialect.encoding, dialect.delimiter, dialect.quotes
    while raw := lines.read():
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
                yield number, raw, None, _decode_error(encoding)
                continue
            # Without a quote, splitting equals csv, and is several times faster.
            yield number, raw, text.rstrip("\r\n").split(delimiter), None


def _quoted_row(lines: _LineReader, raw: bytes, dialect: Dialect, width: int) -> _Cells:
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
            if len(taken) >= MAX_ROW_LINES or size > MAX_ROW_BYTES or not (line := lines.read()):
                return
            taken.append(line)

    cells = _parse(feed(), dialect.delimiter)
    if cells is None or _is_misjoined(cells, taken, dialect, width):
        lines.unread(taken[1:])
        if garbled and len(taken) == 1:
            return number, raw, None, _decode_error(dialect.encoding)
        return number, raw, None, _BROKEN_QUOTE
    whole = raw if len(taken) == 1 else b"".join(taken)
    if garbled:
        return number, whole, None, _decode_error(dialect.encoding)
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
    """Return True if a stray quote joined lines of which some are separate rows."""
    if len(taken) == 1 or not width or len(cells) == width:
        return False
    for line in taken[1:]:
        alone = _parse(iter([line.decode(dialect.encoding, "replace")]), dialect.delimiter)
        if alone is not None and len(alone) == width:
            return True
    return False


def _decode_error(encoding: str) -> str:
    return f"reading the row: its bytes are not in the encoding {encoding}"


def _read_json_lines(lines: _LineReader, encoding: str) -> Iterator[Row]:
    utf8 = encoding in {"utf-8", "ascii"}
    while raw := lines.read():
        number = lines.number
        if raw.isspace():
            continue
        if len(raw) > MAX_ROW_BYTES:
            yield Row(number, raw, {}, TOO_LONG)
            continue
        try:
            parsed = load_json(raw if utf8 else raw.decode(encoding))
        except UnicodeDecodeError:
            yield Row(number, raw, {}, _decode_error(encoding))
        except (orjson.JSONDecodeError, RecursionError):
            yield Row(number, raw, {}, "reading the row: it is not valid JSON")
        else:
            if isinstance(parsed, dict):
                yield Row(number, raw, _flatten(parsed))
            else:
                yield Row(number, raw, {}, "reading the row: it is not a JSON object")


def _flatten(fields: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return values as text; the names of nested objects are joined by a dot."""
    values: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            values[prefix + name] = value
        elif value is None:
            values[prefix + name] = ""
        elif isinstance(value, dict):
            values.update(_flatten(value, f"{prefix}{name}."))
        else:
            values[prefix + name] = orjson.dumps(value).decode()
    return values
