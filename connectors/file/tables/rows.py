"""A file's rows, and the dialect that they are written in. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from connectors.file.tables.header import Header

MAX_ROW_BYTES: Final = 8_000_000
"""A longer row is rejected, and only its beginning is kept."""

SINGLE_COLUMN: Final = "\x1f"
"""The delimiter for files with one column: a character that text does not contain."""

TOO_LONG: Final = f"reading the row: it is longer than {MAX_ROW_BYTES:,} bytes"

RawRow = tuple[int, bytes, list[str] | None, str | None]
"""Line, bytes, cells, and the error that prevented parsing."""


class Row(NamedTuple):
    """One row: ``values`` by column, or the ``error`` that prevented parsing."""

    line: int
    raw: bytes
    values: dict[str, str]
    error: str | None = None
    sheet: str | None = None
    """Title of its sheet, if several are read."""
    doubt: str | None = None
    """Why its cells may not be in their columns."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a table, as its first rows show them."""

    header: Header
    width: int
    """Cells of a whole row."""
    structured: frozenset[int] = field(default=frozenset(), repr=False)
    """Columns in which every cell is a number, a date or the like."""
    numbers: frozenset[int] = field(default=frozenset(), repr=False)
    """Those of them in which every cell is a number."""
    text_column: int | None = field(default=None, repr=False)
    """The column with the longest texts, by its index."""
    unnamed: tuple[str, ...] = ()
    """Columns that the header does not name, as they are called instead."""
    surplus: int = 0
    """Empty cells that most rows have beyond the columns."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name per column; empty if the column has none."""
        return self.header.names + ("",) * (self.width - len(self.header.names))


@dataclass(frozen=True, slots=True)
class Dialect:
    """The format of the rows."""

    encoding: str
    delimiter: str
    quotes: bool = True
    quote: str = '"'
    escapes: bool = False
    """True if a backslash precedes quotes within a cell."""
    spaced: bool = False
    """True if spaces stand between a delimiter and a quote."""
    wrapped: bool = False
    """True if each line is in quotes as a whole."""
    cr: bool = False
    """True if lines end with a carriage return alone."""
    other_encoding: str | None = None
    """Encoding of rows that are not in ``encoding``; None if they are rejected."""
    json: str | None = None
    """``lines`` or ``document``; only the encodings are then used."""
    path: tuple[str, ...] | None = None
    """Where the records are in a JSON document."""
    is_transcript: bool = False
    header: bool = True
    shape: Shape | None = None
    sheets: tuple[str, ...] = ()
    """Sheets of a workbook; of the others only ``header`` and ``known_names`` are then used."""
    known_names: frozenset[str] = field(default=frozenset(), repr=False)
    """Names of columns by which the header of each sheet is found."""

    @property
    def quoting(self) -> str | None:
        """Describe the quoting if it is not the usual one."""
        parts = []
        if self.quote != '"':
            kind = "single quotes" if self.quote == "'" else "backticks"
            parts.append(f"cells are in {kind}")
        if self.escapes:
            parts.append("quotes within cells follow a backslash")
        if self.spaced:
            parts.append("spaces precede quotes")
        if self.wrapped:
            parts.append("each line is in quotes as a whole, and unpacked")
        if not self.quotes and self.delimiter != SINGLE_COLUMN:
            parts.append("quotes are plain characters")
        return "; ".join(parts) or None
