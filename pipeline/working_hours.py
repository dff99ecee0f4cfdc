"""Working hours: whether a time is within them, and the working time between two times.

``[hours.NAME]`` of ``feedback.toml``::

    [hours.office]
    zone = "Europe/London"
    days = "mon-fri"
    times = "08:00-12:30, 13:30-18:00"
    saturday = "09:00-12:00"
    friday = "closed"
    holidays = [2026-12-25, 2026-12-28]

A span that ends before it begins crosses midnight and belongs to the day it begins on. Times are
local; working time is elapsed time, so a night in which clocks are turned back has an extra hour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline.settings_file import SettingsFileError
from schemas.field_types import Zone
from schemas.validation import setting_fault

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = tuple(day[:3] for day in WEEKDAYS)
_SPAN: Final = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")
_DAY_MINUTES: Final = 24 * 60
_ZERO: Final = timedelta(0)

Spans = tuple[tuple[int, int], ...]
"""Starts and ends in minutes after midnight, in order; an end may lie in the day after."""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A week's hours in a zone, less the holidays. Every time that is given must be aware."""

    zone: ZoneInfo
    week: tuple[Spans, ...]
    """Spans of Monday to Sunday."""
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != len(WEEKDAYS) or not any(self.week):
            raise ValueError("a week has seven days, and working hours on one of them at least")

    def is_open(self, at: datetime) -> bool:
        """Return True during working hours; the end of a span is exclusive."""
        start, end = next(self._spans_from(at))
        return start <= at < end

    def next_open(self, at: datetime) -> datetime:
        """Return ``at`` itself during working hours, otherwise the next start; UTC."""
        start, _ = next(self._spans_from(at))
        return max(start, at.astimezone(UTC))

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return the time when ``working`` time after ``at`` has passed; UTC.

        If that is exactly the end of a day, return it and not the next morning. Raises
        ``ValueError`` for a negative duration.
        """
        if working < _ZERO:
            raise ValueError("working time can't be negative")
        left, at = working, at.astimezone(UTC)
        for start, end in self._spans_from(at):
            begin = max(start, at)
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("unreachable: spans are endless")

    def add_days(self, at: datetime, days: int) -> datetime:
        """Return the end of the ``days``-th working day after the day of ``at``; UTC.

        This is the usual meaning of "within three working days": the day itself does not count.
        Raises ``ValueError`` for less than one day.
        """
        if days < 1:
            raise ValueError("at least one working day")
        day, counted = at.astimezone(self.zone).date(), 0
        while counted < days:
            day += timedelta(days=1)
            counted += bool(self._spans_on(day))
        return max(end for _, end in self._spans_on(day))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from ``start`` to ``end``; zero if the end is earlier."""
        total = _ZERO
        # Two times of one zone are subtracted by the clock, which jumps.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        for begin, close in self._spans_from(start):
            if begin >= end:
                return total
            total += max(_ZERO, min(close, end) - max(begin, start))
        raise AssertionError("unreachable: spans are endless")

    def _spans_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield spans in UTC that end after ``at``, in order, without overlaps; endless."""
        day = at.astimezone(self.zone).date() - timedelta(days=2)
        before = datetime.min.replace(tzinfo=UTC)
        while True:
            day += timedelta(days=1)
            for start, end in self._spans_on(day):
                if end > max(at, before):
                    yield max(start, before), end
                before = max(before, end)

    def _spans_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day in self.holidays:
            return []
        spans = self.week[day.weekday()]
        # If the clock shows a time twice, work begins at the first and ends at the second.
        real = [(self._moment(day, a, fold=0), self._moment(day, b, fold=1)) for a, b in spans]
        return [(start, end) for start, end in real if start < end]

    def _moment(self, day: date, minutes: int, *, fold: int) -> datetime:
        days, rest = divmod(minutes, _DAY_MINUTES)
        clock = time(rest // 60, rest % 60, fold=fold)
        local = datetime.combine(day + timedelta(days=days), clock, self.zone)
        return local.astimezone(UTC)


def read_working_hours(sections: Mapping[str, Any]) -> dict[str, WorkingHours]:
    """Return the ``[hours.NAME]`` sections by name; raises
    :class:`~pipeline.settings_file.SettingsFileError`.
    """
    hours = sections.get("hours", {})
    if not isinstance(hours, Mapping) or not all(isinstance(v, Mapping) for v in hours.values()):
        raise SettingsFileError("reading [hours]: its sections are [hours.NAME]")
    return {name: _read(name, section) for name, section in hours.items()}


def _read(name: str, section: Mapping[str, Any]) -> WorkingHours:
    try:
        return HoursSettings.model_validate(section).hours()
    except ValidationError as error:
        fault = setting_fault(error, HoursSettings.model_fields)
        raise SettingsFileError(f"reading [hours.{name}]: {fault}") from None
    except ValueError as error:
        raise SettingsFileError(f"reading [hours.{name}]: {error}") from None


class HoursSettings(BaseModel):
    """``[hours.NAME]``."""

    model_config = ConfigDict(extra="forbid")

    zone: Zone = Field(description="IANA time zone, such as Europe/London.")
    days: str = "mon-fri"
    times: str | None = None
    monday: str | None = None
    tuesday: str | None = None
    wednesday: str | None = None
    thursday: str | None = None
    friday: str | None = None
    saturday: str | None = None
    sunday: str | None = None
    holidays: list[date] = Field(default_factory=list)

    @field_validator("days")
    @classmethod
    def _are_days(cls, days: str) -> str:
        _days(days)
        return days

    @field_validator("times", *WEEKDAYS)
    @classmethod
    def _are_times(cls, times: str | None) -> str | None:
        if times is not None:
            _spans(times)
        return times

    def hours(self) -> WorkingHours:
        """Return the hours; raises ``ValueError`` if no day has any."""
        chosen = _days(self.days)
        usual = _spans(self.times) if self.times is not None else ()
        own = [getattr(self, day) for day in WEEKDAYS]
        week = tuple(
            _spans(times) if times is not None else usual if day in chosen else ()
            for day, times in enumerate(own)
        )
        if not any(week):
            raise ValueError('no day has times; give times = "08:00-18:00"')
        return WorkingHours(ZoneInfo(self.zone), week, frozenset(self.holidays))


def _days(text: str) -> set[int]:
    """Return ``mon-fri, sun`` as numbers, Monday 0; a range may wrap around the week."""
    chosen: set[int] = set()
    for part in text.lower().split(","):
        ends = [_day(name.strip()) for name in re.split("[-–]", part)]
        if len(ends) > 2:
            raise ValueError("expected days like mon-fri or mon, wed, fri")
        first, last = ends[0], ends[-1]
        chosen |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    return chosen


def _day(name: str) -> int:
    if name[:3] not in _SHORT or not WEEKDAYS[_SHORT.index(name[:3])].startswith(name):
        raise ValueError("expected days like mon-fri or mon, wed, fri")
    return _SHORT.index(name[:3])


def _spans(text: str) -> Spans:
    """Return ``08:00-12:00, 13:00-18:00`` in minutes, ``closed`` as (); raises ``ValueError``."""
    if text.strip().lower() == "closed":
        return ()
    spans: list[tuple[int, int]] = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise ValueError("expected times like 08:00-18:00, or closed")
        hour, minute, to_hour, to_minute = map(int, match.groups())
        start, end = hour * 60 + minute, to_hour * 60 + to_minute
        if max(minute, to_minute) > 59 or start >= _DAY_MINUTES or end > _DAY_MINUTES:
            raise ValueError("expected times from 00:00 to 24:00")
        end += _DAY_MINUTES if end <= start else 0
        spans.append((start, end))
    spans.sort()
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise ValueError("times overlap")
    return tuple(spans)
