"""A document of a feed, in whatever format it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

from connectors.sdk import read_moment
from connectors.sdk.written_dates import parse_date


@dataclass(frozen=True, slots=True)
class Feed:
    """One document of a feed."""

    entries: list[dict[str, Any]]
    """Each with ``id``, ``link``, ``title``, ``body`` and ``published``, ``updated``, ``author``,
    ``language``, ``tags``; None if absent. ``undated`` is True if a date was not understood."""
    next: str | None
    """Address of the older entries; may be relative."""
    at: str | None
    """When the feed last changed, according to itself or to the server."""
    lost: int = 0
    """Number of entries that could not be read."""


def to_iso(text: Any, language: Any = None) -> str | None:
    """Return a date as ISO 8601 in UTC, or None if it is not understood."""
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        return None
    at = parse_date(str(text), language=language if isinstance(language, str) else None)
    at = at or read_moment(text)
    return at.astimezone(UTC).isoformat() if at else None
