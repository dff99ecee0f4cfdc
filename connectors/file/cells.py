"""Parse cells into dates, numbers and sanitized text. Pure.

Error messages never contain cell values.
"""

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
"""For exports edited in spreadsheets of two countries: a date that can't be read day first, such as
5/31/2022, is read month first."""
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


def sanitize(text: str) -> str:
    """Return text without control characters and outer white space, with ``\\n`` as line ends."""
    if _CONTROLS.search(text):
        text = _CONTROLS.sub("", text)
    if _BREAKS.search(text):
        text = _BREAKS.sub("\n", text)
    return text.strip()


def collapse_whitespace(text: str) -> str:
    """Return a name on one line: runs of white space, non-breaking too, become one space."""
    return " ".join(_CONTROLS.sub("", text).split())


def parse_number(cell: str) -> float:
    """Parse a number such as ``4``, ``4,5``, ``4/5`` or ``4 stars``; raise ``ValueError``."""
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        raise ValueError("not a number")
    return float(match[1].replace(",", "."))


def detect_date_format(cells: Iterable[str]) -> str:
    """Return the format of a column's dates; day before month if they are ambiguous."""
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


def build_date_parser(date_format: str, zone: tzinfo) -> ParseDate:
    """Return a function that parses a cell into a time in UTC and raises ``BadRecord``.

    ``date_format`` is one of ``DATE_FORMATS`` or a pattern with ``%``; ``zone`` applies to cells
    without a time zone.
    """
    read = _parser_for_format(date_format)

    # Most cells are dates without a time: a file repeats the same few hundred.
    @lru_cache(maxsize=8_192)
    def parse(cell: str) -> datetime:
        try:
            parsed = read(cell.strip())
            if parsed.tzinfo is None:
                parsed = parsed.replace(tzinfo=zone)
            return parsed.astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            raise BadRecord(f"reading created_at: not a date in the format {date_format}") from None

    return parse


def _parser_for_format(date_format: str) -> ParseDate:
    match date_format:
        case "iso":
            return datetime.fromisoformat
        case "epoch":
            return _parse_epoch
        case "day/month/year":
            return lambda cell: _parse_numeric(cell, 1, 2)
        case "month/day/year":
            return lambda cell: _parse_numeric(cell, 2, 1)
        case "day/month/year, else month/day/year":
            return _parse_day_first
        case "auto":
            return _parse_auto
    return lambda cell: _parse_pattern(cell, date_format)


def _parse_pattern(cell: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(cell, pattern)
    except ValueError:
        if pattern.startswith("%Y"):
            raise
        return datetime.fromisoformat(cell)  # a workbook shows 6.5.2024 for a true date


def _parse_auto(cell: str) -> datetime:
    if cell.replace(".", "", 1).isdecimal() and len(cell) >= 9:
        return _parse_epoch(cell)
    return datetime.fromisoformat(cell)


def _parse_epoch(cell: str) -> datetime:
    value = float(cell)
    for min_value, unit in _EPOCH_UNITS:
        if abs(value) >= min_value:
            value /= unit
            break
    return datetime.fromtimestamp(value, UTC)


def _parse_day_first(cell: str) -> datetime:
    try:
        return _parse_numeric(cell, 1, 2)
    except ValueError:
        return _parse_numeric(cell, 2, 1)


def _parse_numeric(cell: str, day: int, month: int) -> datetime:
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
            raise ValueError("not an hour of a 12-hour clock")
        hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
    return datetime(on.year, on.month, on.day, hour, int(match[5]), int(match[6] or 0))
