"""Read rows of an Excel workbook, with cells as the text that a CSV export would hold.

An alternative to :mod:`connectors.file.rows` as second step of the file connector. openpyxl reads
a sheet row by row and never evaluates a formula: it returns the value that was last computed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any, BinaryIO, Final
from zipfile import BadZipFile, ZipFile

import orjson

from connectors.file.rows import MAX_ROW_BYTES, TOO_LONG, Row, unique_names
from connectors.sdk.errors import Fatal, Misconfigured
from schemas.validation import suggest_name

MAX_UNPACKED_BYTES: Final = 500_000_000
"""A workbook with larger parts is rejected: it may be a zip bomb."""

_MAX_ROWS: Final = 1_048_576  # of Excel itself
_BATCH: Final = 200
_ERRORS: Final = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of an open workbook."""

    title: str
    is_default: bool
    """True for the sheet that is read by default."""
    cells: Iterator[tuple[int, list[str]]]
    """Row numbers and cells of the rows that are not empty."""


@contextmanager
def open_sheet(file: BinaryIO, wanted: str | None, where: str) -> Iterator[Sheet]:
    """Yield the sheet of that name, or the first visible one; close the workbook afterwards.

    ``where`` names the file in messages.

    Raises:
        Misconfigured: no sheet has that name.
        Fatal: the file is not a workbook.
    """
    _check_size(file, where)
    book = _load_workbook(file, where)
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        default = next(iter(visible or book.worksheets), None)
        if default is None:
            raise Fatal(f"reading {where}: it has no sheets")
        title = default.title if wanted is None else _find_title(wanted, list(sheets), where)
        yield Sheet(title, title == default.title, _read_cells(sheets[title], where))
    finally:
        book.close()


def read_sheet(sheet: Sheet, *, header: bool) -> tuple[list[str], Iterator[Row]]:
    """Return column names and rows, without cells beyond the last named column."""
    if header:
        for _, cells in sheet.cells:
            names = unique_names(cells)
            return names, _rows(sheet.cells, names)
        return [], iter(())
    first = list(islice(sheet.cells, _BATCH))
    width = max((len(cells) for _, cells in first), default=0)
    names = [str(number + 1) for number in range(width)]
    return names, _rows(chain(first, sheet.cells), names)


def _check_size(file: BinaryIO, where: str) -> None:
    try:
        with ZipFile(file) as archive:
            # A part can't be larger than declared: reading stops there.
            size = sum(part.file_size for part in archive.infolist() if _is_read(part.filename))
            is_office = "[Content_Types].xml" in archive.namelist()
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        raise _damaged_error(where) from None
    if not is_office:
        raise Fatal(f"reading {where}: it is a zip archive but not an Excel workbook; unpack it")
    if size > MAX_UNPACKED_BYTES:
        raise Fatal(
            f"reading {where}: it unpacks to more than {MAX_UNPACKED_BYTES:,} bytes; save it as CSV"
        )


def _is_read(part: str) -> bool:
    return part.endswith((".xml", ".rels"))


def _load_workbook(file: BinaryIO, where: str) -> Any:
    # Slow to import, and only workbooks need it.
    from openpyxl import load_workbook  # type: ignore[import-untyped]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about unsupported features: charts, validations
        try:
            return load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except Exception:  # a damaged part may raise anything
            raise _damaged_error(where) from None


def _damaged_error(where: str) -> Fatal:
    return Fatal(
        f"reading {where}: it is a damaged Excel workbook or not an .xlsx file; save it again, or "
        "as CSV"
    )


def _find_title(wanted: str, titles: list[str], where: str) -> str:
    for title in titles:
        if title.strip().casefold() == wanted.strip().casefold():
            return title
    hint = suggest_name(wanted, titles, quoted=True) or f"there are {', '.join(titles[:12])}"
    raise Misconfigured(f"reading {where}: no sheet {wanted!r}; {hint}")


def _read_cells(sheet: Any, where: str) -> Iterator[tuple[int, list[str]]]:
    # Many programs store a wrong size of the sheet, which would cut off rows.
    sheet.reset_dimensions()
    values = sheet.iter_rows(min_row=1, values_only=True)
    number = 0
    while batch := _next_batch(values, where):
        for row in batch:
            number += 1
            cells = [_to_text(value) for value in row]
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                yield number, cells
        if number > _MAX_ROWS:
            raise _damaged_error(where)


def _next_batch(values: Iterator[tuple[Any, ...]], where: str) -> list[tuple[Any, ...]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return list(islice(values, _BATCH))
        except Exception:  # as above
            raise _damaged_error(where) from None


def _rows(numbered: Iterator[tuple[int, list[str]]], names: list[str]) -> Iterator[Row]:
    for number, cells in numbered:
        if sum(map(len, cells)) > MAX_ROW_BYTES:
            yield Row(number, b"", {}, TOO_LONG)
            continue
        cells += [""] * (len(names) - len(cells))
        values = dict(zip(names, cells, strict=False))
        yield Row(number, orjson.dumps(values), values)


def _to_text(value: Any) -> str:
    """Return a cell's value as text; dates as ISO 8601."""
    match value:
        case None:
            return ""
        case str():
            # Excel's notation of a carriage return.
            return "" if value in _ERRORS else value.replace("_x000D_", "\r")
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date() | time():
            return value.isoformat()
    return str(value)
