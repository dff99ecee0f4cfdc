"""The instances that a settings file names: ``[mastodon.nhs]`` is one of ``mastodon``.

Beside the connector's own settings each has a schedule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from connectors.runtime.registry import sources
from connectors.sdk.errors import Misconfigured
from connectors.sdk.source import Context, Source
from schemas.field_types import Duration
from schemas.validation import setting_fault, suggest_name

ResolveSecret = Callable[[Any, str], Any]
"""Returns a value, or the secret that it refers to; the text begins the sentence of an error."""

_INSTANCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


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


def instances(
    tables: Mapping[str, Any], resolve_secret: ResolveSecret, action: str
) -> list[Instance]:
    """Return every instance that a settings file's tables describe, in their order.

    ``action`` begins the sentence of an error: "reading feedback.toml". Raises ``Misconfigured``,
    and what ``resolve_secret`` raises.
    """
    found = []
    for kind, named in tables.items():
        source = source_named(kind, action)
        if not isinstance(named, dict) or not all(isinstance(one, dict) for one in named.values()):
            raise Misconfigured(f"{action}: a section is [{kind}.NAME], the name is yours")
        found += [settled(source, name, table, resolve_secret) for name, table in named.items()]
    return found


def source_named(name: str, doing: str) -> type[Source]:
    """A source by its name; raises ``Misconfigured`` with the likeliest one meant."""
    known = sources()
    if name in known:
        return known[name]
    hint = suggest_name(name, known) or f"there are {', '.join(known)}"
    raise Misconfigured(f"{doing}: there is no connector {name!r}; {hint}")


def settled(
    source: type[Source], name: str, table: Mapping[str, Any], resolve_secret: ResolveSecret
) -> Instance:
    """One instance from its table; raises ``Misconfigured`` with the setting's name."""
    label = f"{source.name}.{name}"
    if not _INSTANCE.fullmatch(name):
        raise Misconfigured(f"reading [{label}]: a name has letters, digits, dots, _ and -")
    plan = {key: table[key] for key in Schedule.model_fields if key in table}
    if plan.get("silent_after") == "off":
        plan["silent_after"] = None
    own = {
        key: resolve_secret(value, f"reading [{label}] {key}")
        for key, value in table.items()
        if key not in Schedule.model_fields
    }
    try:
        return Instance(
            source, name, source.Config.model_validate(own), Schedule.model_validate(plan)
        )
    except ValidationError as error:
        known = [*source.Config.model_fields, *Schedule.model_fields]
        raise Misconfigured(f"reading [{label}] {setting_fault(error, known)}") from None
