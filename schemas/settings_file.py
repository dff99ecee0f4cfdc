"""``feedback.toml``, as every room reads it: sections, durations, and secrets that stand elsewhere.

A secret is a table with the name of an environment variable or of a file:
``token = { env = "TOKEN" }`` or ``{ file = "/run/token" }``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

Resolve = Callable[[str], str | None]
"""Gives an environment variable's value."""

RESERVED: Final = frozenset({"hours", "notify", "cases", "alerts"})
"""Sections that are no connector's: working hours, who is told, cases, spike alerts."""

_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class SettingsFileError(ValueError):
    """What is wrong with the file, as a sentence without values."""


def read_sections(path: Path) -> dict[str, Any]:
    """The file's tables by name; raises :class:`SettingsFileError`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsFileError(f"reading {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"reading {path}: {error}") from None


def revealed(value: Any, doing: str, resolve: Resolve) -> Any:
    """A value, or the secret that it points at; raises :class:`SettingsFileError`."""
    if not isinstance(value, dict) or value.keys() not in ({"env"}, {"file"}):
        return value
    ((kind, where),) = value.items()
    if not isinstance(where, str):
        raise SettingsFileError(f"{doing}: {kind} names no text")
    if kind == "env":
        secret = resolve(where)
        if not secret:
            raise SettingsFileError(f"{doing}: the environment variable {where} is not set")
        return secret
    try:
        return Path(where).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"{doing}: reading {where}: {type(error).__name__}") from None


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value)
    if found is None:
        raise ValueError("it must be a number with s, m, h, d or w, such as 15m")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A span of time as people write it: ``30s``, ``15m``, ``4h``, ``2d``, ``1w``."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError("no such time zone; expected one like Europe/London") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]
"""The name of an IANA time zone."""
