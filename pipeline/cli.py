"""The ``feedback`` command: loads the requested subcommand, and reports errors in one line.

``commands.toml`` is the only place that names the modules of ``pipeline.commands``: ``--help`` and
shell completion list them without importing any.
"""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, one_line

COMMANDS: Final[dict[str, dict[str, str]]] = tomllib.loads(
    Path(__file__).with_name("commands").joinpath("commands.toml").read_text("utf-8")
)


class LazyGroup(TyperGroup):
    """A group that lists commands by their summaries and imports only the one that runs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            name: TyperCommand(name, help=command["summary"]) for name, command in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the imported command and its arguments."""
        if args and args[0] in COMMANDS:
            return args[0], load_command(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """Import a command; return it as Typer's command or group."""
    module, _, attribute = COMMANDS[name]["target"].partition(":")
    target = getattr(importlib.import_module(f"pipeline.commands.{module}"), attribute)
    if isinstance(target, typer.Typer):
        group = typer.main.get_group(target)
        group.name = name
        return group
    application = typer.Typer(add_completion=False)
    application.command(name)(target)
    return typer.main.get_command(application)


app = typer.Typer(
    name="feedback",
    help="Collect feedback through Kafka, score it with Faust, search it in Elasticsearch.",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_debug = False


@app.callback()
def _root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    from pipeline import logs  # imports structlog and the settings, which --help does not need

    global _debug  # read by main(), which reports the errors of subcommands
    _debug = debug
    if not debug:
        logs.quiet_libraries()


def main(application: typer.Typer = app) -> None:
    """Run a command line; an expected failure is one line on standard error and an exit status."""
    try:
        application()
    except CommandError as error:
        if _debug:
            raise
        _print_error(str(error))
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if _debug:
            raise
        _print_error(f"{type(error).__name__}: {error} (--debug shows the traceback)")
        sys.exit(ExitStatus.FAILED)


def _print_error(message: str) -> None:
    err.print(f"[red]error:[/] {escape(one_line(message))}", soft_wrap=True)


if __name__ == "__main__":
    main()
