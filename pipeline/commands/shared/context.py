"""The context that every command runs in: its settings and its user."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from getpass import getuser
from pathlib import Path

from pydantic import ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings, environment_variables
from pipeline.unknown_variables import (
    describe_unknown_variables,
    find_unknown_variables,
    list_settings_files,
)
from schemas.validation import first_fault


@cache
def settings() -> Settings:
    """Return the settings, read from the environment once; raises ``CommandError``."""
    try:
        return Settings()
    except ValidationError as error:
        fault = first_fault(error)
        name = "FEEDBACK_" + fault.place.replace(".", "_").upper()
        raise CommandError(f"reading {name}: {fault.message}", ExitStatus.USAGE) from None


def unknown_variables(arguments: Sequence[str]) -> dict[str, str | None]:
    """Return the unknown variables of the environment, with the setting that each is close to."""
    variables = environment_variables()
    # Not by way of Settings, which another variable may make invalid.
    default = Path(variables.get("FEEDBACK_CONFIG", Settings.model_fields["config"].default))
    files = list_settings_files(arguments, default)
    return find_unknown_variables(variables, files, arguments)


def require_known_variables(arguments: Sequence[str]) -> None:
    """Check that no variable is unknown to a command; raises ``CommandError``."""
    for sentence in describe_unknown_variables(unknown_variables(arguments)):
        raise CommandError(sentence, ExitStatus.USAGE)


def login_name() -> str | None:
    """Return the user's login name, or None for a container's account without a name."""
    try:
        return getuser()
    except (OSError, ImportError, KeyError):
        return None
