"""What every subcommand has at hand: settings, and consoles for output and for messages."""

from __future__ import annotations

from functools import cache
from getpass import getuser
from typing import Any

import orjson
from pydantic import ValidationError
from rich.console import Console

from pipeline.errors import CommandError, ExitStatus
from pipeline.settings import Settings

out = Console(highlight=False)
"""Results: standard output."""

err = Console(stderr=True, highlight=False)
"""Progress and messages: standard error, so that results can be piped."""


@cache
def settings() -> Settings:
    """The settings, read from the environment once."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "FEEDBACK_" + "_".join(str(part) for part in first["loc"]).upper()
        raise CommandError(f"reading {name}: {first['msg']}", ExitStatus.USAGE) from None


def print_json(result: Any) -> None:
    """Write one JSON document to standard output, for machines."""
    out.file.write(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() + "\n")


def login_name() -> str | None:
    """Who types, as the system knows them; None for a container's account without a name."""
    try:
        return getuser()
    except (OSError, ImportError, KeyError):
        return None
