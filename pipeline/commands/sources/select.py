"""The instances that a command is about, from the settings file or from options."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from connectors.runtime.instances import Instance, instances, settled, source_named
from connectors.sdk.errors import Fatal, Misconfigured, Retry
from connectors.sdk.source import Polled
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import parse_pairs
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.kafka.admin import create_kafka_topics, require_broker
from pipeline.settings import environment_value
from pipeline.settings_file import SettingsFileError, read_connector_sections, resolve_secret

TRIED_OUT = "try"
"""The instance's name where settings are given as options."""

_resolve_secret: Final = partial(resolve_secret, resolve=environment_value)

_WRITE_ONE: Final = (
    "write one with a section for each source: `feedback connectors` lists them, `feedback "
    "connectors NAME` shows the section of one, docs/collecting.md a whole file"
)


@contextmanager
def sentences(hint: str = "") -> Iterator[None]:
    """The connectors' errors as the command's; ``hint`` follows what may pass."""
    try:
        yield
    except (Misconfigured, SettingsFileError) as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    except Fatal as error:
        raise CommandError(str(error), ExitStatus.BAD_INPUT) from None
    except Retry as error:
        raise Unavailable(f"{error}{hint}") from None


def author_key() -> bytes:
    """The key of the authors' pseudonyms."""
    return settings().author_key.get_secret_value().encode()


def connected() -> None:
    """Make sure that Kafka answers and has its Kafka topics; raises ``CommandError``."""
    require_broker(settings().kafka)
    create_kafka_topics(settings())


def all_instances(path: Path | None) -> list[Instance]:
    """Every instance of the settings file; raises ``CommandError``."""
    where = path or settings().config
    if not where.exists():
        raise CommandError(
            f"reading {where}: No such file or directory; {_WRITE_ONE}", ExitStatus.USAGE
        )
    with sentences():
        return instances(read_connector_sections(where), _resolve_secret, f"reading {where}")


def chosen(
    names: list[str], *, everything: bool, path: Path | None, given: list[str]
) -> list[Instance]:
    """The instances that are meant; raises ``CommandError`` where there is none."""
    if everything == bool(names):
        raise CommandError(
            "choosing sources: name some, or all of the settings file with --all",
            ExitStatus.USAGE,
        )
    if given:
        return [_tried_out(names, given)]
    for name in names:
        _require_known(name)
    found = all_instances(path)
    if everything:
        wanted = [one for one in found if one.schedule.enabled and _is_polled(one)]
    else:
        wanted = [one for name in names for one in _named(found, name, path)]
    if not wanted:
        raise CommandError("choosing sources: the settings file has none to run", ExitStatus.USAGE)
    return wanted


def _is_polled(instance: Instance) -> bool:
    return issubclass(instance.source, Polled)


def _tried_out(names: list[str], given: list[str]) -> Instance:
    if len(names) != 1:
        raise CommandError("choosing sources: --set goes with one NAME", ExitStatus.USAGE)
    kind, _, instance = names[0].partition(".")
    with sentences():
        source = source_named(kind, "choosing sources")
        return settled(source, instance or TRIED_OUT, settable(given), _resolve_secret)


def _require_known(name: str) -> None:
    with sentences():
        source_named(name.partition(".")[0], "choosing sources")


def _named(found: list[Instance], name: str, path: Path | None) -> list[Instance]:
    some = [one for one in found if name in (one.label, one.source.name)]
    if not some:
        where = path or settings().config
        labels = ", ".join(one.label for one in found) or "none"
        raise CommandError(
            f"choosing sources: {where} has no {name}; it has {labels}", ExitStatus.USAGE
        )
    return some


def settable(pairs: list[str]) -> dict[str, Any]:
    """Pairs of KEY=VALUE as a table; a value is TOML where it can be read so, else text."""
    return {key: _toml_value(text) for key, text in parse_pairs(pairs, "--set").items()}


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
