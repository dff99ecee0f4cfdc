"""Ask for the order of dates that nothing in the file tells."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

import typer

from connectors.file import FileConnector, summary
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err


def decide_dates(connector: FileConnector, paths: Sequence[str]) -> FileConnector:
    """Return the connector with its dates' order decided.

    Asks on a terminal; raises ``CommandError`` with both commands elsewhere, for this file alone of
    the ``paths`` that were given.
    """
    both = summary.show_both_ways(connector.plan)
    if both is None:
        return connector
    example, day_first, month_first = both
    if not (sys.stdin.isatty() and err.is_terminal) or connector.source.path is None:
        options = [argument for argument in sys.argv[1:] if argument not in paths]
        command = shlex.join(["feedback", *options, str(connector.source.path or "-")])
        raise CommandError(
            f"reading {connector.source.name}: nothing tells the order of its dates. If {example} "
            f"is {day_first:%-d %B %Y}: {command} --date-format dmy; if it is "
            f"{month_first:%-d %B %Y}: {command} --date-format mdy",
            ExitStatus.USAGE,
        )
    is_day_first = typer.confirm(
        f"Is {example} {day_first:%-d %B %Y} (and not {month_first:%-d %B %Y})?", err=True
    )
    form = "dmy" if is_day_first else "mdy"
    return FileConnector(connector.config.model_copy(update={"date_format": form}))
