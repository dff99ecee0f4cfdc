"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipeline.errors import CommandError, ExitStatus

Values = list[str] | None
"""A repeatable option."""

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def filter_option(flag: str, what: str) -> Any:
    """Return a repeatable option that filters by a name."""
    return typer.Option(flag, help=f"{what}; repeatable, * matches any characters.", metavar="TEXT")


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
