"""Routes of notifications: those of ``feedback.toml``, and the selection among them.

A route is one ``[notify.NAME]``. The selection is pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from pipeline.errors import CommandError, ExitStatus
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.route_settings import RouteSettings, read_section
from pipeline.settings import Settings, environment_value
from pipeline.settings_file import Resolve, SettingsFileError, name_file, read_sections
from pipeline.watch.alert_settings import AlertSettings
from pipeline.watch.settings import find_unknown_setting
from pipeline.working_hours import WorkingHours, read_working_hours


@dataclass(frozen=True, slots=True)
class Target:
    """One address of a route; only its name is shown and stored."""

    name: str
    route: Route
    apprise: str | None = field(default=None, repr=False)
    """None for the route's webhook."""


@dataclass(frozen=True, slots=True)
class Route:
    """One ``[notify.NAME]`` with its working hours."""

    name: str
    settings: RouteSettings
    hours: WorkingHours | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """Its addresses; deliveries to each are independent."""
        urls = [url.get_secret_value() for url in self.settings.apprise]
        if len(urls) < 2:
            return (Target(self.name, self, urls[0] if urls else None),)
        return tuple(Target(f"{self.name}/{n}", self, url) for n, url in enumerate(urls, start=1))

    def matches(self, notice: Notice) -> bool:
        """Return True if the notice passes the route's filters."""
        wanted = self.settings
        return (
            notice.urgency.rank >= wanted.min_urgency.rank
            and _matches_any(wanted.sites, [notice.site])
            and _matches_any(wanted.organizations, [notice.organization])
            and _matches_any(wanted.topics, notice.topics)
            and _matches_any(wanted.sources, [notice.source])
            and _matches_any(wanted.types, [notice.type])
        )

    def delivery_time(self, notice: Notice, at: datetime) -> datetime | None:
        """Return when to deliver a notice: now or once the hours begin; None to drop it."""
        if self.hours is None or self.hours.is_open(at):
            return at
        critical = notice.urgency is Urgency.CRITICAL
        then = self.settings.critical if critical else self.settings.outside
        if then == "drop":
            return None
        return at if then == "send" else self.hours.next_open(at)


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes, and settings that apply to each."""

    routes: tuple[Route, ...] = ()
    alerts: AlertSettings = field(default_factory=AlertSettings)

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def target(self, name: str) -> Target | None:
        """Return the target with a name, or None."""
        return next((t for route in self.routes for t in route.targets if t.name == name), None)


@dataclass(frozen=True, slots=True)
class SelectedRoute:
    """A route to notify, and when."""

    route: Route
    at: datetime


def select_routes(notice: Notice, routes: Routes, at: datetime) -> list[SelectedRoute]:
    """Return the routes for a single notice, in the file's order; routes of digests get none."""
    selected = []
    for route in routes:
        if route.settings.digest is None and route.matches(notice):
            time = route.delivery_time(notice, at)
            if time is not None:
                selected.append(SelectedRoute(route, time))
    return selected


def load_routes(settings: Settings) -> Routes:
    """Return the routes of the settings file; none if the default file does not exist.

    Raises ``CommandError`` with section and setting.
    """
    path = settings.config
    if path == Settings.model_fields["config"].default and not path.exists():
        return Routes()
    try:
        sections = read_sections(path)
        with name_file(path):
            return build_routes(sections, environment_value)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None


def build_routes(sections: Mapping[str, Any], resolve: Resolve) -> Routes:
    """Return the routes of a file's sections; raises ``SettingsFileError``."""
    notify, alerts = sections.get("notify", {}), sections.get("alerts", {})
    if not isinstance(notify, Mapping) or not all(isinstance(v, Mapping) for v in notify.values()):
        raise SettingsFileError("reading [notify]: its sections are [notify.NAME]")
    if not isinstance(alerts, Mapping):
        raise SettingsFileError("reading [alerts]: expected a section")
    if fault := find_unknown_setting(alerts):
        raise SettingsFileError(f"reading [alerts] {fault}")
    hours = read_working_hours(sections)
    return Routes(
        tuple(_build_route(name, table, hours, resolve) for name, table in notify.items()),
        read_section(AlertSettings, "alerts", alerts, resolve),
    )


def _build_route(
    name: str, table: Mapping[str, Any], hours: Mapping[str, WorkingHours], resolve: Resolve
) -> Route:
    settings = read_section(RouteSettings, f"notify.{name}", table, resolve)
    if "/" in name:
        raise SettingsFileError(f"reading [notify.{name}]: a name must not contain a slash")
    if settings.hours is not None and settings.hours not in hours:
        names = ", ".join(hours) or "none"
        raise SettingsFileError(
            f"reading [notify.{name}] hours: [hours.{settings.hours}] does not exist; "
            f"defined: {names}"
        )
    return Route(name, settings, hours.get(settings.hours or ""))


def _matches_any(patterns: Sequence[str], values: Sequence[str | None]) -> bool:
    """Return True without patterns, or if one matches a value; case-insensitive."""
    return not patterns or any(
        fnmatchcase(value.casefold(), pattern.casefold())
        for value in values
        if value is not None
        for pattern in patterns
    )
