"""HTTP status and Retry-After: what a response says about trying again. Pure.

Connectors and issue trackers use both. Webhooks use ``Retry-After`` only: their specification says
which status is retried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from math import isnan
from typing import Final

_TRANSIENT: Final = frozenset({408, 425, 429})
_CREDENTIALS_REFUSED: Final = frozenset({401, 403})
_RATE_LIMIT_HEADERS: Final = ("x-ratelimit", "x-rate-limit", "ratelimit")
_MIN_UNIX_TIME: Final = 1_000_000_000  # a larger number is a time, not a duration
_MAX_WAIT_S: Final = 86_400.0
_MAX_CHARACTERS: Final = 100


class StatusClass(StrEnum):
    """Consequence of an HTTP status."""

    OK = "ok"
    TRANSIENT = "transient"
    """The same request may succeed later."""
    CREDENTIALS_REFUSED = "credentials_refused"
    PERMANENT = "permanent"


def classify_status(status: int) -> StatusClass:
    """Return the consequence of a status: 2xx is OK; 408, 425, 429 and 5xx are transient."""
    if 200 <= status < 300:
        return StatusClass.OK
    if status in _TRANSIENT or status >= 500:
        return StatusClass.TRANSIENT
    if status in _CREDENTIALS_REFUSED:
        return StatusClass.CREDENTIALS_REFUSED
    return StatusClass.PERMANENT


def retry_after_seconds(
    headers: Mapping[str, str],
    *,
    now: datetime | None = None,
    limits: Iterable[str] = _RATE_LIMIT_HEADERS,
) -> float | None:
    """Return the wait (s) that a response asks for, or None if it names none that is valid.

    Reads ``Retry-After``, otherwise the reset of the first exhausted rate limit; ``limits`` are the
    beginnings of their headers. Never negative, and a day at most: no clock can wait for the year
    9999. ``headers`` must be case-insensitive or have lower-case names.
    """
    now = now or datetime.now(UTC)
    text = headers.get("retry-after", "").strip() or _rate_limit_reset(headers, limits)
    seconds = _parse_wait(text[:_MAX_CHARACTERS], now)
    return None if seconds is None else min(max(0.0, seconds), _MAX_WAIT_S)


def _rate_limit_reset(headers: Mapping[str, str], limits: Iterable[str]) -> str:
    for name in limits:
        if headers.get(f"{name}-remaining", "").strip().partition(".")[0] == "0":
            return headers.get(f"{name}-reset", "").strip()
    return ""


def _parse_wait(text: str, now: datetime) -> float | None:
    """Return seconds from ``now``, given seconds, a Unix time, or an HTTP or ISO 8601 date."""
    try:
        number = float(text)
    except ValueError:
        return _parse_date(text, now)
    if isnan(number):
        return None
    return number - now.timestamp() if number > _MIN_UNIX_TIME else number


def _parse_date(text: str, now: datetime) -> float | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text)
            return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError):  # the latter at either end of the calendar
            continue
    return None
