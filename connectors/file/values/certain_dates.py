"""Parse dates that can be read in one way only. Pure.

The year first, the name of the month, a Unix time, a compact time, a serial number of Excel.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final

_YEAR_FIRST = re.compile(
    r"(\d{4})\s?[/.\-_ 年년:]\s?(\d{1,2})\s?[/.\-_ 月월:]\s?(\d{1,2})(?!\d)\s?[日일.]?(.*)", re.S
)
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)[T _-]?(?:(\d\d)(\d\d)?(\d\d)?(?:\.\d+)?)?(Z?)")
_CLOCK = re.compile(
    r"(?<!\d)(\d{1,2})(?:[:.h](\d{2}))?(?:[:.](\d{2})(?:[.,]\d+)?)?\s*([ap])\.?\s?m\b\.?"
    r"|(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?(?!\d)",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_ISO_SHAPE = re.compile(r"\d{4}-\d\d-\d\d")
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
_FIRST_EPOCH_S = 631_152_000  # 1990
_LAST_EPOCH_S = 1_900_000_000  # later ones are compact: 1990010100 is the first hour of 1990
_EXCEL_EPOCH = datetime(1899, 12, 30)
_SERIALS = range(32_874, 73_051)  # 1990 to 2099

_MONTH_NAMES = """
jan january januar janvier enero gennaio januari janeiro ene gen janv styczen stycznia
feb february februar fevrier febrero febbraio februari fevereiro fev fevr lutego
mar march marz mars marzo maart marco mrz maa marca
apr april avril abril aprile abr avr kwietnia
may mai mayo maggio mei maio mag maja
jun june juni juin junio giugno junho giu czerwca
jul july juli juillet julio luglio julho lug juil lipca
aug august aout agosto augustus ago aou sierpnia
sep sept september septembre septiembre settembre setembro set wrzesnia
oct october oktober octobre octubre ottobre outubro okt ott out pazdziernika
nov november novembre noviembre novembro listopada
dec december dezember decembre diciembre dicembre dezembro dez dic grudnia
"""
_MONTHS: Final = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.strip().splitlines(), start=1)
    for name in names.split()
}
_ZONES: Final = {
    "z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 1, "west": 1, "cet": 1, "cest": 2, "eet": 2,
    "eest": 3, "msk": 3, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10, "jst": 9, "kst": 9, "awst": 8,
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip
_OTHER_WORDS: Final = frozenset({"out", "set", "ago"})
_FILLERS: Final = frozenset({"at", "on", "of", "de", "um", "uhr", "the", "am", "le", "a", "del"})


Clock = tuple[int, int, int, tzinfo | None]
"""Hour, minute, second, and the zone if there is one."""


def read_certain(cell: str) -> datetime:
    """Return a date that can be read in one way only; raise ``ValueError`` for any other."""
    if _ISO_SHAPE.match(cell):
        try:
            return datetime.fromisoformat(cell)
        except ValueError:
            pass
    if cell[:1].isdecimal() or cell[:1] in "+-":
        if _NUMBER.fullmatch(cell):
            return _read_number(cell)
        if match := _COMPACT.fullmatch(cell):
            return _read_compact(match)
        if match := _YEAR_FIRST.fullmatch(cell):
            year, month, day, clock = match.groups()
            return build_date(int(year), int(month), int(day), clock)
    return _read_named(cell)


def is_time(cell: str) -> bool:
    """Return True for a time of day without a date."""
    return _CLOCK.fullmatch(cell.strip()) is not None and not cell.strip().isdecimal()


def _read_number(cell: str) -> datetime:
    """Read a Unix time, a compact time, or a serial number of Excel."""
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
    year, month, day, hour, minute, second, zulu = match.groups(default="0")
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))
    return moment.replace(tzinfo=UTC) if zulu == "Z" else moment


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
    rest = re.sub(r"\([^)]*\)", " ", cell)  # a zone's name in words
    clock, zone, rest = _cut_clock(rest)
    plain = unicodedata.normalize("NFKD", rest.casefold())
    words = re.findall(
        r"[^\W\d_]+|'?\d+", "".join(c for c in plain if not unicodedata.combining(c))
    )
    numbers = [word for word in words if word.lstrip("'").isdecimal()]
    long = [number for number in numbers if len(number) == 4 and number.isdecimal()]
    # "3 out of 5" and "2 days ago" are not dates of October and August.
    named = _MONTHS if long else _MONTHS.keys() - _OTHER_WORDS
    months = [_MONTHS[word] for word in words if word in named]
    others = sum(
        word not in _MONTHS and word not in _FILLERS and not word.isdecimal() for word in words
    )
    if len(months) != 1 or others > 3 or not 1 <= len(numbers) <= 2:
        raise ValueError("not a date")
    if len(numbers) == 1:
        if not long:
            raise ValueError("a month without a year")
        year, day = int(long[0]), 1
    else:
        year_text = long[0] if long else numbers[-1]
        numbers.remove(year_text)
        year, day = full_year(int(year_text.lstrip("'"))), int(numbers[0])
    zone = next((name for word in words if (name := _zone_by_name(word))), zone)
    return datetime(year, months[0], day, *clock, tzinfo=zone)


def _cut_clock(text: str) -> tuple[tuple[int, int, int], tzinfo | None, str]:
    """Return time of day and zone of a text, and the text without them."""
    match = _CLOCK.search(text)
    if match is None:
        return (0, 0, 0), None, text
    before, after = text[: match.start()], text[match.end() :]
    zone = None
    if offset := _OFFSET.search(after):
        zone = _fixed_zone(offset)
        after = after[: offset.start()] + after[offset.end() :]
    elif after[:1] in "Zz" and not after[1:2].isalpha():
        zone, after = UTC, after[1:]
    return _read_clock(match), zone, f"{before} {after}"


def build_date(year: int, month: int, day: int, text: str) -> datetime:
    """Return a date with the time of day in the text after it; raise ``ValueError``."""
    hour, minute, second, zone = read_clock(text)
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def read_clock(text: str) -> Clock:
    """Return time of day and zone of the text after a date; raise ``ValueError``."""
    if not text:
        return (0, 0, 0, None)
    if "(" in text:
        text = re.sub(r"\([^)]*\)", " ", text)
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
    if not 0 <= int(hour) <= 12:
        raise ValueError("not an hour of a 12-hour clock")
    return (
        int(hour) % 12 + (12 if half in "pP" else 0), int(minute or 0), int(second or 0),
    )  # fmt: skip


def _fixed_zone(match: re.Match[str]) -> tzinfo:
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)


def _zone_by_name(word: str) -> tzinfo | None:
    hours = _ZONES.get(word)
    return None if hours is None else timezone(timedelta(hours=hours))


def full_year(year: int) -> int:
    """Return a year with its century: 1970 to 2069 if it has two digits."""
    if year >= 100:
        return year
    return year + (2000 if year < 70 else 1900)
