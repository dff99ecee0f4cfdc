"""Parse dates that name no day: a month, a quarter, a week, or a span of days. Pure.

Each is taken as its first day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from connectors.sdk.date_words import fold_word, load_months

_MAX_CHARACTERS: Final = 80
_YEAR: Final = r"((?:19|20)\d\d)"
_MONTH: Final = re.compile(rf"{_YEAR}\s?[-/.年]\s?(\d\d?)\s?月?|(\d\d?)\s?[-/.]\s?{_YEAR}")
_SHORT_MONTH: Final = re.compile(r"([^\W\d_]{3,12})\.?\s?(?:-\s?'?|')(\d\d)")
_QUARTER: Final = re.compile(
    rf"{_YEAR}[\s/-]*[QT]([1-4])|[QT]([1-4])[\s/,-]*{_YEAR}"
    rf"|([1-4])(?:st|nd|rd|th)? quarter(?: of)? {_YEAR}",
    re.IGNORECASE,
)
_WEEK: Final = re.compile(
    rf"{_YEAR}-?W(\d\d)(?:-?([1-7]))?"
    rf"|(?:W|KW|week|woche|wk)[\s.]*(\d\d?)(?:,? of|[\s/,-])\s*{_YEAR}",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(
    r"(\S.*?)(?:\s+(?:-|to|until|till|bis|au|al|a|tot|do)\s+|(?<=-\d\d)/(?=\d{4}-))(\S.*)",
    re.IGNORECASE,
)
_DAYS: Final = re.compile(
    r"(\d\d?)\.?\s?(?:-|to|bis|and|&)\s?\d\d?(?:st|nd|rd|th)?\b(?=\.?\s?[^\W\d_])"
)


def is_partial(cell: str) -> bool:
    """Return True for a date that names no day, or more than one."""
    if len(cell) > _MAX_CHARACTERS:
        return False
    wholes = (_MONTH, _SHORT_MONTH, _QUARTER, _WEEK, _SPAN)
    return any(pattern.fullmatch(cell) for pattern in wholes) or _DAYS.match(cell) is not None


def cut_span(cell: str) -> str:
    """Return the first of two dates that span some days, or the cell as it is."""
    match = _SPAN.fullmatch(cell) if len(cell) <= _MAX_CHARACTERS else None
    return cell if match is None else match[1]


def read_partial(cell: str, read: Callable[[str], datetime]) -> datetime:
    """Return the first day of a month, quarter, week or span; raise ``ValueError``.

    ``read`` reads the ends of a span.
    """
    if match := _MONTH.fullmatch(cell):
        year, month = (match[1], match[2]) if match[1] else (match[4], match[3])
        return datetime(int(year), int(month), 1)
    if match := _SHORT_MONTH.fullmatch(cell):
        named = load_months().get(fold_word(match[1]))
        if named is None:
            raise ValueError("not a month")
        return datetime(2000 + int(match[2]), named, 1)
    if match := _QUARTER.fullmatch(cell):
        year = match[1] or match[4] or match[6]
        return datetime(int(year), 3 * int(match[2] or match[3] or match[5]) - 2, 1)
    if match := _WEEK.fullmatch(cell):
        year, week = match[1] or match[5], match[2] or match[4]
        return datetime.fromisocalendar(int(year), int(week), int(match[3] or 1))
    if match := _DAYS.match(cell):
        return read(f"{match[1]}{cell[match.end() :]}")
    match = _SPAN.fullmatch(cell)
    if match is None or read(match[2]) - read(match[1]) < timedelta(0):
        raise ValueError("not a date")
    return read(match[1])
