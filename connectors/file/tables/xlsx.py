"""Read the sheets of an .xlsx workbook row by row, with openpyxl.

It never evaluates a formula: the value is the one that was last computed. Unlike calamine it
knows how a number is shown, so that percents are percents, and keeps one row in memory, however far
apart a sheet's cells are.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, Final
from zipfile import ZipFile

from connectors.file.raw.archive import damaged_error
from connectors.file.tables.cell_text import is_percent_format, to_percent, to_text, trim_cells
from connectors.file.tables.findings import MERGED, UNCOMPUTED, Oddities

MAX_ROWS: Final = 1_048_576  # of Excel itself
_BATCH: Final = 200
_BLOCK_BYTES: Final = 1_048_576
_MAX_MERGED: Final = 100_000
_MAX_FILLED_CHARACTERS: Final = 100
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]{1,3}\d+:[A-Z]{1,3}\d+)")
_UNCOMPUTED = re.compile(rb"</(?:\w+:)?f>\s*(?:<(?:\w+:)?v\s*/>|<v></v>|</(?:\w+:)?c>)")
_PART_BYTES: Final = 200  # of the longest element that says so

NumberedCells = tuple[int, list[str]]
Merged = dict[int, list[tuple[int, int]]]
"""By the index of a column: first and last row of cells that are merged downwards."""


class XlsxBook:
    """An open workbook."""

    def __init__(self, book: Any, file: BinaryIO, where: str) -> None:
        self._book = book
        self._file = file
        self._where = where
        self._merged: dict[str, tuple[Merged, int]] = {}
        self._sheets = {sheet.title: sheet for sheet in book.worksheets}

    @property
    def titles(self) -> list[tuple[str, bool]]:
        """Title of each sheet, and True if it is visible."""
        return [(title, sheet.sheet_state == "visible") for title, sheet in self._sheets.items()]

    def read_sheet(self, title: str, oddities: Oddities) -> Iterator[NumberedCells]:
        """Yield number and cells of the rows that are not empty."""
        sheet = self._sheets[title]
        # Many programs store a wrong size of the sheet, which would cut off rows.
        sheet.reset_dimensions()
        rows = _number_rows(sheet.iter_rows(min_row=1), self._where)
        if title not in self._merged:
            self._merged[title] = self._search_part(sheet)
        merged, uncomputed = self._merged[title]
        if uncomputed:
            oddities.add(UNCOMPUTED, f"the sheet {title!r}", uncomputed)
        return fill_merged(rows, merged, title, oddities)

    def _search_part(self, sheet: Any) -> tuple[Merged, int]:
        """Return the cells that are merged downwards, and how many formulas have no result.

        The list of merged cells follows the rows in a sheet's part.
        """
        try:
            with ZipFile(self._file) as archive, archive.open(sheet._worksheet_path) as part:
                return parse_merged(part)
        except Exception:  # reading the rows reports damage
            return {}, 0


@contextmanager
def open_xlsx(file: BinaryIO, where: str) -> Iterator[XlsxBook]:
    """Yield the workbook; raise ``Fatal`` if it is damaged."""
    # Slow to import, and only workbooks need it.
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about unsupported features: charts, validations
        try:
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception:  # a damaged part may raise anything
            raise damaged_error(where) from None
    try:
        yield XlsxBook(book, file, where)
    finally:
        book.close()


def parse_merged(part: Any) -> tuple[Merged, int]:
    """Return the cells that are merged downwards, and the number of formulas without a result."""
    merged: Merged = {}
    count, uncomputed, rest = 0, 0, b""
    while block := part.read(_BLOCK_BYTES):
        rest += block
        uncomputed += sum(1 for _ in _UNCOMPUTED.finditer(rest))
        for match in _MERGED.finditer(rest):
            first, last = (_parse_reference(cell) for cell in match[1].decode().split(":"))
            count += 1
            if last[0] > first[0] and count <= _MAX_MERGED:
                merged.setdefault(first[1], []).append((first[0], last[0]))
        rest = rest[-_PART_BYTES:] if b"<" in rest[-_PART_BYTES:] else b""
        rest = rest[rest.rfind(b"<") :] if rest else rest
    return {column: sorted(rows) for column, rows in merged.items()}, uncomputed


def fill_merged(
    rows: Iterator[NumberedCells], merged: Merged, title: str, oddities: Oddities
) -> Iterator[NumberedCells]:
    """Yield the rows with short cells repeated over the rows that they are merged with.

    A site or a date is meant for all of them; a comment is not said twice.
    """
    if not merged:
        yield from rows
        return
    values: dict[int, tuple[int, str]] = {}  # by column: last row, and the cell
    pending = {column: list(reversed(spans)) for column, spans in merged.items()}
    for number, cells in rows:
        for column, spans in pending.items():
            while spans and spans[-1][0] <= number:
                first, last = spans.pop()
                if first == number and column < len(cells):
                    values[column] = (last, cells[column])
            last, value = values.get(column, (0, ""))
            is_empty = column >= len(cells) or not cells[column]
            if number <= last and is_empty and 0 < len(value) <= _MAX_FILLED_CHARACTERS:
                cells += [""] * (column + 1 - len(cells))
                cells[column] = value
                oddities.add(MERGED, f"{title} row {number}")
        yield number, cells


def _number_rows(rows: Iterator[Any], where: str) -> Iterator[NumberedCells]:
    number = 0
    while batch := _next_batch(rows, where):
        for row in batch:
            number += 1
            cells = trim_cells([_read_cell(cell) for cell in row])
            if cells:
                yield number, cells
        if number > MAX_ROWS:
            raise damaged_error(where)


def _next_batch(rows: Iterator[Any], where: str) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return list(islice(rows, _BATCH))
        except Exception:  # as above
            raise damaged_error(where) from None


def _read_cell(cell: Any) -> str:
    value = cell.value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and is_percent_format(_find_format(cell)):
        return to_percent(value)
    return to_text(value)


def _find_format(cell: Any) -> str:
    """Return how a number is shown; empty if the workbook does not hold what the cell names."""
    try:
        return cell.number_format or ""
    except (IndexError, KeyError):
        return ""


def _parse_reference(cell: str) -> tuple[int, int]:
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(cell[len(letters) :]), column - 1
