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


_HELP_OPTIONS: Final = ["-h", "--help"]
_ARGUMENTS: Final = "pipeline.cli.arguments"


class LazyGroup(TyperGroup):
    """A group that lists commands by their summaries and imports only the one that runs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            name: TyperCommand(name, help=command["summary"]) for name, command in COMMANDS.items()
        }

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keep all arguments for the check of the environment."""
        ctx.meta[_ARGUMENTS] = [*args]
        return super().parse_args(ctx, args)

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
    context_settings={"help_option_names": _HELP_OPTIONS},
)

_debug = False


@app.callback()
def _root(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    from pipeline.commands.shared import start  # imports the settings: --help does not need them

    global _debug  # read by main(), which reports the errors of subcommands
    _debug = debug
    arguments: list[str] = context.meta[_ARGUMENTS]
    # `config` lists unknown variables itself, and help is most needed when something is wrong.
    checked = context.invoked_subcommand != "config" and not {*_HELP_OPTIONS} & {*arguments}
    start.prepare(arguments if checked else None, debug=debug)


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
