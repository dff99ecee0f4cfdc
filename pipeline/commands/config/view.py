"""Views of the settings: tables for people, a document for machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import orjson
from rich.table import Table
from rich.text import Text

from pipeline.commands.config.collect import Configuration, Origin, Setting

_ORIGINS = {Origin.ENVIRONMENT: "environment variable", Origin.FILE: "file"}


def configuration_json(configuration: Configuration) -> dict[str, Any]:
    """Return all for machines."""
    return {**asdict(configuration), "file": str(configuration.file)}


def settings_table(settings: Iterable[Setting]) -> Table:
    """Return a table of settings, their values and origins."""
    table = Table("setting", "value", "from", box=None)
    for each in settings:
        table.add_row(Text(each.name), Text(_to_text(each)), Text(_describe_origin(each)))
    return table


def _to_text(setting: Setting) -> str:
    value = setting.value
    if setting.hidden:
        return "(hidden)"
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _describe_origin(setting: Setting) -> str:
    if setting.origin is Origin.SETTINGS_FILE:
        return setting.place or ""
    if setting.place is None:
        return setting.origin
    return f"{_ORIGINS[setting.origin]} {setting.place}"
