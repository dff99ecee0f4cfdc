"""Times as services write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from schemas.feedback import EARLIEST_YEAR

_MAX_CLOCK_SKEW: Final = timedelta(days=1)
_MAX_UNIX_S: Final = 100_000_000_000
"""Larger Unix times are in smaller units: as seconds they are after the year 5000."""
_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)
_DOTNET: Final = re.compile(r"/Date\((\d{1,16})(?:[+-]\d{4})?\)/")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def unix_ms(moment: datetime) -> int:
    """Return an aware time as Unix time (ms), which is what a revision is."""
    # ``timestamp()`` takes three times as long with pydantic's time zones.
    return max(0, round((moment - _EPOCH) / _MILLISECOND))


def from_unix(seconds: float) -> datetime:
    """Return a Unix time (s) as an aware time."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_iso(text: str) -> datetime:
    """Return ISO 8601 text as a time, in UTC if it names no zone. Raises ``ValueError``."""
    return with_zone(datetime.fromisoformat(text.strip()))


def parse_iso_ms(value: Any) -> int | None:
    """Return ISO 8601 text as Unix time (ms), or None for a value that is not such text."""
    try:
        return unix_ms(parse_iso(value))
    except (TypeError, ValueError, AttributeError, OverflowError):
        return None


def iso_utc(moment: int) -> str:
    """Return a Unix time (ms) as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def with_zone(moment: datetime) -> datetime:
    """Return the same time, in UTC if it names no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_plausible(moment: datetime, received: datetime) -> bool:
    """Return True for a time of feedback that is neither a typing error nor in the future."""
    return moment.year >= EARLIEST_YEAR and moment - received < _MAX_CLOCK_SKEW


def parse_plausible(value: Any, received: datetime) -> datetime | None:
    """Return a time that is written in any common way, or None if it is not plausible.

    It may be a Unix time (s, ms, µs or ns), ISO 8601, the time of a mail, or that of .NET's JSON.
    """
    for read in (_parse_unix, _parse_text):
        try:
            moment = read(value)
            if is_plausible(moment, received):
                return moment
        except (TypeError, ValueError, OverflowError, OSError, AttributeError):
            continue
    return None


def _parse_unix(value: Any) -> datetime:
    if isinstance(value, str) and (match := _DOTNET.fullmatch(value.strip())):
        value = match[1]
    number = float(value)
    unit = next((unit for unit in _UNITS if number / unit < _MAX_UNIX_S), 1)
    return from_unix(number / unit)


def _parse_text(value: Any) -> datetime:
    try:
        return parse_iso(value)
    except ValueError:
        return with_zone(parsedate_to_datetime(value))
