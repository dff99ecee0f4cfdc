"""Variables that begin with ``FEEDBACK_`` and name no setting: most are slips of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pipeline.settings import PREFIX, Settings
from schemas.validation import closest_name

_FOR_TESTS: Final = frozenset({"FEEDBACK_DATA", "FEEDBACK_EXAMPLES"})
"""Read by the tests and benchmarks of a checkout, which start commands with their environment."""

_REFERENCE: Final = re.compile(r"""\benv["']?\s*=\s*["']+(\w+)""")
"""``token = { env = "TOKEN" }``, also in a section that is commented out or a file that is broken:
its variable is not a slip of the pen."""

_SERVICE_HOST: Final = "_SERVICE_HOST"


def find_unknown_variables(
    variables: Iterable[str], settings_files: Iterable[Path], arguments: Sequence[str] = ()
) -> dict[str, str | None]:
    """Return the variables that no part knows, in alphabetical order, with the likely setting.

    Known are the settings, what the settings files and the ``arguments`` of the command refer to,
    and what Kubernetes sets for a service whose name begins with ``feedback``.
    """
    names = {name.upper() for name in variables if name.upper().startswith(PREFIX)}
    settings = {name.upper() for name in Settings.model_fields}
    names -= {f"{PREFIX}{name}" for name in settings} | _FOR_TESTS
    if not names:
        return {}
    texts = (*arguments, *map(_read_text, settings_files))
    names -= {name.upper() for text in texts for name in _REFERENCE.findall(text)}
    names -= set(_find_service_variables(names))
    closest = {name: closest_name(name.removeprefix(PREFIX), settings) for name in sorted(names)}
    return {name: PREFIX + close if close else None for name, close in closest.items()}


def describe_unknown_variables(unknown: Mapping[str, str | None]) -> list[str]:
    """Return a sentence for each of the variables."""
    return [
        f"reading the environment: {name} is not a setting; "
        + (f"did you mean {close}?" if close else "`feedback config show` lists those there are")
        for name, close in unknown.items()
    ]


def list_settings_files(arguments: Sequence[str], default: Path) -> list[Path]:
    """Return the default settings file, and those that ``--config`` names."""
    named = [
        following if argument == "--config" else argument.removeprefix("--config=")
        for argument, following in zip(arguments, [*arguments, ""][1:], strict=True)
        if argument == "--config" or argument.startswith("--config=")
    ]
    return [default, *map(Path, named)]


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _find_service_variables(names: set[str]) -> Iterable[str]:
    """Yield the variables that Kubernetes sets for a service, such as FEEDBACK_FORM_PORT_80_TCP."""
    hosts = [name for name in names if name.endswith(_SERVICE_HOST)]
    starts = tuple(
        f"{host.removesuffix(_SERVICE_HOST)}_{part}"
        for host in hosts
        for part in ("SERVICE", "PORT")
    )
    for name in names:
        if name.startswith(starts):
            yield name
