"""Make rows with named columns of a table's raw rows. Pure.

CSV files and sheets have this step in common: it takes the header, leaves out title rows, repeated
headers and totals, and completes short rows. What it leaves out or completes is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Final

from connectors.file.tables.findings import (
    REJOINED,
    REPEATED_HEADER,
    SEPARATOR,
    SHORT,
    TITLE,
    TOTAL,
    UNNAMED,
    Oddities,
)
from connectors.file.tables.header import (
    Header,
    find_header,
    find_text_column,
    fold_cell,
    is_number,
    is_structured,
    names_separator,
)
from connectors.file.tables.notes import is_average, is_remark, is_total
from connectors.file.tables.rows import RawRow, Row, Shape
from connectors.file.tables.wide_rows import cut_extra, describe_width, find_fault, join_extra

_NUMBERING: Final = frozenset({"id", "#", "no", "no.", "nr", "number", "index", "row", "nummer"})
_MAX_NAME: Final = 300
_MIN_STRUCTURED: Final = 0.9
_BEYOND_NAMES: Final = 20
"""A text that is longer than all names by so many characters is none of them."""
_MIN_SURPLUS_ROWS: Final = 3
_NOTE_KIND: Final = "note"


def measure_first_rows(
    cells: list[list[str]], *, header: bool, known_names: frozenset[str], is_grid: bool = False
) -> Shape:
    """Return the shape of a table by its first rows."""
    width = max(map(len, cells), default=0) if is_grid else 0
    padded = [row + [""] * (width - len(row)) for row in cells] if is_grid else cells
    place = find_header(padded, known_names, is_needed=header)
    return measure_table(place, cells, is_grid=is_grid)


def measure_table(header: Header, rows: Sequence[Sequence[str]], *, is_grid: bool = False) -> Shape:
    """Return the shape of a table whose first rows, with those above the header, are ``rows``.

    ``is_grid`` is True for a sheet, whose rows may be wider than its header.
    """
    body = rows[header.row + header.rows :]
    header_rows = rows[header.row : header.row + header.rows]
    counted = body if is_grid or not header.rows else header_rows
    if (
        header.rows == 1
        and not is_grid
        and _has_row_names(body, len(header_rows[0]), (*header.names, "")[0])
    ):
        header = replace(header, names=("", *header.names))
    width = max([len(header.names), *map(len, counted)])
    names = list(header.names) + [""] * (width - len(header.names))
    unnamed = []
    for at, name in enumerate(names):
        if not header.rows:
            names[at] = str(at + 1)
        elif not name and any(at < len(row) and row[at].strip() for row in body):
            names[at] = f"column {at + 1}"  # so that a mapping can name it
            unnamed.append(names[at])
    while names and not names[-1]:
        names.pop()
    surplus = 0 if is_grid else _find_surplus(body, width)
    if not is_grid:
        whole = [row for row in body if len(row) == width]
        body = whole if 2 * len(whole) >= len(body) else body
    structured = {at for at in range(width) if _is_structured_column(body, at)}
    text_column = find_text_column([row[:width] for row in body]) if body else None
    return Shape(
        replace(header, names=tuple(names)),
        width,
        frozenset(structured),
        frozenset(at for at in structured if _is_number_column(body, at)),
        text_column,
        tuple(unnamed),
        surplus,
    )


def _find_surplus(body: Sequence[Sequence[str]], width: int) -> int:
    """Return how many empty cells most rows have beyond the columns, if there are some rows."""
    counts = Counter(len(row) - width for row in body if not any(row[width:]))
    surplus, count = max(counts.items(), key=itemgetter(1), default=(0, 0))
    return max(0, surplus) if count >= _MIN_SURPLUS_ROWS and 2 * count > len(body) else 0


def _has_row_names(body: Sequence[Sequence[str]], width: int, first: str) -> bool:
    """Return True if each row has one cell more than the header: its number, as R writes it."""
    body = [row for row in body if any(row)]
    numbers = [row[0].strip() for row in body]
    if fold_cell(first) in _NUMBERING or any(not row[-1].strip() for row in body):
        return False
    return (
        len(numbers) > 1
        and all(len(row) == width + 1 for row in body if any(row))
        and (numbers == [str(number) for number in range(1, len(numbers) + 1)])
    )


def _is_structured_column(body: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at] for row in body if at < len(row) and row[at].strip()]
    # One that is none may be the rest of a row that a line end has cut.
    return len(cells) > 1 and sum(map(is_structured, cells)) >= _MIN_STRUCTURED * len(cells)


def _is_number_column(body: Sequence[Sequence[str]], at: int) -> bool:
    cells = [row[at] for row in body if at < len(row) and row[at].strip()]
    return sum(map(is_number, cells)) >= _MIN_STRUCTURED * len(cells)


class TableReader:
    """Turns raw rows into rows with named columns."""

    def __init__(
        self,
        shape: Shape,
        oddities: Oddities,
        *,
        place: str = "line",
        is_grid: bool = False,
        delimiter: str = ",",
    ) -> None:
        """``place`` precedes line numbers; ``is_grid`` is True for a sheet.

        A sheet's cells are in their columns, however many there are. ``delimiter`` stands between
        the cells of other tables.
        """
        self._delimiter = delimiter
        self._shape = shape
        self._oddities = oddities
        self._place = place
        self._is_grid = is_grid
        self._names = shape.names
        self._is_named = all(self._names)
        self._header_rows: set[tuple[str, ...]] = set()
        self._header_cells: set[str] = set()

    def read(self, raw_rows: Iterator[RawRow]) -> Iterator[Row]:
        """Yield the rows below the header; a row of another width is its own error."""
        self._skip_header(raw_rows)
        held: list[RawRow] = []
        names, width = self._names, self._shape.width
        text_at = self._shape.text_column
        is_plain = self._is_named and width > 1 and not names[0][:1].isdecimal()
        long = max(map(len, names), default=0) + _BEYOND_NAMES
        for raw_row in raw_rows:
            line, raw, cells, error = raw_row
            if cells is None:
                yield from self._release(held)
                yield Row(line, raw, {}, error)
                continue
            # The usual row is whole, and begins with a number or a date, or has a sentence, which
            # neither headers nor totals have.
            if (
                is_plain
                and len(cells) == width
                and cells[1]
                and (cells[0][:1].isdecimal() or (text_at and len(cells[text_at]) > long))
            ):
                if held:
                    yield from self._release(held)
                yield Row(line, raw, dict(zip(names, cells)))  # noqa: B905 - measured just now
                continue
            kind = self._classify(cells)
            if kind == _NOTE_KIND:
                held.append(raw_row)
                continue
            if held and any(cells):
                yield from self._release(held)
            names = self._names  # a repeated header may have another order
            if kind is None:
                yield self._fit(raw_row)
            else:
                self._oddities.add(kind, f"{self._place} {line}")
        for line, *_ in held:
            self._oddities.add(TOTAL, f"{self._place} {line}")

    def _classify(self, cells: list[str]) -> str | None:
        """Return what a row is if it is none of the table's; None for the others."""
        first = cells[0] if len(cells[0]) > _MAX_NAME else fold_cell(cells[0].lstrip("\ufeff"))
        if first in self._header_cells and self._is_header(cells):
            self._reorder(cells)
            return REPEATED_HEADER
        if self._is_note(cells):
            return _NOTE_KIND
        return TOTAL if is_total(cells) or is_average(cells, self._shape.text_column) else None

    def _skip_header(self, raw_rows: Iterator[RawRow]) -> None:
        header = self._shape.header
        for ordinal in range(header.row + header.rows):
            line, _, cells, _ = next(raw_rows, (0, b"", None, None))
            if ordinal < header.row:
                kind = SEPARATOR if names_separator(cells or []) else TITLE
                self._oddities.add(kind, f"{self._place} {line}")
                continue
            if self._oddities.header_line is None:
                self._oddities.header_line = line
            if cells:
                self._header_rows.add(tuple(cells))
                self._header_cells |= set(_trim(cells))

    def _release(self, held: list[RawRow]) -> Iterator[Row]:
        """Yield rows that looked like notes at the end, and are not at the end."""
        for raw_row in held:
            yield self._fit(raw_row)
        held.clear()

    def _is_header(self, cells: list[str]) -> bool:
        if tuple(cells) in self._header_rows:
            return True
        trimmed = sorted(_trim(cells))
        return any(trimmed == sorted(_trim(row)) for row in self._header_rows)

    def _reorder(self, cells: list[str]) -> None:
        """Take the order of columns that a repeated header has, if all names are its own."""
        spelling = {fold_cell(name): name for name in self._names if name}
        names = [spelling.get(cell, "") for cell in _trim(cells)]
        if len(names) == len(self._names) == len(set(names) - {""}):
            self._names = tuple(names)

    def _is_note(self, cells: list[str]) -> bool:
        """Return True for one cell in a table of several columns that tells of the export."""
        if self._shape.width < 2 or (len(cells) > 1 and (cells[1] or any(cells[1:]))):
            return False
        return is_remark(cells[0])

    def _fit(self, raw_row: RawRow) -> Row:
        """Return a row with a cell for each column, if it is plain which are missing."""
        line, raw, cells, _ = raw_row
        cells = cells or []
        width = self._shape.width
        if len(cells) == width and self._is_named:
            return Row(line, raw, dict(zip(self._names, cells, strict=True)))
        beyond, doubt = any(cell.strip() for cell in cells[width:]), None
        if not self._is_grid:
            fault = find_fault(cells, self._shape)
            if fault is not None:
                mended = self._mend(cells, line)
                if mended is None:
                    return Row(line, raw, {}, fault)
                cells, beyond = mended, False
            if len(cells) < width:
                self._oddities.add(SHORT, f"{self._place} {line}")
            elif len(cells) not in (width, width + self._shape.surplus):
                doubt = describe_width(len(cells), width)
        cells = cells[:width] + [""] * (width - len(cells))
        values = {name: cell for name, cell in zip(self._names, cells, strict=True) if name}
        if beyond or any(
            cell.strip() for name, cell in zip(self._names, cells, strict=True) if not name
        ):
            self._oddities.add(UNNAMED, f"{self._place} {line}")
        return Row(line, raw, values, doubt=doubt)

    def _mend(self, cells: list[str], line: int) -> list[str] | None:
        """Return the cells of a row that is too wide, if it is plain which they are."""
        if len(cells) <= self._shape.width:
            return None
        mended, kind = join_extra(cells, self._shape, self._delimiter), REJOINED
        if mended is None:
            mended, kind = cut_extra(cells, self._shape), UNNAMED
        if mended is not None:
            self._oddities.add(kind, f"{self._place} {line}")
        return mended


def _trim(cells: Sequence[str]) -> list[str]:
    trimmed = [fold_cell(cell.lstrip("\ufeff")) for cell in cells]
    while trimmed and not trimmed[-1]:
        trimmed.pop()
    return trimmed
