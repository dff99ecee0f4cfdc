"""Parse dates that can be read in one way only. Pure.

The year first, the name of the month, a Unix time, a compact time, a serial number of Excel.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.file.values.partial_dates import is_partial, read_partial
from connectors.sdk.date_words import ZONE_HOURS, fold_word, load_months

_YEAR_FIRST = re.compile(
    r"(\d{4})\s?[/.\-_ 年년:]\s?(\d{1,2})\s?[/.\-_ 月월:]\s?(\d{1,2})(?!\d)\s?[日일.]?(.*)", re.S
)
_COMPACT = re.compile(
    r"((?:19|20)\d\d)(\d\d)(\d\d)[T _-]?(?:(\d\d)(\d\d)?(\d\d)?(?:[.,]\d+)?)?"
    r"(Z|[+-]\d\d(?::?\d\d)?)?"
)
_COMPACT_DAY = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[T _:,]+(\d{1,2}[:.h]\d\d.*)")
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})(?:[:.h](\d{2}))?(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([ap])\.?\s?m\b\.?"
    r"|(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?!\d)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e\+?\d{1,2})?", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?")
_COMMA = re.compile(r"\d{5},\d+")
_ISO_SHAPE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
)
_ZONE = re.compile(
    r"\[?\b((?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US)/[A-Za-z_/+-]+\d*)\]?"
)
_DASHED_CLOCK = re.compile(r"[T_ ]?(\d\d)-(\d\d)(?:-(\d\d))?")
_BRACKETS = re.compile(r"\((?![^)]*[+-]\d)[^)]*\)")
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_MAX_NUMBER: Final = 1e20
_MIDNIGHT = re.compile(r"[T ]0{1,2}:00(:00)?(\.0+)?$")
_FRACTION = re.compile(r"0?\.\d+(?:e-\d+)?|0")
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_FIRST_EPOCH_S = 631_152_000  # 1990
_LAST_EPOCH_S = 1_900_000_000  # later ones are compact: 1990010100 is the first hour of 1990
_EXCEL_EPOCH = datetime(1899, 12, 30)
_SERIALS = range(32_874, 73_051)  # 1990 to 2099

_OTHER_WORDS: Final = frozenset({"out", "set", "ago"})
_FILLERS: Final = frozenset({
    "at", "on", "of", "de", "um", "uhr", "the", "am", "le", "a", "del", "ore", "o", "dydd", "der",
    "den",
})  # fmt: skip
_AMERICAN: Final = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}  # fmt: skip
"""Names of zones in summer and winter."""
_BUDDHIST_YEARS: Final = range(2533, 2643)
_NAME_OR_NUMBER: Final = re.compile(r"(?:[^\W\d_]\.?)+|[^\W\d_]+|'?\d+")


Clock = tuple[int, int, int, tzinfo | None]
"""Hour, minute, second, and the zone if there is one."""


def read_certain(cell: str) -> datetime:
    """Return a date that can be read in one way only; raise ``ValueError`` for any other."""
    if _ISO_SHAPE.fullmatch(cell):
        try:
            moment = datetime.fromisoformat(cell)
            year = from_buddhist(moment.year)
            return moment if year == moment.year else moment.replace(year=year)
        except ValueError:
            pass
    try:
        return _read_whole(cell)
    except ValueError:
        if not is_partial(cell):
            raise
    return read_partial(cell, _read_whole)


def _read_whole(cell: str) -> datetime:
    """Return a date with its day; raise ``ValueError``."""
    if cell[:1].isdecimal() or cell[:1] in "+-":
        if _GROUPED.fullmatch(cell):
            cell = cell.replace(",", "")
        elif _COMMA.fullmatch(cell):
            cell = cell.replace(",", ".")
        if _NUMBER.fullmatch(cell):
            return _read_number(cell)
        if match := _COMPACT.fullmatch(cell):
            return _read_compact(match)
        if match := _COMPACT_DAY.fullmatch(cell) or _YEAR_FIRST.fullmatch(cell):
            year, month, day, clock = match.groups()
            return build_date(int(year), int(month), int(day), clock)
    return _read_named(cell)


def is_time(cell: str) -> bool:
    """Return True for a time of day without a date."""
    return _CLOCK.fullmatch(cell.strip()) is not None and not cell.strip().isdecimal()


def is_day_fraction(cell: str) -> bool:
    """Return True for a time as a workbook stores it: a share of the day."""
    return _FRACTION.fullmatch(cell.strip()) is not None


def join_time(day: str, time: str) -> str:
    """Return a date with the time of another cell, instead of its own midnight."""
    return f"{_MIDNIGHT.sub('', day.strip())} {_read_time(time)}".strip()


def _read_time(cell: str) -> str:
    """Return a time of day as hours and minutes; that of a date with one is its own."""
    cell = cell.strip()
    if is_day_fraction(cell):
        minutes, seconds = divmod(round(float(cell) * 86_400), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return cell[11:] if _ISO_SHAPE.fullmatch(cell) else cell


def _read_number(cell: str) -> datetime:
    """Read a Unix time, a compact time, or a serial number of Excel."""
    if "e" in cell.lower():
        cell = f"{min(float(cell), _MAX_NUMBER):.0f}"
    whole = cell.partition(".")[0].lstrip("+-")
    compact = _COMPACT.fullmatch(cell)
    if compact is not None and (len(whole) != 10 or int(whole) >= _LAST_EPOCH_S):
        try:
            return _read_compact(compact)
        except ValueError:
            pass
    if len(whole) == 5 and int(whole) in _SERIALS:
        return _EXCEL_EPOCH + timedelta(seconds=round(float(cell) * 86_400))
    if len(whole) < 9:
        raise ValueError("a number, and not a date")
    moment = read_epoch(cell)
    if moment.timestamp() < _FIRST_EPOCH_S:
        raise ValueError("a number, and not a date")
    return moment


def _read_compact(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, zone = match.groups(default="0")
    clock = (int(hour), int(minute), int(second), None)
    moment = add_clock(datetime(from_buddhist(int(year)), int(month), int(day)), clock)
    if zone == "Z":
        return moment.replace(tzinfo=UTC)
    offset = _OFFSET.fullmatch(zone)
    return moment.replace(tzinfo=_fixed_zone(offset)) if offset else moment


def read_epoch(cell: str) -> datetime:
    """Return a Unix time in seconds, or in a smaller unit if it is large."""
    value = float(cell)
    for min_value, unit in _EPOCH_UNITS:
        if abs(value) >= min_value:
            value /= unit
            break
    return datetime.fromtimestamp(value, UTC)


def _read_named(cell: str) -> datetime:
    """Read a date with the name of its month, such as ``Sat, 3 Jan 2026 10:00:00 GMT``."""
    if not any(character.isalpha() for character in cell) or len(cell) > 100:
        raise ValueError("not a date")
    rest = _BRACKETS.sub(" ", cell)  # a zone's name in words
    clock, zone, rest = _cut_clock(rest)
    words = [word.rstrip(".") for word in _NAME_OR_NUMBER.findall(fold_word(rest))]
    numbers = [word for word in words if word.lstrip("'").isdecimal()]
    long = [number for number in numbers if len(number) == 4 and number.isdecimal()]
    if len(numbers) != 2 and not (len(numbers) == 1 and long):
        raise ValueError("not a date")  # without the names of months, which need much memory
    months_by_name = load_months()
    # "3 out of 5" and "2 days ago" are not dates of October and August.
    named = months_by_name.keys() if long else load_months(usual=True).keys() - _OTHER_WORDS
    months = [months_by_name[word] for word in words if word in named]
    if len(months) == 2 and words[0] in named:
        del months[0]  # in French, "mar." is a Tuesday before it is a month
    others = sum(
        word not in months_by_name and word not in _FILLERS and not word.isdecimal()
        for word in words
    )
    if len(months) != 1 or others > 3:
        raise ValueError("not a date")
    if len(numbers) == 1:
        year, day = from_buddhist(int(long[0])), 1
    else:
        year_text = long[0] if long else numbers[-1]
        numbers.remove(year_text)
        year, day = full_year(int(year_text.lstrip("'"))), int(numbers[0])
    zones = (_zone_by_name(word) for word in words if word not in named)
    zone = zone or next(filter(None, zones), None)
    return add_clock(datetime(year, months[0], day), (*clock, zone))


def _cut_clock(text: str) -> tuple[tuple[int, int, int], tzinfo | None, str]:
    """Return time of day and zone of a text, and the text without them."""
    match = _CLOCK.search(text)
    if match is None:
        return (0, 0, 0), None, text
    before, after = text[: match.start()], text[match.end() :]
    zone: tzinfo | None = None
    if named := _ZONE.search(after):
        with suppress(ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo(named[1])
        after = after[: named.start()] + after[named.end() :]
    if offset := _OFFSET.search(after):
        zone = _fixed_zone(offset)
        after = after[: offset.start()] + after[offset.end() :]
    elif after[:1] in "Zz" and not after[1:2].isalpha():
        zone, after = UTC, after[1:]
    return _read_clock(match), zone, f"{before} {after}"


def build_date(year: int, month: int, day: int, text: str) -> datetime:
    """Return a date with the time of day in the text after it; raise ``ValueError``."""
    return add_clock(datetime(from_buddhist(year), month, day), read_clock(text))


def add_clock(day: datetime, clock: Clock) -> datetime:
    """Return a day with a time of day; 24:00 is the next day's beginning.

    Raises ``ValueError`` for a time that no clock shows.
    """
    hour, minute, second, zone = clock
    if (hour, minute, second) == (24, 0, 0):
        return (day + timedelta(days=1)).replace(tzinfo=zone)
    return day.replace(
        hour=hour, minute=minute, second=min(second, 59) if second == 60 else second, tzinfo=zone
    )


def read_clock(text: str) -> Clock:
    """Return time of day and zone of the text after a date; raise ``ValueError``."""
    if not text:
        return (0, 0, 0, None)
    if "(" in text:
        text = _BRACKETS.sub(" ", text)
    if match := _DASHED_CLOCK.fullmatch(text):
        text = ":".join(filter(None, match.groups()))
    clock, zone, rest = _cut_clock(text)
    for word in _WORD.findall(rest):
        named = _zone_by_name(word.casefold())
        zone = zone or named
        if named is None and word.casefold() not in _FILLERS and word != "T" and len(word) > 9:
            raise ValueError("more than a date")
    if _DIGIT.search(rest):
        raise ValueError("more than a date")
    return (*clock, zone)


def _read_clock(match: re.Match[str]) -> tuple[int, int, int]:
    hour, minute, second, half = match[1], match[2], match[3], match[4]
    if half is None:
        return int(match[5]), int(match[6]), int(match[7] or 0)
    if int(hour) > 12:
        return int(hour), int(minute or 0), int(second or 0)  # 21:05 PM says it twice
    return (
        int(hour) % 12 + (12 if half in "pP" else 0), int(minute or 0), int(second or 0),
    )  # fmt: skip


def _fixed_zone(match: re.Match[str]) -> tzinfo:
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)


def _zone_by_name(word: str) -> tzinfo | None:
    if word in _AMERICAN:
        return ZoneInfo(_AMERICAN[word])
    hours = ZONE_HOURS.get(word)
    return None if hours is None else timezone(timedelta(hours=hours))


def full_year(year: int) -> int:
    """Return a year with its century: 1970 to 2069 if it has two digits."""
    if year >= 100:
        return from_buddhist(year)
    return year + (2000 if year < 70 else 1900)


def from_buddhist(year: int) -> int:
    """Return a year, also one of the Buddhist calendar, which Thailand writes."""
    return year - 543 if year in _BUDDHIST_YEARS else year
