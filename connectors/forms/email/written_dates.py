"""Dates as mail programs write them above a forwarded message, in the sender's language."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

_MONTHS: Final = (
    "jan jän gen sty led ene tam oca",
    "feb fév fev lut úno hel şub",
    "mar mär maa mrt brez bře",
    "apr avr abr kwi dub huh nis",
    "may mai mag maj mei kvě tou",
    "jun jui giu cze čvn kes haz",
    "jul juil lug lip čvc hei tem",
    "aug aoû ago sie srp elo ağu",
    "sep set wrz zář syy eyl",
    "oct okt oct out paź říj lok eki",
    "nov lis mar kas",
    "dec dez déc dic gru pro jou ara",
)
"""Beginnings of the names of the months; the first month that has one counts."""
_BY_NAME: Final = tuple(
    (beginning, month)
    for month, beginnings in sorted(enumerate(_MONTHS, 1), key=lambda entry: -len(entry[1]))
    for beginning in beginnings.split()
)
_SPECIAL: Final = (
    *(("listopadu", 11), ("listopad", 11), ("října", 10), ("czerwiec", 6), ("czerwca", 6)),
    *(("juillet", 7), ("juil", 7), ("července", 7), ("června", 6), ("marras", 11), ("maalis", 3)),
    *(("maio", 5), ("março", 3), ("marca", 3), ("mart", 3), ("marz", 3), ("mars", 3)),
)
_NAMED: Final = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.|º)?(?: de| of)?[ -](?P<month>[^\W\d_]{3,12})\.?,?"
    r"(?: de)?[ -](?P<year>(?:19|20)\d\d)"
)
_NAMED_FIRST: Final = re.compile(
    r"(?P<month>[^\W\d_]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>(?:19|20)\d\d)"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-/.年] ?(?P<month>\d{1,2})[-/.月] ?(?P<day>\d{1,2})"
)
_DAY_FIRST: Final = re.compile(
    r"(?P<day>\d{1,2})(?P<separator>[./-]) ?(?P<month>\d{1,2})[./-] ?(?P<year>(?:19|20)\d\d)"
)
_TIME: Final = re.compile(
    r"(?<![\d./-])(?P<hour>\d{1,2})[:.h時](?P<minute>\d{2})(?:[:.]\d{2})?(?![\d.])\s?"
    r"(?P<half>[ap]\.?\s?m\b)?",
    re.IGNORECASE,
)
_ZONE: Final = re.compile(r"(?:GMT|UTC)?([+-])(\d{2}):?(\d{2})\b|\b(?:GMT|UTC|Z)\b")
_MAX_DAY_OF_BOTH: Final = 12


def parse_written_date(text: str, zone: tzinfo) -> datetime | None:
    """Return a date with its time in UTC, None if it cannot be read with certainty.

    ``zone`` is that of the mail program which wrote it. A dot or a number above 12
    tells days from months in figures; 03/04/2026 is not guessed.
    """
    text = " ".join(text.split())[:200]
    date = _parse_date(text)
    if date is None:
        return None
    rest = text[: date[1][0]] + " " + text[date[1][1] :]
    time = _TIME.search(rest)
    hour, minute = (int(time["hour"]), int(time["minute"])) if time else (12, 0)
    if time and time["half"]:
        hour = hour % 12 + (12 if time["half"][0] in "pP" else 0)
    try:
        written = datetime(*date[0], hour, minute, tzinfo=_parse_zone(rest) or zone)
        return written.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parse_date(text: str) -> tuple[tuple[int, int, int], tuple[int, int]] | None:
    """Return year, month and day, and where they stand."""
    if match := _YEAR_FIRST.search(text):
        return (int(match["year"]), int(match["month"]), int(match["day"])), match.span()
    for pattern in (_NAMED, _NAMED_FIRST):
        match = pattern.search(text)
        if match and (month := _find_month(match["month"])):
            return (int(match["year"]), month, int(match["day"])), match.span()
    if match := _DAY_FIRST.search(text):
        day, month = int(match["day"]), int(match["month"])
        if match["separator"] == "." or day > _MAX_DAY_OF_BOTH or day == month:
            return (int(match["year"]), month, day), match.span()
        if month > _MAX_DAY_OF_BOTH:
            return (int(match["year"]), day, month), match.span()
    return None


def _find_month(name: str) -> int | None:
    name = name.casefold()
    return next(
        (month for beginning, month in (*_SPECIAL, *_BY_NAME) if name.startswith(beginning)), None
    )


def _parse_zone(text: str) -> tzinfo | None:
    match = _ZONE.search(text)
    if match is None:
        return None
    offset = f"{match[1]}{match[2]}{match[3]}" if match[1] else "+0000"
    return datetime.strptime(offset, "%z").tzinfo
