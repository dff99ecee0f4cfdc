"""The context that every command runs in: its settings and its user."""

from __future__ import annotations

from functools import cache
from getpass import getuser

from pydantic import ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings
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


def login_name() -> str | None:
    """Return the user's login name, or None for a container's account without a name."""
    try:
        return getuser()
    except (OSError, ImportError, KeyError):
        return None
