"""Find the row with the column names among the first rows of a table. Pure.

Reports have a title and a period above it, groups of questions a row of their own, and some
exports have no header at all. The header is the first row with known names, or else the first
that is as wide as those below.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

MAX_TITLE_ROWS: Final = 50
_MIN_WIDTH_BELOW_PAIRS: Final = 4
"""Of a table below a title of two cells, such as a period and its month."""
_MAX_NAME: Final = 60
_STRUCTURED = re.compile(
    r"[-+]?[\d.,\s]+%?|[-+]?\d[\d.,]*e[-+]?\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,].*)?"
    r"|\d{1,2}:\d{2}(:\d{2})?|\S+@\S+\.\w+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+\s?/\s?\d+",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+]?\d[\d.,\s]*%?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,].*)?")
_SURVEY_ROW: Final = frozenset({"response", "open-ended response"})
"""SurveyMonkey's second row: the mapping knows this export."""


@dataclass(frozen=True, slots=True)
class Header:
    """The place of the column names, by the ordinals of rows that are not empty."""

    row: int
    """How many rows are above it."""
    rows: int
    """2 if groups and names have a row each; 0 if there is no header."""
    names: tuple[str, ...]
    """One per column; unnamed ones are empty, repeated ones have a number."""
    known_count: int
    """How many of the names are known ones."""
    looks_like_data: bool = False
    """True if no name is known and cells are dates, numbers or addresses, as those below."""


def find_header(
    rows: Sequence[Sequence[str]], known_names: Collection[str], *, is_needed: bool = True
) -> Header:
    """Return the header of a table whose first non-empty rows are ``rows``.

    Unless ``is_needed``, all rows but a first one that names the delimiter are data.
    """
    if not is_needed:
        return Header(int(bool(rows) and names_separator(rows[0])), 0, (), 0)
    if not rows:
        return Header(0, 1, (), 0)
    counts = [_count_known(row, known_names) for row in rows[:MAX_TITLE_ROWS]]
    at = _choose_row(rows, counts)
    above = at > 0 and _is_group_row(rows[at - 1], rows[at]) and _is_joined(rows, at - 1)
    # Names of which most are known, with words below each, have a comment below them.
    is_whole = 2 * counts[at] > _fill(rows[at]) > 1 and not _has_gap_below(rows, at)
    if above or (_is_joined(rows, at) and not is_whole):
        first = at - 1 if above else at
        names = _join_names(rows[first], rows[first + 1])
        count = max(counts[first : first + 2])
        return Header(first, 2, tuple(unique_names(names)), count)
    names = unique_names(rows[at])
    is_data = not counts[at] and _looks_like_data(rows[at], rows[at + 1 :])
    return Header(at, 1, tuple(names), counts[at], is_data)


def unique_names(cells: Sequence[str]) -> list[str]:
    """Return column names; repeated ones get a number, missing ones stay empty."""
    names: list[str] = []
    taken: set[str] = set()
    counts: Counter[str] = Counter()
    for cell in cells:
        name = unique = " ".join(cell.lstrip("\ufeff").split())
        while name and unique in taken:
            counts[name] += 1
            unique = f"{name} ({counts[name] + 1})"
        taken.add(unique)
        names.append(unique)
    while names and not names[-1]:
        names.pop()
    return names


def fold_cell(cell: str) -> str:
    """Return a cell for comparing it with names."""
    return " ".join(cell.split()).casefold()


def is_structured(cell: str) -> bool:
    """Return True for a number, a date, a time, an address or an id: no words."""
    return _STRUCTURED.fullmatch(cell.strip()) is not None


def is_number(cell: str) -> bool:
    """Return True for a number or a percentage."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def find_text_column(rows: Sequence[Sequence[str]]) -> int:
    """Return the index of the column with the longest cells that are words."""
    sizes: Counter[int] = Counter()
    for row in rows[:200]:
        for index, cell in enumerate(row):
            if not is_structured(cell):
                sizes[index] += len(cell)
    return sizes.most_common(1)[0][0] if sizes else 0


def names_separator(row: Sequence[str]) -> bool:
    """Return True for Excel's own first line, which names the delimiter."""
    first = row[0].strip().strip('"').casefold() if row else ""
    return first.startswith("sep=") and len(first) <= 6


def _count_known(row: Sequence[str], known_names: Collection[str]) -> int:
    return len({fold_cell(cell) for cell in row if 0 < len(cell) <= _MAX_NAME} & set(known_names))


def _choose_row(rows: Sequence[Sequence[str]], counts: list[int]) -> int:
    for at, count in enumerate(counts):
        if count >= 2:
            return at
    widths = [_extent(row) for row in rows]
    usual = Counter(widths[1:] or widths).most_common(1)[0][0]
    for at, count in enumerate(counts):
        if count and widths[at] >= usual:
            return at
    if counts[0]:
        return 0
    first = next((at for at in range(len(counts)) if usual == 1 or _fill(rows[at]) > 1), 0)
    if widths[first] >= usual or _fill(rows[first]) > 2 or usual < _MIN_WIDTH_BELOW_PAIRS:
        return first
    for at in range(first + 1, len(counts)):
        if widths[at] >= usual:
            return first if _looks_like_data(rows[at], rows[at + 1 :]) else at
    return first


def _extent(row: Sequence[str]) -> int:
    return max((at for at, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _fill(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _is_group_row(row: Sequence[str], below: Sequence[str]) -> bool:
    """Return True if a row names groups of columns: the first column is in none of them."""
    return 0 < _fill(row) < _fill(below) and _find_start(row) > _find_start(below)


def _find_start(row: Sequence[str]) -> int:
    return next((at for at, cell in enumerate(row) if cell.strip()), 0)


def _is_joined(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Return True if the row below has names, too, that fill the gaps of this one.

    It must look like a header: without numbers and dates, where the rows below it have some.
    """
    if at + 2 >= len(rows):
        return False
    groups, names, body = rows[at], rows[at + 1], rows[at + 2 : at + 50]
    if any(map(is_structured, filter(None, (*groups, *names)))):
        return False
    if not _SURVEY_ROW.isdisjoint(map(fold_cell, names)):
        return False
    fills = any(
        cell.strip() and at > 0 and not (groups[at] if at < len(groups) else "").strip()
        for at, cell in enumerate(names)
    )
    if len(names) > len(groups):
        return False  # a row with a cell too many
    has_group = any(
        left.strip() and below.strip() for left, below in zip(groups, names, strict=False)
    )
    return fills and has_group and _contrasts(names, groups, body)


def _has_gap_below(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Return True if a name has no name below it: it is that of its column alone."""
    below = rows[at + 1] if at + 1 < len(rows) else ()
    return any(
        name.strip() and not (below[column] if column < len(below) else "").strip()
        for column, name in enumerate(rows[at])
    )


def _contrasts(names: Sequence[str], groups: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return True if a column of names has numbers or dates below them."""
    for at in range(max(len(names), len(groups))):
        cells = [row[at] for row in body if at < len(row) and row[at].strip()]
        if cells and 2 * sum(map(is_structured, cells)) > len(cells):
            return True
    return False


def _join_names(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    joined = []
    carried = ""
    for at in range(max(len(groups), len(names))):
        own = groups[at].strip() if at < len(groups) else ""
        name = names[at].strip() if at < len(names) else ""
        if own or not name:
            carried = own if name else ""  # a cell over no name is the name of its column alone
        parts = [part for part in (own or carried, name) if part]
        joined.append(": ".join(dict.fromkeys(parts)))
    return joined


def _repeats(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Return True if a column has the cell of the first row again, and no row is the same."""
    cells = [cell.strip() for cell in row]
    others = [other for other in body if [cell.strip() for cell in other] != cells]
    if len(others) < len(body):
        return False
    return any(
        cell and at < len(other) and other[at].strip() == cell
        for other in others
        for at, cell in enumerate(cells)
    )


def _looks_like_data(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    if _repeats(row, body):
        return True
    for at, cell in enumerate(row):
        if not is_structured(cell) or not cell.strip():
            continue
        if _DATE.fullmatch(cell.strip()):
            return True
        below = [other[at] for other in body if at < len(other) and other[at].strip()]
        if below and 5 * sum(map(is_structured, below)) >= 4 * len(below):
            return True
    return False
