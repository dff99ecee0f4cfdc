"""Field types that several models share: durations and time zones, as people write them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")
_UNITS_S: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def split_duration(text: str) -> tuple[float, str]:
    """Return the number and the unit of ``30s``, ``15m``, ``4h``, ``2d`` or ``1w``.

    Raises ``ValueError``.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("it must be a number with s, m, h, d or w, such as 15m")
    return float(match[1]), match[2]


def parse_duration(text: str) -> timedelta:
    """Return the time span of a text such as ``15m``; raises ``ValueError``."""
    number, unit = split_duration(text)
    try:
        return timedelta(seconds=number * _UNITS_S[unit])
    except OverflowError:
        raise ValueError("it is too long a time") from None


def _require_unit(value: Any) -> Any:
    """Parse a text; numbers are refused, since pydantic would take them for seconds."""
    return value if isinstance(value, timedelta) else parse_duration(str(value))


Duration = Annotated[timedelta, BeforeValidator(_require_unit)]
"""A time span as people write it: ``30s``, ``15m``, ``4h``, ``2d``, ``1w``."""


def parse_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of a name; raises ``ValueError``."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("no such time zone; expected one like Europe/London") from None


def _require_zone(name: str) -> str:
    parse_zone(name)
    return name


Zone = Annotated[str, AfterValidator(_require_zone)]
"""The name of an IANA time zone."""
