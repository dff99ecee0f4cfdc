"""The instances that a settings file names: ``[mastodon.nhs]`` is one of ``mastodon``.

Beside the connector's own settings each has a schedule. A secret is a table with the name of an
environment variable or of a file: ``token = { env = "TOKEN" }`` or ``{ file = "/run/token" }``.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from connectors._errors import Misconfigured
from connectors._registry import sources
from connectors._source import Context, Source

Resolve = Callable[[str], str | None]
"""Gives an environment variable's value."""

_INSTANCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value)
    if found is None:
        raise ValueError("it must be a number with s, m, h, d or w, such as 15m")
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Schedule(BaseModel):
    """When an instance is run, and when its silence is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: Duration = Field(
        default=timedelta(minutes=15), ge=timedelta(seconds=1), description="Time between two runs."
    )
    silent_after: Duration | None = Field(
        default=timedelta(days=7),
        description='Without anything new for so long, the source counts as silent; "off": never.',
    )
    enabled: bool = Field(default=True, description="Whether `feedback connect --all` runs it.")


@dataclass(frozen=True, slots=True)
class Instance:
    """One source as the settings file describes it."""

    source: type[Source]
    name: str
    config: Any
    schedule: Schedule

    @property
    def label(self) -> str:
        """How people and the file call it: ``mastodon.nhs``."""
        return f"{self.source.name}.{self.name}"

    def build(self, author_key: bytes) -> Source:
        """The connector. Touches no network."""
        return self.source(self.config, Context(self.name, author_key))


def instances(path: Path, resolve: Resolve) -> list[Instance]:
    """Every instance of a settings file, in its order; raises ``Misconfigured``."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"reading {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"reading {path}: {error}") from None
    found = []
    for kind, named in tables.items():
        source = source_named(kind, f"reading {path}")
        if not isinstance(named, dict) or not all(isinstance(one, dict) for one in named.values()):
            raise Misconfigured(f"reading {path}: a section is [{kind}.NAME], the name is yours")
        found += [settled(source, name, table, resolve) for name, table in named.items()]
    return found


def source_named(name: str, doing: str) -> type[Source]:
    """A source by its name; raises ``Misconfigured`` with the likeliest one meant."""
    known = sources()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    raise Misconfigured(f"{doing}: there is no connector {name!r}; {hint}")


def settled(
    source: type[Source], name: str, table: Mapping[str, Any], resolve: Resolve
) -> Instance:
    """One instance from its table; raises ``Misconfigured`` with the setting's name."""
    label = f"{source.name}.{name}"
    if not _INSTANCE.fullmatch(name):
        raise Misconfigured(f"reading [{label}]: a name has letters, digits, dots, _ and -")
    plan = {key: table[key] for key in Schedule.model_fields if key in table}
    if plan.get("silent_after") == "off":
        plan["silent_after"] = None
    own = {
        key: _revealed(value, f"reading [{label}] {key}", resolve)
        for key, value in table.items()
        if key not in Schedule.model_fields
    }
    try:
        return Instance(
            source, name, source.Config.model_validate(own), Schedule.model_validate(plan)
        )
    except ValidationError as error:
        raise Misconfigured(f"reading [{label}] {_first(source, error)}") from None


def _first(source: type[Source], error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        fields = [*source.Config.model_fields, *Schedule.model_fields]
        near = difflib.get_close_matches(where, fields, n=1)
        return f"{where}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
    return f"{where}: {first['msg']}"


def _revealed(value: Any, doing: str, resolve: Resolve) -> Any:
    """A value, or the secret that it points at."""
    if not isinstance(value, dict) or value.keys() not in ({"env"}, {"file"}):
        return value
    ((kind, where),) = value.items()
    if not isinstance(where, str):
        raise Misconfigured(f"{doing}: {kind} names no text")
    if kind == "env":
        secret = resolve(where)
        if not secret:
            raise Misconfigured(f"{doing}: the environment variable {where} is not set")
        return secret
    try:
        return Path(where).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{doing}: reading {where}: {type(error).__name__}") from None
