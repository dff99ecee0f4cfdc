"""Times as services write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def unix_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time: what a revision is."""
    # ``timestamp()`` takes three times as long with pydantic's time zones.
    return max(0, round((moment - _EPOCH) / _MILLISECOND))


def from_unix(seconds: float) -> datetime:
    """The time of a Unix time in seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def parse_iso(text: str) -> datetime:
    """The time of ISO 8601 text, in UTC where it names no zone; raises ``ValueError``."""
    moment = datetime.fromisoformat(text.strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
