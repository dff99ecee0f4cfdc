"""Selection of source instances, from the settings file or from options."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from connectors.runtime.instances import Instance, build_instance, build_instances, get_source
from connectors.sdk.errors import Fatal, Misconfigured, Retry
from connectors.sdk.source import Polled
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import parse_pairs
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.kafka.admin import create_kafka_topics, require_broker
from pipeline.settings import environment_value
from pipeline.settings_file import (
    SettingsFileError,
    name_file,
    read_connector_sections,
    resolve_secret,
)

AD_HOC_NAME = "try"
"""Name of an instance whose settings are given as options."""

_resolve_secret: Final = partial(resolve_secret, resolve=environment_value)

_WRITE_HINT: Final = (
    "write one with a section for each source: `feedback connectors` lists them, `feedback "
    "connectors NAME` shows the section of one, docs/collecting.md a whole file"
)


@contextmanager
def translate_errors(hint: str = "") -> Iterator[None]:
    """Translate errors of connectors into ``CommandError``; ``hint`` follows transient ones."""
    try:
        yield
    except (Misconfigured, SettingsFileError) as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    except Fatal as error:
        raise CommandError(str(error), ExitStatus.BAD_INPUT) from None
    except Retry as error:
        raise Unavailable(f"{error}{hint}") from None


def author_key() -> bytes:
    """Return the key of the authors' pseudonyms."""
    return settings().author_key.get_secret_value().encode()


def ensure_kafka_ready() -> None:
    """Check that Kafka answers, and create missing Kafka topics; raises ``CommandError``."""
    require_broker(settings().kafka)
    create_kafka_topics(settings())


def load_instances(path: Path | None) -> list[Instance]:
    """Return every instance of the settings file; raises ``CommandError``."""
    file = path or settings().config
    if not file.exists():
        raise CommandError(
            f"reading {file}: No such file or directory; {_WRITE_HINT}", ExitStatus.USAGE
        )
    with translate_errors():
        sections = read_connector_sections(file)
        try:
            with name_file(file):
                return build_instances(sections, _resolve_secret, f"reading {file}")
        except Misconfigured as error:
            fault = str(error).removeprefix("reading ").removeprefix(f"{file}: ")
            raise Misconfigured(f"reading {file}: {fault}") from None


def select_instances(
    names: list[str], *, all_: bool, path: Path | None, overrides: list[str]
) -> list[Instance]:
    """Return the instances that are named, or all enabled ones; raises ``CommandError``."""
    if all_ == bool(names):
        raise CommandError(
            "selecting sources: name some, or use --all",
            ExitStatus.USAGE,
        )
    if overrides:
        if path is not None:
            raise CommandError(
                "reading --config: --set is used instead of a settings file; leave out one of them",
                ExitStatus.USAGE,
            )
        return [_ad_hoc_instance(names, overrides)]
    for name in names:
        _require_known(name)
    instances_ = load_instances(path)
    if all_:
        return _select_polled(instances_, path)
    return [each for name in names for each in _find_instances(instances_, name, path)]


def _select_polled(known: list[Instance], path: Path | None) -> list[Instance]:
    """Return the enabled instances that are polled; raises ``CommandError`` if there are none."""
    enabled = [each for each in known if each.schedule.enabled]
    polled = [each for each in enabled if _is_polled(each)]
    if not polled:
        reason = "it has no enabled source"
        if enabled:
            labels = ", ".join(each.label for each in enabled)
            reason = f"its sources only receive webhooks or forms ({labels}); use `feedback serve`"
        raise CommandError(f"reading {path or settings().config}: {reason}", ExitStatus.USAGE)
    return polled


def _is_polled(instance: Instance) -> bool:
    return issubclass(instance.source, Polled)


def _ad_hoc_instance(names: list[str], overrides: list[str]) -> Instance:
    if len(names) != 1:
        raise CommandError("selecting sources: --set requires exactly one NAME", ExitStatus.USAGE)
    kind, _, instance = names[0].partition(".")
    with translate_errors():
        source = get_source(kind, "selecting sources")
        return build_instance(
            source, instance or AD_HOC_NAME, parse_settings(overrides), _resolve_secret
        )


def _require_known(name: str) -> None:
    with translate_errors():
        get_source(name.partition(".")[0], "selecting sources")


def _find_instances(known: list[Instance], name: str, path: Path | None) -> list[Instance]:
    matches = [each for each in known if name in (each.label, each.source.name)]
    if not matches:
        file = path or settings().config
        labels = ", ".join(each.label for each in known) or "none"
        raise CommandError(
            f"selecting sources: {file} has no {name}; it has {labels}", ExitStatus.USAGE
        )
    return matches


def parse_settings(pairs: list[str]) -> dict[str, Any]:
    """Return pairs of KEY=VALUE as settings; a value that is not TOML is a text."""
    return {key: _toml_value(text) for key, text in parse_pairs(pairs, "--set").items()}


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
