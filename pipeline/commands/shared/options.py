"""Options that several commands have."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.errors import CommandError, ExitStatus
from pipeline.search.query import parse_time
from schemas.field_types import parse_zone

Values = list[str] | None
"""A repeatable option."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ConfigFile = Annotated[
    Path | None, typer.Option(help="Settings file; default: FEEDBACK_CONFIG or feedback.toml.")
]
Send = Annotated[bool, typer.Option("--send", help="Send the reply; default: only show it.")]
Since = Annotated[
    str | None, typer.Option(help="Start: 2026-08-01, or 7d, 24h, 30m, 2w ago (UTC).")
]


def filter_option(flag: str, what: str) -> Any:
    """Return a repeatable option that filters by a name."""
    return typer.Option(flag, help=f"{what}; repeatable, * matches any characters.", metavar="TEXT")


def parse_time_option(
    option: str,
    text: str | None,
    *,
    now: datetime | None = None,
    end_of_day: bool = False,
    zone: tzinfo = UTC,
) -> datetime | None:
    """Return the time of an option, or None without one; raises ``CommandError``."""
    try:
        if text is None:
            return None
        return parse_time(text, now=now or datetime.now(UTC), end_of_day=end_of_day, zone=zone)
    except ValueError as error:
        raise CommandError(f"reading {option}: {error}", ExitStatus.USAGE) from None


def parse_zone_option(option: str, name: str) -> tzinfo:
    """Return the time zone of an option; raises ``CommandError``."""
    try:
        return parse_zone(name)
    except ValueError as error:
        raise CommandError(f"reading {option} {name!r}: {error}", ExitStatus.USAGE) from None


def parse_pairs(pairs: list[str], option: str, form: str = "KEY=VALUE") -> dict[str, str]:
    """Return the pairs of a repeatable option as a dict; raises ``CommandError``.

    The error names the key only, as a value may be a secret.
    """
    parsed = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise CommandError(f"reading {option} {key!r}: it must be {form}", ExitStatus.USAGE)
        parsed[key.strip()] = value
    return parsed


def parse_columns(pairs: list[str], option: str, form: str) -> dict[str, str]:
    """Return the pairs of a repeatable option that names columns, none of them empty."""
    columns = {name: column.strip() for name, column in parse_pairs(pairs, option, form).items()}
    for name, column in columns.items():
        if not column:
            raise CommandError(f"reading {option} {name!r}: it must be {form}", ExitStatus.USAGE)
    return columns
