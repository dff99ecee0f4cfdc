"""Ratings beside a comment, which may be missing or unreadable, and ids, which may be numbers."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from connectors.sdk.errors import BadRecord
from schemas.measures import Stars

_WORST: Final = 1
_BEST: Final = 5


def _reject_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("it is not a number")
    return value


Rating = Annotated[float, BeforeValidator(_reject_boolean), Field(allow_inf_nan=False)]
"""The type of a rating in a model of a service's item; a text of a number is one."""


def _to_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


NativeId = Annotated[str, BeforeValidator(_to_text), Field(min_length=1)]
"""The type of an id in a model of a service's item; a whole number is one."""


def to_stars(rating: float | None, text: str, name: str) -> Stars | None:
    """Return a rating from 1 to 5, or None if a comment has none.

    ``name`` is the service's. Raises ``BadRecord`` for a rating off the scale, which makes the
    whole item doubtful, and for an item with neither rating nor text.
    """
    if rating is None:
        if not text.strip():
            raise BadRecord(f"parsing {name}: it has neither stars nor a text that can be read")
        return None
    if not _WORST <= rating <= _BEST:
        raise BadRecord(f"parsing {name}: the stars are not from {_WORST} to {_BEST}")
    return Stars(value=rating)
