"""The ``feedback`` command: loads the requested subcommand, and reports errors in one line.

``COMMANDS`` is the only place that names the modules of ``pipeline.commands``: ``--help`` and shell
completion list them without importing any.
"""

from __future__ import annotations

import importlib
import sys
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, one_line


class _Command(NamedTuple):
    """The location of a command, and its line in the list of commands."""

    target: str
    """``module:attribute`` below ``pipeline.commands``; a function or a Typer application."""
    summary: str
    """The first paragraph of its docstring; a test keeps them equal."""


COMMANDS: Final = {
    "demo": _Command(
        "demo.command:demo",
        "Run the end-to-end demo: engines, sample comments, Kafka, Faust, Elasticsearch, search.",
    ),
    "up": _Command(
        "engines:up",
        "Start Kafka and Elasticsearch on this machine, without Docker, unless they are running.",
    ),
    "down": _Command(
        "engines:down",
        "Stop the Kafka and Elasticsearch that `feedback up` started; their data is kept.",
    ),
    "status": _Command(
        "engines:status",
        "Show the engines, the consumer lag of the worker, and the state of each source.",
    ),
    "setup": _Command(
        "setup:setup", "Create the Kafka topics and the index templates. Idempotent."
    ),
    "ingest": _Command("ingest.command:ingest", "Import comments from a file. Idempotent."),
    "connect": _Command(
        "sources.connect:connect",
        "Collect feedback from sources: reviews, social mentions, forms.",
    ),
    "serve": _Command(
        "sources.serve:serve", "Receive webhooks and forms, until SIGTERM or Ctrl-C."
    ),
    "connectors": _Command(
        "sources.connectors:app", "List the connectors, describe one, or create a new one."
    ),
    "reply": _Command(
        "sources.reply:reply",
        "Reply to feedback on the platform it came from. A dry run without --send.",
    ),
    "worker": _Command(
        "worker:worker",
        "Enrich, index and watch feedback and send notifications, until SIGTERM or Ctrl-C.",
    ),
    "search": _Command(
        "search.command:search",
        "Search feedback by words, place, topic, sentiment, urgency and time.",
    ),
    "report": _Command(
        "report:report",
        "Report scores by place, topic, source and period, with intervals, trends and goals.",
    ),
    "explain": _Command(
        "explain.command:explain",
        "Explain the analysis of one comment: each result with the words behind it.",
    ),
    "train": _Command(
        "model.train:train", "Train the topic and sentiment model on labelled comments."
    ),
    "evaluate": _Command(
        "model.evaluate:evaluate",
        "Evaluate topics and sentiment against labels, and measure the time per comment.",
    ),
    "alerts": _Command(
        "alerts.app:app",
        "List, acknowledge and silence alerts about spikes of negative or urgent feedback.",
    ),
    "cases": _Command(
        "cases.app:app",
        "List, assign, answer and resolve cases: feedback that needs a response.",
    ),
    "dead": _Command("dead:app", "List dead letters: rejected records, with the reason."),
}


class LazyGroup(TyperGroup):
    """A group that lists commands by their summaries and imports only the one that runs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = {
            name: TyperCommand(name, help=command.summary) for name, command in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the name, the imported command and its arguments."""
        if args and args[0] in COMMANDS:
            return args[0], load_command(args[0]), args[1:]
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """Import a command; return it as Typer's command or group."""
    module, _, attribute = COMMANDS[name].target.partition(":")
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
