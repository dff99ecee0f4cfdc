"""Split CSV into rows, each with its line number and its bytes.

Second step of the file connector. For any input, every row is returned once, parsed or with its
error; a broken quote never swallows the rows that follow.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO, Final

from connectors.file.tables.findings import (
    LOOSE_QUOTES,
    OTHER_ENCODING,
    UNPACKED,
    UNREADABLE_BYTES,
    Oddities,
)
from connectors.file.tables.header import find_header, is_structured
from connectors.file.tables.lines import LineReader, open_with_newlines
from connectors.file.tables.quoting import (
    parse_cells,
    split_loosely,
    split_one_quoted,
    split_plainly,
    unescape,
)
from connectors.file.tables.rows import MAX_ROW_BYTES, TOO_LONG, Dialect, RawRow, Row
from connectors.file.tables.table import TableReader, measure_table

MAX_ROW_LINES: Final = 5_000
"""A quote that is open for more lines than this is a stray one."""

MAX_UNCLOSED_LINES: Final = 50
"""A cell whose quote is never closed has at most so many lines."""

SAMPLE_ROWS: Final = 200
_BLANKS: Final = b" \t\r\n\x0b\x0c\x1a"
_BROKEN_QUOTE: Final = "reading the row: a quote is unclosed or misplaced"


def read_csv(
    stream: BinaryIO, dialect: Dialect, oddities: Oddities | None = None
) -> tuple[list[str], Iterator[Row]]:
    """Return column names and rows; what is left out is counted in ``oddities``.

    If the dialect has no shape yet, the first row is the header.
    """
    oddities = Oddities() if oddities is None else oddities
    raw_rows = split_rows(stream, dialect, oddities)
    shape = dialect.shape
    if shape is None:
        first = list(islice(raw_rows, SAMPLE_ROWS))
        raw_rows = chain(first, raw_rows)
        cells = [row[2] or [] for row in first]
        place = find_header(cells[:1], frozenset(), is_needed=dialect.header)
        shape = measure_table(place, cells)
    names = [name for name in shape.names if name]
    return names, TableReader(shape, oddities, delimiter=dialect.delimiter).read(raw_rows)


def split_rows(
    stream: BinaryIO, dialect: Dialect, oddities: Oddities | None = None
) -> Iterator[RawRow]:
    """Yield the cells of every row that is not blank, the header's too."""
    if dialect.cr:
        stream = open_with_newlines(stream)
    return _RowSplitter(LineReader(stream), dialect, oddities or Oddities()).split()


class _RowSplitter:
    def __init__(self, lines: LineReader, dialect: Dialect, oddities: Oddities) -> None:
        self._lines = lines
        self._dialect = dialect
        self._oddities = oddities
        self._quote = dialect.quote.encode()
        self._width = 0 if dialect.shape is None else dialect.shape.width

    def split(self) -> Iterator[RawRow]:
        dialect, read = self._dialect, self._lines.read
        encoding, delimiter = dialect.encoding, dialect.delimiter
        quote = self._quote if dialect.quotes else None
        formula = re.compile(rb'(^|%s)="(?=[^"])' % re.escape(delimiter.encode()))
        first_of_bom, space = codecs.BOM_UTF8[0], 0x20
        while raw := read():
            first = raw[0]
            if first <= space or first == first_of_bom:
                # Files that were joined have a mark each; DOS ends them with a sign.
                raw = raw.removeprefix(codecs.BOM_UTF8)
                if not raw.strip(_BLANKS):
                    continue
            if len(raw) > MAX_ROW_BYTES:
                yield self._lines.number, raw, None, TOO_LONG
            elif quote is not None and quote in raw:
                if b'="' in raw:
                    raw = formula.sub(rb'\1"', raw)  # Excel keeps the text of ="0012" as it is
                yield self._read_quoted(raw)
            else:
                try:
                    text = raw.decode(encoding)
                except UnicodeDecodeError:
                    yield self._read_otherwise(raw)
                    continue
                # Without a quote, splitting equals csv, and is several times faster.
                cells = text.rstrip("\r\n").split(delimiter)
                if dialect.escapes:
                    cells = [unescape(cell) for cell in cells]
                if len(cells) != self._width and "\r" in text:
                    yield from self._split_at_cr(raw, text, cells)
                    continue
                yield self._lines.number, raw, cells, None

    def _split_at_cr(self, raw: bytes, text: str, cells: list[str]) -> Iterator[RawRow]:
        """Yield the rows of a line that a carriage return divides into whole ones."""
        parts = [part.split(self._dialect.delimiter) for part in text.rstrip("\r\n").split("\r")]
        if len(parts) > 1 and all(len(part) == self._width for part in parts):
            for part in parts:
                yield self._lines.number, raw, part, None
        else:
            yield self._lines.number, raw, cells, None

    def _read_otherwise(self, raw: bytes) -> RawRow:
        """Return a row without quotes that is not in the encoding of the rest."""
        number, line = self._lines.number, self._decode(raw)
        if line.is_garbled:
            return number, raw, None, _describe_encoding(self._dialect.encoding)
        self._count(line, number)
        cells = line.text.rstrip("\r\n").split(self._dialect.delimiter)
        if self._dialect.escapes:
            cells = [unescape(cell) for cell in cells]
        return number, raw, cells, None

    def _decode(self, raw: bytes) -> _Line:
        dialect = self._dialect
        try:
            return _Line(raw.decode(dialect.encoding))
        except UnicodeDecodeError:
            pass
        if dialect.other_encoding is None:
            return _Line(raw.decode(dialect.encoding, "replace"), is_garbled=True)
        try:
            return _Line(raw.decode(dialect.other_encoding), OTHER_ENCODING)
        except UnicodeDecodeError:
            return _Line(raw.decode(dialect.other_encoding, "replace"), UNREADABLE_BYTES)

    def _count(self, line: _Line, number: int) -> None:
        if line.oddity is not None:
            self._oddities.add(line.oddity, f"line {number}")

    def _read_quoted(self, raw: bytes) -> RawRow:
        number = self._lines.number
        count = raw.count(self._quote)
        if count % 2 == 0:
            # The usual row ends on its line.
            cells = self._parse_line(raw, count)
            if cells is not None and len(cells) == self._width and not self._dialect.wrapped:
                return number, raw, _unwrap_formulas(cells), None
        taken = [raw]
        lines = [self._decode(raw)]

        def feed() -> Iterator[str]:
            size = len(raw)
            yield lines[0].text
            while len(taken) < MAX_ROW_LINES and size <= MAX_ROW_BYTES:
                line = self._lines.read()
                if not line:
                    return
                size += len(line)
                taken.append(line)
                lines.append(self._decode(line))
                yield lines[-1].text

        cells = parse_cells(feed(), self._dialect)
        if cells is None or self._is_misjoined(cells, taken):
            return self._read_loosely(taken, lines, number)
        whole = raw if len(taken) == 1 else b"".join(taken)
        if any(line.is_garbled for line in lines):
            return number, whole, None, _describe_encoding(self._dialect.encoding)
        for line in lines:
            self._count(line, number)
        return number, whole, _unwrap_formulas(self._unpack(cells or [""], number)), None

    def _read_loosely(self, taken: list[bytes], lines: list[_Line], number: int) -> RawRow:
        """Return a row whose quotes are wrong: by its delimiters, if they make a whole row."""
        count, cells = self._split_unclosed(lines)
        self._lines.unread(taken[count:])
        raw = taken[0] if count == 1 else b"".join(taken[:count])
        if any(line.is_garbled for line in lines[:count]):
            return number, raw, None, _describe_encoding(self._dialect.encoding)
        if cells is None or self._dialect.wrapped:  # a row may go on below it
            return number, raw, None, _BROKEN_QUOTE
        for line in lines[:count]:
            self._count(line, number)
        self._oddities.add(LOOSE_QUOTES, f"line {number}")
        return number, raw, cells, None

    def _split_unclosed(self, lines: list[_Line]) -> tuple[int, list[str] | None]:
        """Return how many lines a row with a wrong quote has, and its cells.

        A line that is a whole row by itself begins the next one.
        """
        dialect, width = self._dialect, self._width
        text = lines[0].text
        cells = split_loosely(text.rstrip("\r\n"), dialect, width)
        if cells is not None:
            return 1, cells
        best: tuple[int, list[str] | None] = (1, None)
        for count in range(1, min(len(lines), MAX_UNCLOSED_LINES) + 1):
            if count > 1:
                line = lines[count - 1].text
                if len(line.split(dialect.delimiter)) >= width:
                    break
                text += line
            cells = split_plainly(text, dialect)
            if len(cells) > width:
                break
            if len(cells) == width:
                best = count, cells
        return best

    def _parse_line(self, raw: bytes, quotes: int) -> list[str] | None:
        with suppress(UnicodeDecodeError):
            text = raw.decode(self._dialect.encoding)
            cells = split_one_quoted(text, self._dialect) if quotes == 2 else None
            return parse_cells((text,), self._dialect) if cells is None else cells
        return None

    def _unpack(self, cells: list[str], number: int) -> list[str]:
        """Return the cells of a row that is in quotes as a whole."""
        dialect = self._dialect
        if any(cells[1:]) or (len(cells) == self._width and not dialect.wrapped):
            return cells
        if not dialect.wrapped and self._width < 2:
            return cells
        if dialect.delimiter not in cells[0]:
            return cells
        inner = parse_cells(iter(cells[0].splitlines(keepends=True)), dialect)
        if inner is None or not (dialect.wrapped or self._is_whole_row(inner)):
            return cells
        self._oddities.add(UNPACKED, f"line {number}")
        return inner

    def _is_whole_row(self, cells: list[str]) -> bool:
        """Return True if a number or a date is among the cells: else it is a text with commas."""
        places = self._dialect.shape.structured if self._dialect.shape else frozenset()
        return len(cells) == self._width and any(
            cell.strip() and is_structured(cell) and (not places or at in places)
            for at, cell in enumerate(cells)
        )

    def _is_misjoined(self, cells: list[str], taken: list[bytes]) -> bool:
        """Return True if a stray quote joined lines of which some are separate rows."""
        width = self._width
        if len(taken) == 1 or not width or len(cells) == width:
            return False
        closes = taken[-1].rstrip().endswith(self._quote)
        for line in taken[1:]:
            if line.count(self._quote) % 2:
                continue  # it closes a quote that a line above has opened
            alone = parse_cells(iter([self._decode(line).text]), self._dialect)
            if alone is None or len(alone) != width:
                continue
            if closes and len(taken) <= MAX_UNCLOSED_LINES and not self._is_whole_row(alone):
                continue
            return True
        return False


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    oddity: str | None = None
    is_garbled: bool = False


def _unwrap_formulas(cells: list[str]) -> list[str]:
    """Return cells without the formula by which some exports keep Excel from changing them."""
    if not any(cell[:2] == '="' for cell in cells):
        return cells
    return [
        cell[2:-1] if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 else cell
        for cell in cells
    ]


def _describe_encoding(encoding: str) -> str:
    return f"reading the row: its bytes are not in the encoding {encoding}"
