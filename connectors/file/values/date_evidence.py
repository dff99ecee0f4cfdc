"""Decide from all cells of a column in which order its dates are written. Pure.

Fed once per cell, in the order of the rows; holds a few counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal

from connectors.file.values.certain_dates import read_certain
from connectors.file.values.date_text import normalize_date
from connectors.file.values.dates import (
    DAY_FIRST,
    DAY_MONTH,
    MONTH_DAY,
    MONTH_FIRST,
    ORDERS,
    SHORT_YEAR,
    SIMPLE,
    Slashed,
    split_slashed,
)
from connectors.file.values.partial_dates import cut_span, is_partial
from schemas.feedback import EARLIEST_YEAR

Certainty = Literal["certain", "likely", "guess"]

_FORMATS: Final = {"dmy": DAY_MONTH, "mdy": MONTH_DAY, "ymd": SHORT_YEAR}
_ISO_LENGTHS: Final = (10, 16, 19)
_MAX_KNOWN_DAYS: Final = 20_000
_MIN_ORDERED: Final = 5
_MIN_CONVERTED: Final = 3
_MONTH_FIRST_ZONES: Final = ("America/", "US/", "EST", "CST", "MST", "PST")
_DAY_FIRST_AMERICA: Final = (
    "America/Sao_Paulo", "America/Argentina", "America/Buenos_Aires", "America/Mexico_City",
    "America/Bogota", "America/Lima", "America/Santiago", "America/Caracas",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DateChoice:
    """The format of a column, and how sure it is."""

    date_format: str
    certainty: Certainty
    reason: str
    example: str = ""
    """A cell that the other format reads differently, if it is a guess."""
    other: str = ""
    """The other format, if it is a guess."""


class _Order:
    """The days that an order of the three numbers makes of a column."""

    def __init__(self) -> None:
        self.failed = 0
        self.rises = 0
        self.falls = 0
        self.earliest: datetime | None = None
        self.latest: datetime | None = None
        self._last: datetime | None = None

    def add(self, day: datetime | None, count: int) -> None:
        if day is None:
            self.failed += count
            return
        if self._last is not None:
            self.rises += day > self._last
            self.falls += day < self._last
        self._last = day
        self.earliest = day if self.earliest is None else min(self.earliest, day)
        self.latest = day if self.latest is None else max(self.latest, day)

    @property
    def is_sorted(self) -> bool:
        return min(self.rises, self.falls) == 0 and self.rises + self.falls >= _MIN_ORDERED

    @property
    def span_days(self) -> int:
        if self.earliest is None or self.latest is None:
            return 0
        return (self.latest - self.earliest).days


def _read_iso(cell: str) -> datetime | None:
    """Return the time of the usual forms of ISO 8601, which are by far the most frequent."""
    if cell[4:5] != "-" or len(cell) not in _ISO_LENGTHS:
        return None
    try:
        return datetime.fromisoformat(cell).replace(tzinfo=None)
    except ValueError:
        return None


class DateEvidence:
    """Counts of the forms of dates in the cells of one column."""

    def __init__(self, now: datetime | None = None) -> None:
        self._max = (now or datetime.now(UTC)).replace(tzinfo=None) + timedelta(days=1)
        self.certain = 0
        """Dates that can be read in one way only."""
        self.unreadable = 0
        self.partial = 0
        """Dates that name no day, or two: they are taken as their first one."""
        self.first = ""
        """The first cell that can be read in some order."""
        self.has_clock = False
        self.earliest: datetime | None = None
        """Of the dates that can be read in one way only."""
        self.latest: datetime | None = None
        self._orders = {order: _Order() for order in _FORMATS}
        self._known_days: dict[tuple[int, ...], dict[str, datetime | None]] = {}
        self._slashed = 0
        self._either = 0
        """Dates of three numbers that are readable day first or month first."""
        self._halves = 0
        self._dots = 0
        self._short_years = 0
        self._example = ""
        self._days_of_dates = [0, 0]
        self._days_of_texts = [0, 0]

    def add_all(self, cells: Iterable[str]) -> None:
        """Add cells that are not empty, in the order of the rows."""
        for cell, count in Counter(map(_cut_clock, cells)).items():
            self.add(cell, count)

    def add(self, cell: str, count: int = 1) -> None:
        """Add a cell that is not empty, and how many rows have it."""
        if (moment := _read_iso(cell)) is not None:
            self._add_moment(cell, moment, count)
            return
        cell = normalize_date(cell)
        try:
            slashed = split_slashed(cell)
        except ValueError:
            self.unreadable += count
            return
        if slashed is None:
            self._add_certain(cell, count)
            return
        self.partial += count * (cut_span(cell) != cell)
        days = self._read_days(slashed)
        if not any(days.values()):
            self.unreadable += count
            return
        self._slashed += count
        self.first = self.first or cell
        self.has_clock = self.has_clock or any(slashed.clock[:3])
        self._halves += count * slashed.has_halves
        self._dots += count * (slashed.separator == ".")
        self._short_years += count * slashed.has_short_year
        self._days_of_texts[slashed.first > 12] += count
        for order, day in days.items():
            self._orders[order].add(day, count)
        self._either += count * (days["dmy"] is not None or days["mdy"] is not None)
        if not self._example and days["dmy"] and days["mdy"] and days["dmy"] != days["mdy"]:
            self._example = cell

    def _add_certain(self, cell: str, count: int) -> None:
        try:
            moment = read_certain(cell).replace(tzinfo=None)
        except (ValueError, OverflowError, OSError):
            self.unreadable += count
            return
        self.partial += count * is_partial(cell)
        self._add_moment(cell, moment, count)

    def _add_moment(self, cell: str, moment: datetime, count: int) -> None:
        # A swapped date may lie in the future.
        self._days_of_dates[moment.day > 12] += count
        if moment.year < EARLIEST_YEAR or moment > self._max:
            self.unreadable += count
            return
        self.certain += count
        self.first = self.first or cell
        self.has_clock = self.has_clock or moment.time() != time()
        self.earliest = moment if self.earliest is None else min(self.earliest, moment)
        self.latest = moment if self.latest is None else max(self.latest, moment)

    def _read_days(self, slashed: Slashed) -> dict[str, datetime | None]:
        """Return the day in each order, or None if it is not a day."""
        key = slashed[:3]
        days = self._known_days.get(key)
        if days is None:
            day = slashed._replace(clock=(0, 0, 0, None))
            days = {order: self._read(day, order) for order in _FORMATS}
            if len(self._known_days) < _MAX_KNOWN_DAYS:
                self._known_days[key] = days
        return days

    def _read(self, slashed: Slashed, order: str) -> datetime | None:
        try:
            moment = slashed.read(order)
        except ValueError:
            return None
        return moment if moment.year >= EARLIEST_YEAR and moment <= self._max else None

    @property
    def readable(self) -> int:
        """Number of cells that are dates in some order."""
        return self.certain + self._slashed

    def count_failed(self, date_format: str) -> int:
        """Return the number of cells that this format can't read."""
        orders = [self._orders[order] for order in ORDERS.get(date_format, ())]
        return self.unreadable + (min(order.failed for order in orders) if orders else 0)

    def is_half_converted(self) -> bool:
        """Return True if a spreadsheet has swapped day and month of the dates that it could read.

        It reads 3/12/2026 month first and makes a true date of it; 13/12/2026 stays a text. So the
        true dates have days up to 12 only, and the texts have days beyond 12 only.
        """
        dates, texts = self._days_of_dates, self._days_of_texts
        return dates[0] >= _MIN_CONVERTED and texts[1] >= _MIN_CONVERTED and not dates[1] + texts[0]

    def span(self, date_format: str) -> tuple[datetime, datetime] | None:
        """Return the earliest and the latest date under a format."""
        order = self._orders.get(ORDERS.get(date_format, ("",))[0], _Order())
        moments = [self.earliest, self.latest, order.earliest, order.latest]
        days = [moment for moment in moments if moment is not None]
        return (min(days), max(days)) if days else None

    def choose(self, zone: str) -> DateChoice:
        """Return the format, given the name of the time zone that the operator has stated."""
        if not self._slashed:
            return DateChoice("auto", "certain", "each date can be read in one way only")
        orders = ["dmy", "mdy"]
        if self._short_years == self._slashed:
            orders.append("ymd")
        failed = {order: self._orders[order].failed for order in orders}
        best = min(orders, key=lambda order: failed[order])
        if best != "ymd" and failed[best] and self._either == self._slashed:
            form = DAY_FIRST if best == "dmy" else MONTH_FIRST
            return DateChoice(form, "likely", "the column has dates in both orders")
        rivals = [order for order in orders if failed[order] == failed[best]]
        if len(rivals) > 1 and "ymd" in rivals:
            rivals = self._weigh_short_year(rivals)
        if len(rivals) == 1:
            return DateChoice(
                _FORMATS[rivals[0]], "certain", "in another order dates fail or lie in the future"
            )
        return self._weigh(zone)

    def _weigh_short_year(self, rivals: list[str]) -> list[str]:
        """Return the year first alone if the column then spans much less time; else the others."""
        others = [order for order in rivals if order != "ymd"]
        shortest = min(self._orders[order].span_days for order in others)
        return ["ymd"] if 2 * self._orders["ymd"].span_days < shortest - 366 else others

    def _weigh(self, zone: str) -> DateChoice:
        """Return day first or month first, between which no date decides."""
        if not self._example:
            return DateChoice("auto", "certain", "both orders read the same dates")
        if _is_month_first(zone):
            return DateChoice(MONTH_DAY, "likely", f"the time zone is {zone}")
        if zone != "UTC":
            return DateChoice(DAY_MONTH, "likely", f"the time zone is {zone}")
        if self._halves:
            return DateChoice(MONTH_DAY, "likely", "the times have AM and PM")
        if self._dots == self._slashed:
            return DateChoice(DAY_MONTH, "likely", "the dates are written with dots")
        ordered = [order for order in ("dmy", "mdy") if self._orders[order].is_sorted]
        if len(ordered) == 1:
            return DateChoice(_FORMATS[ordered[0]], "likely", "so the rows are in order")
        return DateChoice(DAY_MONTH, "guess", "nothing tells", self._example, MONTH_DAY)


def _cut_clock(cell: str) -> str:
    """Return a date without minutes and seconds, of which a column has too many to count."""
    match = SIMPLE.fullmatch(cell)
    if match is None or match[5] is None:
        return cell
    return f"{cell[: match.end(4)]} {match[5]}:01" if int(match[5]) < 24 else cell


def _is_month_first(zone: str) -> bool:
    return zone.startswith(_MONTH_FIRST_ZONES) and not zone.startswith(_DAY_FIRST_AMERICA)
