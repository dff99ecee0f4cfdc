"""Instances of connectors in a settings file: ``[mastodon.nhs]`` is one of ``mastodon``.

Each has a schedule in addition to the connector's own settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import Field, ValidationError

from connectors.runtime.registry import sources
from connectors.sdk.errors import Misconfigured
from connectors.sdk.source import Context, Source
from schemas.field_types import Duration
from schemas.strict_model import StrictModel
from schemas.validation import setting_fault, suggest_name

ResolveSecret = Callable[[Any, str], Any]
"""Returns a value, or the secret that it refers to; the text begins the sentence of an error."""

_INSTANCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Schedule(StrictModel):
    """Interval between runs, and the silence that counts as a fault."""

    every: Duration = Field(
        default=timedelta(minutes=15), ge=timedelta(seconds=1), description="Interval between runs."
    )
    silent_after: Duration | None = Field(
        default=timedelta(days=7),
        description='Time without new feedback after which a source is silent; "off": never.',
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
        """Its name in the file and in messages: ``mastodon.nhs``."""
        return f"{self.source.name}.{self.name}"

    def build(self, author_key: bytes) -> Source:
        """Return the connector. Touches no network."""
        return self.source(self.config, Context(self.name, author_key))


def build_instances(
    tables: Mapping[str, Any], resolve_secret: ResolveSecret, action: str
) -> list[Instance]:
    """Return every instance that a settings file's tables describe, in their order.

    ``action`` begins the sentence of an error: "reading feedback.toml". Raises ``Misconfigured``,
    and what ``resolve_secret`` raises.
    """
    instances = []
    for kind, named in tables.items():
        source = get_source(kind, action)
        if not isinstance(named, dict) or not all(
            isinstance(table, dict) for table in named.values()
        ):
            raise Misconfigured(f"{action}: sections are named [{kind}.NAME]; choose any NAME")
        instances += [
            build_instance(source, name, table, resolve_secret) for name, table in named.items()
        ]
    return instances


def get_source(name: str, action: str) -> type[Source]:
    """Return a source by its name; raises ``Misconfigured`` that suggests a similar one."""
    known = sources()
    if name in known:
        return known[name]
    hint = suggest_name(name, known) or f"there are {', '.join(known)}"
    raise Misconfigured(f"{action}: there is no connector {name!r}; {hint}")


def build_instance(
    source: type[Source], name: str, table: Mapping[str, Any], resolve_secret: ResolveSecret
) -> Instance:
    """Return one instance from its table; raises ``Misconfigured`` that names the setting."""
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
