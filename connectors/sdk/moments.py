"""Times of items: ISO 8601 as services document it, and the other forms that they return.

A time without a zone is in UTC. A time that no feedback can have is not one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from connectors.sdk.timestamps import from_unix, parse_iso, unix_ms
from connectors.sdk.written_dates import parse_date
from schemas.feedback import EARLIEST_YEAR

MAX_AHEAD: Final = timedelta(hours=23)
"""Clocks and zones may be wrong; a time that is later is an event's, or a slip."""
_MIN_UNIX_MS: Final = 100_000_000_000
"""A lower number is in seconds: as milliseconds it would be in 1973."""
_MAX_CHARACTERS: Final = 100


def read_moment(value: Any) -> datetime | None:
    """Return a time as a service writes it as an aware time, or None if it is not understood."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        if isinstance(value, str):
            return _parse_text(value)
        return from_unix(value / 1000 if abs(value) >= _MIN_UNIX_MS else value)
    except (ValueError, OverflowError, OSError):
        return None


def read_moment_ms(value: Any) -> int | None:
    """Return a time as a service writes it as Unix time (ms), or None if no feedback has it."""
    moment = read_moment(value)
    return None if moment is None or moment.year < EARLIEST_YEAR else unix_ms(moment)


def is_plausible(moment: datetime, read_at: datetime) -> bool:
    """Return True if feedback that was read at ``read_at`` may have been given at that time."""
    return moment.year >= EARLIEST_YEAR and moment - read_at <= MAX_AHEAD


def _parse_text(text: str) -> datetime | None:
    if len(text) > _MAX_CHARACTERS:
        return None
    try:
        return parse_iso(text)
    except ValueError:
        return parse_date(text)


def _require_moment(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else read_moment(value)
    if moment is None:
        raise ValueError("it is not a time")
    return moment


def _require_feedback_time(moment: datetime) -> datetime:
    if moment.year < EARLIEST_YEAR:  # what programs write for no time at all
        raise ValueError("no feedback is of that time")
    return moment


AnyMoment = Annotated[datetime, BeforeValidator(_require_moment)]
"""The type of a time in a model of a service's item, however long ago."""

Moment = Annotated[AnyMoment, AfterValidator(_require_feedback_time)]
"""The type of a time at which feedback may have been given."""
