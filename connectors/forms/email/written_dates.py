"""Dates as mail programs write them above a forwarded message, in the sender's language."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from connectors.sdk.date_words import fold_word, name_months

_LANGUAGES: Final = (
    *("en", "de", "nl", "fr", "es", "it", "pt", "da", "nb", "sv", "fi", "pl", "cs", "sk", "sl"),
    *("hu", "ro", "tr", "el", "ru", "uk", "bg", "ca", "cy", "ga", "et", "lv", "lt", "vi"),
)
"""Languages of months. Croatian has the words of others for other months."""
_MORE_MONTHS: Final = (("sept", 9), ("mrz", 3), ("marz", 3))
_NAMED: Final = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.|º)?(?: de| of)?[ -](?P<month>[^\W\d_]{3,14})\.?,?"
    r"(?: de)?[ -](?P<year>(?:19|20)\d\d)"
)
_NAMED_FIRST: Final = re.compile(
    r"(?P<month>[^\W\d_]{3,14})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? (?P<year>(?:19|20)\d\d)"
)
_NAMED_LAST: Final = re.compile(
    r"(?P<year>(?:19|20)\d\d)\.? (?P<month>[^\W\d_]{3,14})\.? (?P<day>\d{1,2})(?!\d)"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<year>(?:19|20)\d\d)[-/.年년] ?(?P<month>\d{1,2})[-/.月월] ?(?P<day>\d{1,2})"
)
_DAY_FIRST: Final = re.compile(
    r"(?P<day>\d{1,2})(?P<separator>[./-]) ?(?P<month>\d{1,2})[./-] ?(?P<year>(?:19|20)\d\d)"
)
_TIME: Final = re.compile(
    r"(?P<first>午前|上午|오전|午後|下午|오후)?\s?(?<![\d./-])(?P<hour>\d{1,2})[:.h時](?P<minute>\d{2})"
    r"(?:[:.]\d{2})?(?![\d.])\s?(?P<half>[ap]\.?\s?m\b|[πμ]\.?\s?μ\b)?",
    re.IGNORECASE,
)
_AFTERNOON: Final = ("午後", "下午", "오후", "p", "μ")
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
    half = (time["first"] or time["half"] or "").casefold() if time else ""
    if half:
        hour = hour % 12 + (12 if half.startswith(_AFTERNOON) else 0)
    try:
        written = datetime(*date[0], hour, minute, tzinfo=_parse_zone(rest) or zone)
        return written.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parse_date(text: str) -> tuple[tuple[int, int, int], tuple[int, int]] | None:
    """Return year, month and day, and where they stand."""
    if match := _YEAR_FIRST.search(text):
        return (int(match["year"]), int(match["month"]), int(match["day"])), match.span()
    for pattern in (_NAMED, _NAMED_FIRST, _NAMED_LAST):
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
    return name_months(_LANGUAGES, _MORE_MONTHS).get(fold_word(name))


def _parse_zone(text: str) -> tzinfo | None:
    match = _ZONE.search(text)
    if match is None:
        return None
    offset = f"{match[1]}{match[2]}{match[3]}" if match[1] else "+0000"
    return datetime.strptime(offset, "%z").tzinfo
