"""Cells into values: dates, numbers, clean text. Pure; a cell is never quoted in a message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Final

from connectors.sdk.errors import BadRecord

DAY_MONTH: Final = "day/month/year"
MONTH_DAY: Final = "month/day/year"
DAY_FIRST: Final = "day/month/year, else month/day/year"
"""For exports that went through spreadsheets of two countries: a date that no day-first reading
allows, such as 5/31/2022, is read month first."""
DATE_FORMATS: Final = ("auto", "iso", "epoch", DAY_MONTH, MONTH_DAY, DAY_FIRST)
SHORT_FORMATS: Final = {"dmy": DAY_MONTH, "mdy": MONTH_DAY}

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BREAKS = re.compile("\r\n?|[\x0b\x0c]")
_PARTS = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})"
    r"(?:,?[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(-?\d+(?:[.,]\d+)?)\s*(?:/\s*\d+|stars?|out of \d+)?", re.IGNORECASE)
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))

ParseDate = Callable[[str], datetime]


def clean(text: str) -> str:
    """The text without control characters; line ends become newlines, outer space goes."""
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
    if _BREAKS.search(text):
        text = _BREAKS.sub("\n", text)
    return text.strip()


def one_line(text: str) -> str:
    """A name on one line: any run of white space, non-breaking space included, is one space."""
    return " ".join(_CONTROLS.sub("", text).split())


def number(cell: str) -> float:
    """A number such as ``4``, ``4,5``, ``4/5`` or ``4 stars``. Raises ``ValueError``."""
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        raise ValueError("not a number")
    return float(match[1].replace(",", "."))


def date_format_of(cells: Iterable[str]) -> str:
    """The format that a column's dates have: day before month where nothing tells."""
    slashed = 0
    for cell in cells:
        match = _PARTS.match(cell.strip())
        if match is None:
            continue
        slashed += 1
        if int(match[1]) > 12:
            return DAY_MONTH
        if int(match[2]) > 12:
            return MONTH_DAY
    return DAY_MONTH if slashed else "auto"


def date_parser(date_format: str, zone: tzinfo) -> ParseDate:
    """A function from a cell to a time in UTC.

    ``date_format`` is one of ``DATE_FORMATS`` or a pattern with ``%``; a cell without a zone of
    its own is in ``zone``. The function raises ``BadRecord``.
    """
    read = _reader(date_format)

    # Feedback comes in days: the same few hundred dates return throughout a file.
    @lru_cache(maxsize=8_192)
    def parse(cell: str) -> datetime:
        try:
            found = read(cell.strip())
            if found.tzinfo is None:
                found = found.replace(tzinfo=zone)
            return found.astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise BadRecord(f"reading created_at: no date in the format {date_format}") from None

    return parse


def _reader(date_format: str) -> ParseDate:
    match date_format:
        case "iso":
            return datetime.fromisoformat
        case "epoch":
            return _epoch
        case "day/month/year":
            return lambda cell: _slashed(cell, 1, 2)
        case "month/day/year":
            return lambda cell: _slashed(cell, 2, 1)
        case "day/month/year, else month/day/year":
            return _day_first
        case "auto":
            return _auto
    return lambda cell: _patterned(cell, date_format)


def _patterned(cell: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(cell, pattern)
    except ValueError:
        if pattern.startswith("%Y"):
            raise
        return datetime.fromisoformat(cell)  # a workbook shows 6.5.2024 for a true date


def _auto(cell: str) -> datetime:
    if cell.replace(".", "", 1).isdecimal() and len(cell) >= 9:
        return _epoch(cell)
    return datetime.fromisoformat(cell)


def _epoch(cell: str) -> datetime:
    value = float(cell)
    for least, unit in _EPOCH_UNITS:
        if abs(value) >= least:
            value /= unit
            break
    return datetime.fromtimestamp(value, UTC)


def _day_first(cell: str) -> datetime:
    try:
        return _slashed(cell, 1, 2)
    except ValueError:
        return _slashed(cell, 2, 1)


def _slashed(cell: str, day: int, month: int) -> datetime:
    match = _PARTS.fullmatch(cell)
    if match is None:
        return datetime.fromisoformat(cell)  # the year first is never ambiguous
    year = int(match[3])
    if year < 100:
        year += 2000
    on = date(year, int(match[month]), int(match[day]))
    if match[4] is None:
        return datetime(on.year, on.month, on.day)
    hour = int(match[4])
    if match[7] is not None:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a twelve-hour clock")
        hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
    return datetime(on.year, on.month, on.day, hour, int(match[5]), int(match[6] or 0))
