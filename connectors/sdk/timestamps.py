"""Times as services write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

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
