"""Who is told what, and when: the routes of ``feedback.toml``, and the choice among them.

A route is one ``[notify.NAME]``. Choosing is pure: a notice, the routes and the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from pipeline.errors import CommandError, ExitStatus
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.route_settings import AlertSettings, RouteSettings, read_section
from pipeline.settings import Settings, environment_value
from pipeline.settings_file import Resolve, SettingsFileError, read_sections
from pipeline.working_hours import WorkingHours, working_hours


@dataclass(frozen=True, slots=True)
class Target:
    """One address of a route; its name is shown and stored, the address is not."""

    name: str
    route: Route
    apprise: str | None = field(default=None, repr=False)
    """None: the route's webhook."""


@dataclass(frozen=True, slots=True)
class Route:
    """One ``[notify.NAME]`` with the hours that it names."""

    name: str
    settings: RouteSettings
    hours: WorkingHours | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """Its addresses; each is told, and fails, by itself."""
        urls = [one.get_secret_value() for one in self.settings.apprise]
        if len(urls) < 2:
            return (Target(self.name, self, urls[0] if urls else None),)
        return tuple(Target(f"{self.name}/{n}", self, url) for n, url in enumerate(urls, start=1))

    def takes(self, notice: Notice) -> bool:
        """Whether the notice passes the route's filters."""
        wanted = self.settings
        return (
            notice.urgency.rank >= wanted.least.rank
            and _any(wanted.sites, [notice.site])
            and _any(wanted.organizations, [notice.organization])
            and _any(wanted.topics, notice.topics)
            and _any(wanted.sources, [notice.source])
            and _any(wanted.types, [notice.type])
        )

    def when(self, notice: Notice, at: datetime) -> datetime | None:
        """When it is told, now or once the hours begin; None: not at all."""
        if self.hours is None or self.hours.is_open(at):
            return at
        critical = notice.urgency is Urgency.CRITICAL
        then = self.settings.critical if critical else self.settings.outside
        if then == "drop":
            return None
        return at if then == "tell" else self.hours.next_open(at)


@dataclass(frozen=True, slots=True)
class Routes:
    """Every route, and what is said to people whatever the route."""

    routes: tuple[Route, ...] = ()
    alerts: AlertSettings = field(default_factory=AlertSettings)

    def __iter__(self) -> Iterator[Route]:
        return iter(self.routes)

    def target(self, name: str) -> Target | None:
        """A target by its name."""
        return next((t for route in self.routes for t in route.targets if t.name == name), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """A route that is told, and when."""

    route: Route
    at: datetime


def chosen(notice: Notice, routes: Routes, at: datetime) -> list[Choice]:
    """The routes that are told of a notice singly, in the file's order; digests are not."""
    found = []
    for route in routes:
        if route.settings.digest is None and route.takes(notice):
            when = route.when(notice, at)
            if when is not None:
                found.append(Choice(route, when))
    return found


def routes(settings: Settings) -> Routes:
    """The routes of the settings file; none where the default file is not there.

    Raises ``CommandError`` with section and setting.
    """
    path = settings.config
    if path == Settings.model_fields["config"].default and not path.exists():
        return Routes()
    try:
        return routes_of(read_sections(path), environment_value)
    except SettingsFileError as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None


def routes_of(sections: Mapping[str, Any], resolve: Resolve) -> Routes:
    """The routes among a file's sections; raises ``SettingsFileError``."""
    notify, alerts = sections.get("notify", {}), sections.get("alerts", {})
    if not isinstance(notify, Mapping) or not all(isinstance(v, Mapping) for v in notify.values()):
        raise SettingsFileError("reading [notify]: its sections are [notify.NAME]")
    if not isinstance(alerts, Mapping):
        raise SettingsFileError("reading [alerts]: it is a section")
    hours = working_hours(sections)
    return Routes(
        tuple(_route(name, table, hours, resolve) for name, table in notify.items()),
        read_section(AlertSettings, "alerts", alerts, resolve),
    )


def _route(
    name: str, table: Mapping[str, Any], hours: Mapping[str, WorkingHours], resolve: Resolve
) -> Route:
    settings = read_section(RouteSettings, f"notify.{name}", table, resolve)
    if "/" in name:
        raise SettingsFileError(f"reading [notify.{name}]: a name has no slash")
    if settings.hours is not None and settings.hours not in hours:
        there = ", ".join(f"[hours.{one}]" for one in hours) or "no [hours.NAME]"
        raise SettingsFileError(f"reading [notify.{name}] hours: there is {there}")
    return Route(name, settings, hours.get(settings.hours or ""))


def _any(patterns: Sequence[str], values: Sequence[str | None]) -> bool:
    """Whether nothing in particular is wanted, or one of the values is; in any case."""
    return not patterns or any(
        fnmatchcase(value.casefold(), pattern.casefold())
        for value in values
        if value is not None
        for pattern in patterns
    )
