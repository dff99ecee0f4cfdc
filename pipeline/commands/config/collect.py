"""Collects the settings in force, where each comes from, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pipeline.commands.config.secrecy import may_be_secret, to_shown
from pipeline.settings import PREFIX, Settings
from schemas.validation import list_faults


class Origin(StrEnum):
    """Kind of place that a value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"
    SETTINGS_FILE = "settings file"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting in force."""

    name: str
    value: Any
    """Of the types of JSON; None if it is not set, hidden or invalid."""
    origin: Origin
    place: str | None = None
    """The variable, or the path of the file, that the value comes from."""
    hidden: bool = False
    """True if it is set, and not shown."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the settings file."""

    name: str
    settings: list[Setting]
    connector: str | None = None
    """Name of the service that a connector reads from."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that ``feedback config show`` shows."""

    settings: list[Setting]
    file: Path
    sections: list[Section] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """A sentence about each value that is invalid."""


def read_valid_settings() -> tuple[Settings, dict[str, str]]:
    """Return the settings, with defaults for what is invalid; and why, by their names."""
    try:
        return Settings(), {}
    except ValidationError as error:
        faults = {fault.place.partition(".")[0]: fault.message for fault in list_faults(error)}
    defaults = {name: Settings.model_fields[name].get_default() for name in faults}
    return Settings(**defaults), faults


def list_settings(
    settings: Settings, variables: Mapping[str, str], invalid: Mapping[str, str]
) -> Iterator[Setting]:
    """Yield each setting of the environment, or its default."""
    for name, info in Settings.model_fields.items():
        variable = f"{PREFIX}{name.upper()}"
        value = getattr(settings, name)
        if variable not in variables:
            yield _describe(variable, info, value, Origin.DEFAULT, None)
        elif name in invalid:  # a password perhaps, set in the wrong place
            yield Setting(variable, None, Origin.ENVIRONMENT, variable, hidden=True)
        else:
            yield _describe(variable, info, value, Origin.ENVIRONMENT, variable)


def list_section(
    table: Mapping[str, Any], fields: Mapping[str, FieldInfo], file: Path
) -> Iterator[Setting]:
    """Yield each setting of a section, or its default; unknown ones are hidden."""
    for name, info in fields.items():
        if name not in table:
            default = info.get_default(call_default_factory=True, validated_data={})
            value = None if info.is_required() else default
            yield _describe(name, info, value, Origin.DEFAULT, None)
    for name, value in table.items():
        references = [*_find_references(value)]
        if references:
            origins, places = zip(*references, strict=True)
            yield Setting(name, None, origins[0], ", ".join(places), hidden=True)
        elif name in fields:
            yield _describe(name, fields[name], value, Origin.SETTINGS_FILE, str(file))
        else:
            yield Setting(name, None, Origin.SETTINGS_FILE, str(file), hidden=True)


def _describe(name: str, info: FieldInfo, value: Any, origin: Origin, place: str | None) -> Setting:
    is_default = origin is Origin.DEFAULT
    secret = may_be_secret(name.lower(), info.annotation)
    if secret and (is_default or not value):
        return Setting(name, None, origin, place)
    return Setting(name, None if secret else to_shown(value), origin, place, hidden=secret)


def _find_references(value: Any) -> Iterator[tuple[Origin, str]]:
    """Yield the variables and files that a value refers to."""
    if isinstance(value, list):
        for part in value:
            yield from _find_references(part)
    elif isinstance(value, dict):
        if value.keys() == {"env"}:
            yield Origin.ENVIRONMENT, str(value["env"])
        elif value.keys() == {"file"}:
            yield Origin.FILE, str(value["file"])
        else:
            for part in value.values():
                yield from _find_references(part)
