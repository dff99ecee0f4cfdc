"""Detect a file's dialect from its beginning: delimiter, quoting, header.

A wrong guess must not break a plain file: the header decides first, and a stated option is never
overridden. A megabyte is enough evidence: a dialect is the same on every line, and rows that are
not in it are their own errors.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from connectors.file.raw.byte_source import HEAD_BYTES
from connectors.file.raw.encoding import Encoding
from connectors.file.tables.csv_rows import (
    MAX_UNCLOSED_LINES,
    SAMPLE_ROWS,
    split_rows,
)
from connectors.file.tables.header import MAX_TITLE_ROWS
from connectors.file.tables.rows import SINGLE_COLUMN, Dialect, Shape
from connectors.file.tables.table import measure_first_rows
from connectors.file.tables.wide_rows import find_fault

DELIMITERS: Final = (",", ";", "\t", "|")
RARE_DELIMITERS: Final = ("^", "~", "\x01", "\x1f", "\xa6")
_SEPARATOR: Final = re.compile(rb'\s*"?sep=(.|\\t)"?[;,\t]*\s*?[\r\n]', re.IGNORECASE)
_QUOTED: Final = re.compile(rb'"(?:[^"]|"")*"')
_MIN_EXACT: Final = 0.5
_MIN_EXACT_BELOW_TITLES: Final = 0.8
_SIGNS_BYTES: Final = 200_000
_Score = tuple[float, ...]


def detect_dialect(
    head: bytes,
    encoding: Encoding,
    *,
    delimiter: str | None,
    header: bool,
    known_names: frozenset[str],
) -> Dialect:
    """Return the dialect with the most known column names and the most rows of its width."""
    cr = ends_lines_with_cr(head)
    is_named = delimiter is None and read_separator(head) is not None
    delimiter = delimiter or read_separator(head)
    plain = Dialect(
        encoding.name, delimiter or SINGLE_COLUMN, other_encoding=encoding.other, cr=cr,
        header=header,
    )  # fmt: skip
    if len(head) >= HEAD_BYTES:
        end = b"\r" if cr else b"\n"
        head = head[: head.rfind(end) + 1] or head
    best: tuple[_Score, Dialect] | None = None
    for candidate in _list_delimiters(head, delimiter, is_named=is_named):
        if best is not None and is_named and candidate != delimiter:
            break
        for attempt in _vary_quoting(head, replace(plain, delimiter=candidate)):
            scored = _score(head, attempt, known_names)
            if scored is not None and (best is None or scored[0] > best[0]):
                best = scored
    if best is not None:
        return best[1]
    shape = _measure(_read_cells(head, plain), plain, known_names)
    return replace(plain, shape=shape)


def _list_delimiters(head: bytes, stated: str | None, *, is_named: bool) -> tuple[str, ...]:
    """Return the delimiters to try; one that the file names itself may be wrong."""
    if stated is not None and not is_named:
        return (stated,)
    first = head[:4_000]
    rare = [sign for sign in RARE_DELIMITERS if sign.encode() in first]
    return tuple(dict.fromkeys([*([stated] if stated else []), *DELIMITERS, *rare]))


def ends_lines_with_cr(head: bytes) -> bool:
    """Return True if lines end with a carriage return alone; those within quotes do not count."""
    if b"\r" not in head:
        return False
    outside = _QUOTED.sub(b"", head)
    if re.search(rb"\A[^\r\n]+\r(?!\r*\n)[^\r\n]", outside):
        return True  # the header ends with one
    return outside.count(b"\r") - outside.count(b"\r\n") > outside.count(b"\n")


def read_separator(head: bytes) -> str | None:
    """Return the delimiter that Excel's own first line names."""
    match = _SEPARATOR.match(head)
    if match is None:
        return None
    return "\t" if match[1] == rb"\t" else match[1].decode("latin-1")


def _vary_quoting(head: bytes, plain: Dialect) -> Iterator[Dialect]:
    """Yield the ways of quoting that a file shows signs of."""
    yield plain
    head = head[:_SIGNS_BYTES]
    if head.count(b"`") > 3:
        yield replace(plain, quote="`")
    sign = re.escape(plain.delimiter.encode())
    spaced = re.search(rb"(?:%s) +[\"']" % sign, head) is not None
    if rb"\"" in head:
        yield replace(plain, escapes=True)
    if spaced:
        yield replace(plain, spaced=True)
    if spaced and rb"\"" in head:
        yield replace(plain, spaced=True, escapes=True)
    if _has_single_quotes(head, sign):
        for escapes in {False, rb"\'" in head}:
            yield replace(plain, quote="'", spaced=spaced, escapes=escapes)
    below_titles = rb"(?:[^\r\n\"%s]*+[\r\n]++){0,%d}" % (sign, MAX_TITLE_ROWS)
    first = re.match(
        rb"%s\"((?:[^\"\r\n]|\"\")*+)\"(?:%s|[ \t])*(?:[\r\n]|$)" % (below_titles, sign), head
    )
    if first is not None and plain.delimiter.encode() in first[1]:
        yield replace(plain, wrapped=True)
    # Tab-separated exports often have no quoting: a quote is then a plain character.
    if plain.delimiter == "\t":
        yield replace(plain, quotes=False)
        if rb"\N" in head:
            yield replace(plain, quotes=False, escapes=True)


def _has_single_quotes(head: bytes, sign: bytes) -> bool:
    """Return True if cells in single quotes hold a delimiter, or each row has one.

    Otherwise the quotes may be the writer's own.
    """
    within = rb"(?:[^'\\]|''|\\.)*+", rb"(?:[^']|'')*+"  # a backslash may be plain, too
    cells = [
        re.compile(
            rb"(?:^|%s) *'(%s)' *(?=%s|\r|\n|$)" % (sign, text, sign), re.MULTILINE | re.DOTALL
        )
        for text in within
    ]
    needed = re.compile(rb"%s|\r|\n" % sign)
    if any(needed.search(match[1]) for cell in cells for match in cell.finditer(head)):
        return True
    cell = cells[0]
    rows = [line for line in head.splitlines()[1:51] if line.strip()]
    return bool(rows) and all(map(cell.search, rows))


def _score(
    head: bytes, dialect: Dialect, known_names: frozenset[str]
) -> tuple[_Score, Dialect] | None:
    cells = _read_cells(head, dialect)
    shape = _measure(cells, dialect, known_names)
    if shape.width < 2:
        return None
    body = cells[shape.header.row + shape.header.rows :]
    count = max(1, len(body))
    whole = sum(row is not None and find_fault(row, shape) is None for row in body)
    exact = sum(row is not None and len(row) == shape.width for row in body)
    min_exact = _MIN_EXACT_BELOW_TITLES if shape.header.row else _MIN_EXACT
    if not shape.header.known_count and exact < min_exact * len(body):
        return None  # a sentence with a comma in it, rather than a header
    score = (
        shape.header.known_count,
        not shape.header.looks_like_data,
        round(whole / count, 1),
        -_count_stray_quotes(body, dialect.quote),
        round(exact / count, 1),
        -_count_oddities(dialect),
        shape.width,
    )
    return score, replace(dialect, shape=shape)


def _read_cells(head: bytes, dialect: Dialect) -> list[list[str] | None]:
    rows = islice(split_rows(io.BytesIO(head), dialect), SAMPLE_ROWS)
    return [cells for _, _, cells, _ in rows]


def _measure(cells: list[list[str] | None], dialect: Dialect, known_names: frozenset[str]) -> Shape:
    whole = [row or [] for row in cells]
    return measure_first_rows(whole, header=dialect.header, known_names=known_names)


def _count_stray_quotes(body: list[list[str] | None], quote: str) -> int:
    """Return how many cells keep marks of a quoting that the dialect does not have."""
    rows = [[cell.strip() for cell in row] for row in body if row]
    within = sum(sum(_is_stray(cell, quote) for cell in row) + _splits_quotes(row) for row in rows)
    return within + sum(
        _closes_below(row, rows[at : at + MAX_UNCLOSED_LINES])
        for at, row in enumerate(rows, start=1)
    )


def _closes_below(row: list[str], below: list[list[str]]) -> bool:
    """Return True if a quote opens in the last cell of a row, and closes in a first cell below."""
    sign = row[-1][:1] if row else ""
    if not sign or sign not in "\"'`" or row[-1][-1:] == sign:
        return False
    firsts = (cells[0] for cells in below if cells)
    return any(sign == cell[-1:] != cell[:1] for cell in firsts)


def _splits_quotes(row: list[str]) -> bool:
    """Return True if a quote opens in one cell, and closes in a later one."""
    return any(
        cell[:1] == sign != cell[-1:] and any(sign == other[-1:] != other[:1] for other in row[at:])
        for at, cell in enumerate(row)
        for sign in "\"'`"
    )


def _is_stray(cell: str, quote: str) -> bool:
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'`"
    return is_quoted or cell == r"\N" or "\\'" in cell or (quote == '"' and '\\"' in cell)


def _count_oddities(dialect: Dialect) -> int:
    return (
        2 * (not dialect.quotes)
        + 2 * dialect.wrapped
        + (dialect.quote != '"')
        + dialect.escapes
        + dialect.spaced
    )
