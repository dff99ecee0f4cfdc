"""Parse the dates of cells. Pure.

A date that can be read in one way only is read whatever the format of its column is. The format
decides about dates such as ``1/2/2026``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from connectors.file.values.certain_dates import (
    Clock,
    add_clock,
    full_year,
    read_certain,
    read_clock,
    read_epoch,
)
from connectors.file.values.date_text import normalize_date
from connectors.file.values.partial_dates import cut_span
from connectors.sdk.errors import BadRecord

DAY_MONTH: Final = "day/month/year"
MONTH_DAY: Final = "month/day/year"
SHORT_YEAR: Final = "two-digit year/month/day"
DAY_FIRST: Final = "day/month/year, else month/day/year"
MONTH_FIRST: Final = "month/day/year, else day/month/year"
"""For columns written in two countries: a date that can't be read in the first order, such as
5/31/2022 day first, is read in the other."""
DATE_FORMATS: Final = (
    "auto", "iso", "epoch", DAY_MONTH, MONTH_DAY, SHORT_YEAR, DAY_FIRST, MONTH_FIRST,
)  # fmt: skip
SHORT_FORMATS: Final = {"dmy": DAY_MONTH, "mdy": MONTH_DAY, "ymd": SHORT_YEAR}

ORDERS: Final = {
    DAY_MONTH: ("dmy",), MONTH_DAY: ("mdy",), SHORT_YEAR: ("ymd",),
    DAY_FIRST: ("dmy", "mdy"), MONTH_FIRST: ("mdy", "dmy"), "auto": ("dmy",),
}  # fmt: skip
"""The orders in which a date of three numbers is read, by format."""

_SLASHED = re.compile(r"(\d{1,2})\s?([/.\- ])\s?(\d{1,2})\s?\2\s?('?\d{4}|'?\d{2})(?!\d)(.*)", re.S)
SIMPLE: Final = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
"""A date of three numbers, with a time of 24 hours or none."""
_MAX_DAYS: Final = 20_000
_HALVES = re.compile(r"\b[ap]\.?\s?m\b|\d[ap]m\b", re.IGNORECASE)
_WEEKDAY = re.compile(r"\A[^\W\d_]{2,10}[.,]?\s+(?=\d)")

ParseDate = Callable[[str], datetime]


class Slashed(NamedTuple):
    """A date of three numbers, whose order its column decides."""

    first: int
    second: int
    third: int
    separator: str
    clock: Clock
    has_short_year: bool
    has_halves: bool
    """True if its time has AM or PM."""

    def read(self, order: str) -> datetime:
        """Return the date in the order dmy, mdy or ymd; raise ``ValueError``."""
        day, month, year = self.first, self.second, self.third
        if order == "ymd":
            if not self.has_short_year:
                raise ValueError("the year is not first")
            day, year = year, day
        elif order == "mdy":
            day, month = month, day
        return add_clock(datetime(full_year(year), month, day), self.clock)


def split_slashed(cell: str) -> Slashed | None:
    """Return the three numbers of a date such as ``1/2/2026 3:15 PM``, or None.

    Raises ``ValueError`` if more than a time of day follows.
    """
    match = SIMPLE.fullmatch(cell)
    if match is not None:
        first, separator, second, third, hour, minute, seconds = match.groups()
        clock: Clock = (int(hour or 0), int(minute or 0), int(seconds or 0), None)
        short = len(third) == 2
        return Slashed(int(first), int(second), int(third), separator, clock, short, False)
    cell = cut_span(cell)
    match = _SLASHED.fullmatch(cell) or _SLASHED.fullmatch(_WEEKDAY.sub("", cell))
    if match is None:
        return None
    first, separator, second, third, rest = match.groups()
    third = third.lstrip("'")
    halves = bool(_HALVES.search(rest))
    clock = read_clock(rest)
    return Slashed(int(first), int(second), int(third), separator, clock, len(third) == 2, halves)


def build_date_parser(date_format: str, zone: tzinfo) -> ParseDate:
    """Return a function that parses a cell into a time in UTC and raises ``BadRecord``.

    ``date_format`` is one of ``DATE_FORMATS`` or a pattern with ``%``; ``zone`` applies to cells
    without a time zone.
    """
    read = _parser_for_format(date_format)
    is_utc = str(zone) == "UTC"

    # Most cells are dates without a time: a file repeats the same few hundred.
    @lru_cache(maxsize=8_192)
    def parse(cell: str) -> datetime:
        try:
            parsed = read(normalize_date(cell))
            if parsed.tzinfo is None:
                parsed = parsed.replace(tzinfo=UTC if is_utc else zone)
            return parsed if parsed.tzinfo is UTC else parsed.astimezone(UTC)
        except (ValueError, OverflowError, OSError):
            form = "" if date_format == "auto" else f" in the format {date_format}"
            raise BadRecord(f"reading created_at: not a date{form}") from None

    return parse


def _parser_for_format(date_format: str) -> ParseDate:
    if date_format == "iso":
        return datetime.fromisoformat
    if date_format == "epoch":
        return read_epoch
    if date_format in ORDERS:
        orders = ORDERS[date_format]
        if len(orders) == 1:
            return _build_simple_reader(orders[0])
        return lambda cell: _read_in_orders(cell, orders)
    return lambda cell: _read_pattern(cell, date_format)


def _build_simple_reader(order: str) -> ParseDate:
    """Return a function that reads most dates by their day, of which a column has few."""
    days: dict[str, datetime] = {}

    def read(cell: str) -> datetime:
        match = SIMPLE.fullmatch(cell)
        if match is None or match[5] == "24":
            return _read_in_orders(cell, (order,))
        prefix = cell[: match.end(4)]
        day = days.get(prefix)
        if day is None:
            day = _read_in_orders(prefix, (order,))
            if len(days) < _MAX_DAYS:
                days[prefix] = day
        hour, minute, second = match.group(5, 6, 7)
        return day.replace(hour=int(hour), minute=int(minute), second=int(second or 0)) if (
            hour) else day  # fmt: skip

    return read


def _read_in_orders(cell: str, orders: tuple[str, ...]) -> datetime:
    slashed = None if cell[4:5] == "-" and cell[:4].isdecimal() else split_slashed(cell)
    if slashed is None:
        return read_certain(cell)
    for order in orders[:-1]:
        try:
            return slashed.read(order)
        except ValueError:
            continue
    return slashed.read(orders[-1])


def _read_pattern(cell: str, pattern: str) -> datetime:
    try:
        return datetime.strptime(cell, pattern)
    except ValueError:
        if pattern.startswith("%Y"):
            raise
        return datetime.fromisoformat(cell)  # a workbook shows 6.5.2024 for a true date
