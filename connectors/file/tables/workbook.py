"""Read the rows of a workbook: which sheets are the export, and where their header is.

An alternative to :mod:`~.csv_rows` as second step of the file connector. Sheets with
the same columns are one export; covers and lookup tables are left out, and named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import BinaryIO, Final, Protocol

import orjson

from connectors.file.raw.archive import check_archive
from connectors.file.raw.kinds import ZIP
from connectors.file.tables.cell_text import count_from_1904
from connectors.file.tables.csv_rows import SAMPLE_ROWS
from connectors.file.tables.findings import Oddities
from connectors.file.tables.header import fold_cell
from connectors.file.tables.old_workbook import open_old_book
from connectors.file.tables.rows import MAX_ROW_BYTES, TOO_LONG, Dialect, RawRow, Row, Shape
from connectors.file.tables.table import TableReader, measure_first_rows
from connectors.file.tables.xlsx import NumberedCells, open_xlsx
from connectors.sdk.errors import Fatal, Misconfigured
from schemas.validation import suggest_name

_MIN_SHARED: Final = 0.6
_DATED: Final = re.compile(
    r"date|time|created|submitted|day|when|datum|fecha|data\b", re.IGNORECASE
)
"""Columns whose plain numbers count days, if a workbook counts them from another day."""


class SheetReader(Protocol):
    """An open workbook of any format."""

    @property
    def titles(self) -> list[tuple[str, bool]]:
        """Title of each sheet, and True if it is visible."""

    def read_sheet(self, title: str, oddities: Oddities) -> Iterator[NumberedCells]:
        """Yield number and cells of the rows that are not empty."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The sheets that are read."""

    titles: tuple[str, ...]
    left_out: tuple[str, ...]
    """Other sheets that are not empty; of the hidden ones, those with the same columns."""
    shape: Shape
    """Of the first one."""
    names: tuple[str, ...]
    """Columns of all sheets."""
    is_default: bool
    """True if they would be read without an option, too."""


class Book:
    """A workbook's sheets as tables."""

    def __init__(self, reader: SheetReader, where: str, *, epoch_1904: bool) -> None:
        self._reader = reader
        self._where = where
        self.epoch_1904 = epoch_1904
        """True if it counts its days from 1904."""

    def choose_sheets(
        self, wanted: str | None, known_names: frozenset[str], *, header: bool
    ) -> Choice:
        """Return the sheet of that name, or those that are the export.

        That is the first with the most known columns, and all that share most of their columns with
        it.

        Raises:
            Misconfigured: no sheet has that name.
            Fatal: the workbook has no sheets.
        """
        titles = [title for title, _ in self._reader.titles]
        visible = [title for title, is_visible in self._reader.titles if is_visible]
        if not titles:
            raise Fatal(f"reading {self._where}: it has no sheets")
        measured = {
            title: self._measure(title, known_names, header=header) for title in visible or titles
        }
        main = max(measured, key=lambda title: _rank(*measured[title]))
        if wanted is not None:
            title = _find_title(wanted, titles, self._where)
            shape, _ = measured.get(title) or self._measure(title, known_names, header=header)
            names = tuple(name for name in shape.names if name)
            return Choice((title,), (), shape, names, is_default=title == main)
        shape, _ = measured[main]
        chosen = [main]
        if header:
            chosen = [title for title in measured if _is_alike(measured[title][0], shape)]
        left_out = [title for title, (_, rows) in measured.items() if rows and title not in chosen]
        left_out += self._find_hidden(titles, measured, shape, known_names) if header else []
        spelling: dict[str, str] = {}
        shapes = [_spell_alike(measured[title][0], spelling) for title in chosen]
        names = tuple(dict.fromkeys(name for each in shapes for name in each.names if name))
        return Choice(tuple(chosen), tuple(left_out), shape, names, is_default=True)

    def _find_hidden(
        self,
        titles: list[str],
        measured: dict[str, tuple[Shape, int]],
        main: Shape,
        known_names: frozenset[str],
    ) -> list[str]:
        """Return the hidden sheets that have rows with the columns of the export."""
        hidden = {
            title: self._measure(title, known_names, header=True)
            for title in titles
            if title not in measured
        }
        return [title for title, (shape, rows) in hidden.items() if rows and _is_alike(shape, main)]

    def read_rows(self, dialect: Dialect, oddities: Oddities) -> Iterator[Row]:
        """Yield the rows of the sheets that were chosen."""
        several = len(dialect.sheets) > 1
        spelling: dict[str, str] = {}
        for title in dialect.sheets:
            raw_rows = self._read_raw(title, oddities)
            first = list(islice(raw_rows, SAMPLE_ROWS))
            shape = _measure_rows(first, dialect.known_names, header=dialect.header)
            shape = _spell_alike(shape, spelling)
            place = f"{title} row" if several else "row"
            table = TableReader(shape, oddities, place=place, is_grid=True)
            dated = [name for name in shape.names if self.epoch_1904 and _DATED.search(name)]
            for row in table.read(chain(first, raw_rows)):
                for name in dated:
                    row.values[name] = count_from_1904(row.values.get(name, ""))
                raw = orjson.dumps(row.values)
                yield Row(row.line, raw, row.values, row.error, title if several else None)

    def _measure(
        self, title: str, known_names: frozenset[str], *, header: bool
    ) -> tuple[Shape, int]:
        """Return a sheet's shape, and how many of its first rows are below the header."""
        first = list(islice(self._read_raw(title, Oddities()), SAMPLE_ROWS))
        shape = _measure_rows(first, known_names, header=header)
        return shape, len(first) - shape.header.row - shape.header.rows

    def _read_raw(self, title: str, oddities: Oddities) -> Iterator[RawRow]:
        for number, cells in self._reader.read_sheet(title, oddities):
            if sum(map(len, cells)) > MAX_ROW_BYTES:
                yield number, b"", None, TOO_LONG
            else:
                yield number, b"", cells, None


@contextmanager
def open_book(file: BinaryIO, where: str) -> Iterator[Book]:
    """Yield the workbook, and close it afterwards; ``where`` names the file in messages.

    Raises:
        Fatal: the file is not a workbook, or is larger than it may be.
    """
    is_zip = file.read(len(ZIP)) == ZIP
    file.seek(0)
    if is_zip:
        archive = check_archive(file, where)
        file.seek(0)
        if archive.kind == "xlsx" and not archive.is_strict:
            with open_xlsx(file, where) as reader:
                yield Book(reader, where, epoch_1904=archive.epoch_1904)
            return
        kind, size = archive.kind, archive.unpacked_bytes
    else:
        kind = "xls"
        size = file.seek(0, 2)
        file.seek(0)
    with open_old_book(file, where, kind, size) as old:
        yield Book(old, where, epoch_1904=False)


def _measure_rows(rows: list[RawRow], known_names: frozenset[str], *, header: bool) -> Shape:
    cells = [cells or [] for _, _, cells, _ in rows]
    return measure_first_rows(cells, header=header, known_names=known_names, is_grid=True)


def _spell_alike(shape: Shape, spelling: dict[str, str]) -> Shape:
    """Return the shape with names as earlier sheets spell them, and remember new ones."""
    names = tuple(
        spelling.setdefault(fold_cell(name), name) if name else "" for name in shape.header.names
    )
    return replace(shape, header=replace(shape.header, names=names))


def _rank(shape: Shape, rows: int) -> tuple[bool, int, bool, int]:
    """Return how likely a sheet is the export: it has rows, known columns, several columns."""
    is_wide = shape.width > 1
    return (
        rows > 0,
        shape.header.known_count,
        is_wide,
        0 if shape.header.known_count else shape.width,
    )


def _is_alike(shape: Shape, main: Shape) -> bool:
    """Return True if two sheets share most of their columns."""
    if shape is main:
        return True
    names = {fold_cell(name) for name in shape.header.names if name} - set(shape.unnamed)
    others = {fold_cell(name) for name in main.header.names if name} - set(main.unnamed)
    smaller = min(len(names), len(others))
    return smaller > 0 and len(names & others) >= _MIN_SHARED * smaller


def _find_title(wanted: str, titles: list[str], where: str) -> str:
    for title in titles:
        if title.strip().casefold() == wanted.strip().casefold():
            return title
    hint = suggest_name(wanted, titles, quoted=True) or f"there are {', '.join(titles[:12])}"
    raise Misconfigured(f"reading {where}: no sheet {wanted!r}; {hint}")
