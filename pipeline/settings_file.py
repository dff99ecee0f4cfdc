"""``feedback.toml``: reads its sections, and the secrets that it refers to.

A secret is a table with the name of an environment variable or of a file:
``token = { env = "TOKEN" }`` or ``{ file = "/run/token" }``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from connectors.runtime.names import connector_names
from schemas.validation import closest_name

Resolve = Callable[[str], str | None]
"""Returns the value of an environment variable, or None."""

TRANSLATE: Final = "translate"
RESERVED: Final = frozenset({"hours", "notify", "cases", "alerts", TRANSLATE})
"""Sections that configure the pipeline; all others are connectors."""

_SHARED_PREFIX: Final = 4
"""Letters that a section from memory shares with the right one: [notification] is [notify]."""


class SettingsFileError(ValueError):
    """The file is invalid; ``str()`` is a sentence without values."""


def read_sections(path: Path) -> dict[str, Any]:
    """Return the file's tables by name; raises :class:`SettingsFileError`.

    An unknown section is an error for every reader: what it was meant to be would be missing.
    """
    sections = parse_sections(path)
    for fault in find_unknown_sections(sections).values():
        raise SettingsFileError(f"reading {path}: {fault}")
    return sections


def parse_sections(path: Path) -> dict[str, Any]:
    """Return the file's tables, unknown ones too; raises :class:`SettingsFileError`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsFileError(f"reading {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"reading {path}: {error}") from None


def has_section(path: Path, name: str) -> bool:
    """Return True if the file has a table of this name; a file that cannot be read has none."""
    try:
        return name in parse_sections(path)
    except SettingsFileError:
        return False


def find_unknown_sections(sections: Mapping[str, Any]) -> dict[str, str]:
    """Return the names that are not sections, and a sentence about each."""
    names = RESERVED | connector_names()
    unknown = {name: table for name, table in sections.items() if name not in names}
    return {name: _describe_unknown(name, table, names) for name, table in unknown.items()}


def _describe_unknown(name: str, table: Any, known: frozenset[str]) -> str:
    if not isinstance(table, Mapping):
        return f"{name}: it stands outside of any section"
    close = _closest_section(name, known)
    return f"there is no section [{name}]" + (f"; did you mean [{close}]?" if close else "")


def _closest_section(name: str, known: frozenset[str]) -> str | None:
    start = name[:_SHARED_PREFIX].casefold()
    alike = sorted(
        each for each in known if each.startswith(start) and len(start) == _SHARED_PREFIX
    )
    return closest_name(name, known) or next(iter(alike), None)


@contextmanager
def name_file(path: Path) -> Iterator[None]:
    """Add the file to errors that name a section: "reading feedback.toml: [cases]: …"."""
    try:
        yield
    except SettingsFileError as error:
        raise SettingsFileError(f"reading {path}: {str(error).removeprefix('reading ')}") from None


def read_connector_sections(path: Path) -> dict[str, Any]:
    """Return the tables that describe connectors; raises :class:`SettingsFileError`."""
    return {name: table for name, table in read_sections(path).items() if name not in RESERVED}


def resolve_secret(value: Any, action: str, resolve: Resolve) -> Any:
    """Return a value, or the secret that it refers to; a table may have such values.

    ``action`` begins the sentence of an error. Raises :class:`SettingsFileError`.
    """
    if not isinstance(value, dict):
        return value
    if value.keys() not in ({"env"}, {"file"}):
        return {
            name: _resolve_reference(each, f"{action}.{name}", resolve)
            for name, each in value.items()
        }
    return _resolve_reference(value, action, resolve)


def _resolve_reference(value: Any, action: str, resolve: Resolve) -> Any:
    if not isinstance(value, dict) or value.keys() not in ({"env"}, {"file"}):
        return value
    ((kind, name),) = value.items()
    if not isinstance(name, str):
        raise SettingsFileError(f"{action}: {kind} must be a text")
    if kind == "env":
        secret = resolve(name)
        if not secret:
            raise SettingsFileError(f"{action}: the environment variable {name} is not set")
        return secret
    try:
        return Path(name).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFileError(f"{action}: reading {name}: {type(error).__name__}") from None
