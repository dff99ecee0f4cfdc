"""The context that every command runs in: its settings and its user."""

from __future__ import annotations

from functools import cache
from getpass import getuser

from pydantic import ValidationError

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings


@cache
def settings() -> Settings:
    """Return the settings, read from the environment once; raises ``CommandError``."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "FEEDBACK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise CommandError(f"reading {name}: {first['msg']}", ExitStatus.USAGE) from None


def login_name() -> str | None:
    """Return the user's login name, or None for a container's account without a name."""
    try:
        return getuser()
    except (OSError, ImportError, KeyError):
        return None
