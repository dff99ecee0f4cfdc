"""Options that several subcommands have."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Values = list[str] | None
"""A repeatable option."""

Json = Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")]


def filter_option(flag: str, what: str) -> Any:
    """A repeatable option that chooses by a name."""
    return typer.Option(flag, help=f"{what}; repeatable, * for any characters.", metavar="TEXT")
