"""The sections of the settings file: the settings that each has, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connectors.runtime.instances import Schedule, build_instances
from connectors.runtime.registry import sources
from connectors.sdk.errors import Misconfigured
from pipeline.cases.options import CasesOptions, RuleOptions, build_cases_settings
from pipeline.cases.trackers.options import TRACKER_MODELS
from pipeline.commands.config.collect import Section, list_section
from pipeline.notify.route_settings import RouteSettings
from pipeline.notify.routes import build_routes
from pipeline.settings import environment_value
from pipeline.settings_file import (
    RESERVED,
    TRANSLATE,
    SettingsFileError,
    find_unknown_sections,
    resolve_secret,
)
from pipeline.translate.settings import TranslateSettings, build_translate_settings
from pipeline.watch.alert_settings import AlertSettings
from pipeline.watch.settings import WatchSettings, build_watch_settings
from pipeline.working_hours import HoursSettings

_NAMED: Final[Mapping[str, type[BaseModel]]] = {"hours": HoursSettings, "notify": RouteSettings}
_PARTS_OF_CASES: Final = ("rules", "trackers")

Fields = Mapping[str, FieldInfo]


def list_sections(tables: Mapping[str, Any], file: Path) -> Iterator[Section]:
    """Yield the sections of a file with their settings, and those that hold without one."""
    alerts = {**WatchSettings.model_fields, **AlertSettings.model_fields}
    yield _section("alerts", tables.get("alerts"), alerts, file)
    for kind, model in _NAMED.items():
        for name, table in _items(tables.get(kind)):
            yield _section(f"{kind}.{name}", table, model.model_fields, file)
    if "cases" in tables:
        yield from _list_cases(tables["cases"], file)
    if TRANSLATE in tables:
        yield _section(TRANSLATE, tables[TRANSLATE], TranslateSettings.model_fields, file)
    for kind, named in tables.items():
        if kind not in RESERVED:
            yield from _list_connectors(kind, named, file)


def find_problems(tables: Mapping[str, Any], file: Path) -> Iterator[str]:
    """Yield a sentence about each section that is invalid, with the file's name."""
    unknown = find_unknown_sections(tables)
    yield from (f"reading {file}: {fault}" for fault in unknown.values())
    checks: list[Callable[[], object]] = [
        lambda: build_watch_settings(tables, file),
        lambda: build_routes(tables, environment_value),
        lambda: build_cases_settings(tables, environment_value),
        lambda: build_translate_settings(tables, environment_value),
    ]
    resolve = partial(resolve_secret, resolve=environment_value)
    checks += [
        partial(build_instances, {kind: instance}, resolve, f"reading {file}")
        for kind in tables
        if kind not in RESERVED and kind not in unknown
        for instance in _split(tables[kind])
    ]
    for check in checks:
        try:
            check()
        except (Misconfigured, SettingsFileError) as error:
            fault = str(error).removeprefix("reading ").removeprefix(f"{file}: ")
            yield f"reading {file}: {fault}"


def _split(named: Any) -> list[Any]:
    """Return the instances of a connector one by one, so that each is checked."""
    return [{name: table} for name, table in named.items()] if isinstance(named, dict) else [named]


def _list_cases(table: Any, file: Path) -> Iterator[Section]:
    own = {name: info for name, info in CasesOptions.model_fields.items() if name != "rules"}
    del own["trackers"]
    rest = {name: value for name, value in _items(table) if name not in _PARTS_OF_CASES}
    yield _section("cases", rest, own, file)
    parts = dict(_items(table))
    for name, rule in _items(parts.get("rules")):
        yield _section(f"cases.rules.{name}", rule, RuleOptions.model_fields, file)
    for name, tracker in _items(parts.get("trackers")):
        model = TRACKER_MODELS.get(str(dict(_items(tracker)).get("kind")))
        fields = (
            {key: info for key, info in model.model_fields.items() if key != "name"}
            if model
            else {}
        )
        yield _section(f"cases.trackers.{name}", tracker, fields, file)


def _list_connectors(kind: str, named: Any, file: Path) -> Iterator[Section]:
    source = sources().get(kind)
    fields: Fields = {}
    if source is not None:
        fields = {**source.Config.model_fields, **Schedule.model_fields}
    for name, table in _items(named):
        title = source.title if source is not None else None
        yield _section(f"{kind}.{name}", table, fields, file, title)


def _section(
    name: str, table: Any, fields: Fields, file: Path, connector: str | None = None
) -> Section:
    return Section(name, [*list_section(dict(_items(table)), fields, file)], connector)


def _items(table: Any) -> list[tuple[str, Any]]:
    """Return the items of a table; what stands in its place has none."""
    return [*table.items()] if isinstance(table, dict) else []
