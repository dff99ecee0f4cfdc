"""Fit rows with more cells than there are columns: a delimiter in a text that is not quoted. Pure.

Only what the other columns leave no doubt about is mended; any other row is its own error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.file.tables.header import is_number, is_structured
from connectors.file.tables.rows import Shape

_MAX_EXTRA: Final = 50
_DIGITS: Final = re.compile(r"-?\d{1,3}")
_DECIMALS: Final = re.compile(r"\d{1,2}")


def find_fault(cells: Sequence[str], shape: Shape) -> str | None:
    """Return why a row is none of this table; None if only empty cells at its end are missing.

    The cells of a short row must fit their columns: otherwise a line end within a cell may have
    cut it in two. Where other rows do not end with empty cells beyond the columns, a delimiter
    within a text may have moved the cells behind it.
    """
    count, width, structured = len(cells), shape.width, shape.structured
    if count < width:
        is_whole = all(
            at not in structured or not cell.strip() or is_structured(cell)
            for at, cell in enumerate(cells)
        )
    elif count == width:
        is_whole = True
    else:
        is_whole = not any(cell.strip() for cell in cells[width:]) and (
            count == width + shape.surplus
            or sum(not is_structured(cell) for cell in cells[:width] if cell.strip()) < 2
            or cut_extra(cells, shape) is not None
        )
    return None if is_whole else describe_width(count, width)


def describe_width(count: int, width: int) -> str:
    """Return the error of a row with another number of cells than there are columns."""
    return f"reading the row: {count} cells where there are {width} columns"


def join_extra(cells: Sequence[str], shape: Shape, delimiter: str) -> list[str] | None:
    """Return the cells with those of one text or number joined again; None if it is in doubt.

    The columns of numbers and dates tell where the text ends.
    """
    extra = len(cells) - shape.width
    if not 0 < extra <= _MAX_EXTRA or not shape.structured:
        return None
    number = _join_number(cells, shape) if extra == 1 and delimiter == "," else None
    if number is not None:
        return number
    at = shape.text_column
    if at is None or at in shape.structured:
        return None
    if at < shape.width - 1 and not any(column > at for column in shape.structured):
        return None  # nothing tells where it ends
    pieces = cells[at : at + extra + 1]
    if all(is_structured(piece) for piece in pieces[1:]) or not pieces[0].strip():
        return None
    joined = [*cells[:at], delimiter.join(pieces), *cells[at + extra + 1 :]]
    return joined if _fits(joined, shape) else None


def cut_extra(cells: Sequence[str], shape: Shape) -> list[str] | None:
    """Return the cells of the columns; None unless a column behind the text fits its place.

    What is beyond them has no column.
    """
    at = shape.text_column
    if at is None or not any(
        column > at and is_structured(cells[column]) and cells[column].strip()
        for column in shape.structured
    ):
        return None
    cut = list(cells[: shape.width])
    return cut if _fits(cut, shape) else None


def _join_number(cells: Sequence[str], shape: Shape) -> list[str] | None:
    """Return the cells with the one number joined that has a decimal comma."""
    places = [
        at
        for at in shape.structured
        if _DIGITS.fullmatch(cells[at].strip()) and _DECIMALS.fullmatch(cells[at + 1].strip())
    ]
    joined = [
        [*cells[:at], f"{cells[at].strip()},{cells[at + 1].strip()}", *cells[at + 2 :]]
        for at in places
    ]
    fitting = [row for row in joined if _fits(row, shape)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(cells: Sequence[str], shape: Shape) -> bool:
    for at in shape.structured:
        cell = cells[at]
        if cell.strip() and (
            not is_structured(cell) or (is_number(cell) is not (at in shape.numbers))
        ):
            return False
    return True
