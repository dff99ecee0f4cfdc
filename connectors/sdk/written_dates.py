"""Dates as people and their programs write them, in feeds above all.

Standards name two forms, RFC 822 and ISO 8601. Feeds also have them in other languages, in numbers
only, with the names of zones, and with a clock of twelve hours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.sdk.date_words import ZONE_HOURS, fold_word, load_months
from connectors.sdk.timestamps import from_unix

_MAX_CHARACTERS: Final = 100
_ISO: Final = re.compile(r"(?<!\d)(\d{4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)")
_COMPACT: Final = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?!\d)"
)
_NUMERIC: Final = re.compile(
    r"(?<![\d:])(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d:])"
)
_CLOCK: Final = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::|h|\.(?=\d{2}(?!\d)))(\d{2})(?:[:.](\d{2}))?(?:[.,]\d+)?"
    r"(?:\s*(am|pm|a\.m\.?|p\.m\.?)(?![a-z]))?(?![\d:])"
)
_HOUR: Final = re.compile(r"(?<![\d:.+-])(\d{1,2})\s*(am|pm|a\.m\.?|p\.m\.?)\b")
_OFFSET: Final = re.compile(r"(?:gmt|utc|\s|(?<=\d)|^)\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
_UNIX: Final = re.compile(r"\d{10}(?:\d{3})?")
_WORD: Final = re.compile(r"[^\W\d_]+(?:/[^\W\d]+)*")
_NUMBER: Final = re.compile(r"(?<!\d)(\d{4}|\d{1,2})(?!\d)")
_MONTH_FIRST: Final = ("en-us", "en_us")

_EAST_ASIAN: Final = str.maketrans(
    {**dict.fromkeys("年년月월", "-"), **dict.fromkeys("時时시", ":"), "日": " ", "일": " "}
)
_PM: Final = ("午後", "下午", "오후")
_HALF_FIRST: Final = re.compile(r"(午前|上午|오전|午後|下午|오후)\s?(\d{1,2}:\d{2}(?::\d{2})?)")


def parse_date(text: str, *, language: str | None = None) -> datetime | None:
    """Return a date as an aware time, in UTC if it names no zone; None if it is not understood.

    Whether 3/4 is in March or April depends on the feed's ``language``, unless only one is right.
    """
    line = " ".join(text.translate(_EAST_ASIAN).split()).lower()
    line = _HALF_FIRST.sub(lambda half: f"{half[2]} {'pm' if half[1] in _PM else 'am'}", line)
    if not line or len(line) > _MAX_CHARACTERS:
        return None
    try:
        if _UNIX.fullmatch(line):
            return from_unix(int(line[:10]))
        return _parse(line, (language or "").lower().startswith(_MONTH_FIRST))
    except (ValueError, OverflowError):
        return None


def _parse(line: str, is_month_first: bool) -> datetime | None:
    compact = _COMPACT.search(line)
    if compact and not _ISO.search(line):
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
        rest = line[compact.end() :]
        at = datetime(year, month, day, hour, minute, second)
        return at.replace(tzinfo=_find_zone(rest)) if _is_understood(rest) else None
    dated = _find_day(line, is_month_first)
    if dated is None:
        return None
    (year, month, day), rest = dated
    clock_match = _CLOCK.search(rest) or _HOUR.search(rest)
    at = datetime(year, month, day)
    if clock_match is not None:
        at += _to_duration(clock_match)
        rest = rest[clock_match.end() :]
    return at.replace(tzinfo=_find_zone(rest))


def _is_understood(rest: str) -> bool:
    return not rest.strip(" .,") or _find_zone(rest) is not UTC or rest.strip() in ZONE_HOURS


def _find_day(line: str, is_month_first: bool) -> tuple[tuple[int, int, int], str] | None:
    """Return year, month and day of a line, and the rest of it."""
    if iso := _ISO.search(line):
        rest = line[: iso.start()] + " " + line[iso.end() :].removeprefix("t")
        return (int(iso[1]), int(iso[3]), int(iso[4])), rest
    if numeric := _NUMERIC.search(line):
        first, second, year = int(numeric[1]), int(numeric[3]), _to_year(numeric[4])
        swapped = second > 12 or (first <= 12 and is_month_first and numeric[2] == "/")
        day, month = (second, first) if swapped else (first, second)
        return (year, month, day), line[: numeric.start()] + " " + line[numeric.end() :]
    return _find_named_month(line)


def _find_named_month(line: str) -> tuple[tuple[int, int, int], str] | None:
    """Return the day of a line that names its month: 16 Aug 2026, August 16, 2026."""
    clock = _CLOCK.search(line) or _HOUR.search(line)
    dated = line if clock is None else line[: clock.start()] + " " * 30 + line[clock.end() :]
    months = [word for word in _WORD.finditer(dated) if fold_word(word[0]) in load_months()]
    numbers = [*_NUMBER.finditer(dated.partition(" +")[0])]
    years = [number for number in numbers if len(number[1]) == 4]
    if not months or len(numbers) < 2:
        return None
    # The last one: in French, "mar." is a Tuesday before it is a month.
    month = months[-1] if len(months) < 3 else months[1]
    if not years:
        years = [number for number in numbers if number.start() > month.end()][-1:]
    days = [number for number in numbers if number not in years and len(number[1]) <= 2]
    if not years or not days:
        return None
    day = min(days, key=lambda number: abs(number.start() - month.start()))
    end = max(month.end(), day.end(), years[0].end())
    rest = line[end:] if clock is None or clock.end() > end else line[clock.start() :]
    return (_to_year(years[0][1]), load_months()[fold_word(month[0])], int(day[1])), rest


def _to_year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _to_duration(clock: re.Match[str]) -> timedelta:
    """Return the time since midnight; 24:00 is the next day's."""
    parts = clock.groups()
    hours = int(parts[0])
    minutes, seconds = (int(parts[1]), int(parts[2] or 0)) if len(parts) == 4 else (0, 0)
    if half := parts[-1]:
        if not 1 <= hours <= 12:
            half = None if hours > 12 else half
        if half:
            hours = hours % 12 + (12 if half.startswith("p") else 0)
    if hours > 24 or minutes > 59 or seconds > 60:
        raise ValueError("not a time of the day")
    return timedelta(hours=hours, minutes=minutes, seconds=min(seconds, 59))


def _find_zone(rest: str) -> tzinfo:
    """Return the zone after a time: an offset, or a zone's name."""
    if offset := _OFFSET.search(rest):
        hours = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-hours if offset[1] == "-" else hours)
    for word in _WORD.findall(rest):
        if word in ZONE_HOURS:
            return timezone(timedelta(hours=ZONE_HOURS[word]))
        if "/" in word and (zone := _find_named_zone(word)):
            return zone
    return UTC


def _find_named_zone(word: str) -> tzinfo | None:
    name = "/".join(part.title() for part in word.split("/"))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
