"""The `feedback` command: the subcommands' wiring, and errors as one line.

Subcommands live in ``pipeline.commands``; each imports what is heavy only when it runs.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.commands import (
    alerts,
    bench,
    cases,
    connect,
    connectors,
    dead,
    demo,
    engines,
    evaluate,
    explain,
    ingest,
    reply,
    report,
    search,
    serve,
    setup,
    train,
    worker,
)
from pipeline.commands._context import err
from pipeline.errors import CommandError, ExitStatus

app = typer.Typer(
    name="feedback",
    help="Collect feedback through Kafka, score it with Faust, search it in Elasticsearch.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_debug = False


@app.callback()
def _root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show a traceback where something fails.")
    ] = False,
) -> None:
    from pipeline import logs

    global _debug  # main() reports what the subcommand raised
    _debug = debug
    if not debug:
        logs.quiet_libraries()


app.command()(demo.demo)
app.command()(engines.up)
app.command()(engines.down)
app.command()(engines.status)
app.command()(setup.setup)
app.command()(ingest.ingest)
app.command()(connect.connect)
app.command()(serve.serve)
app.command()(connectors.connectors)
app.command()(reply.reply)
app.command()(worker.worker)
app.command()(search.search)
app.command()(report.report)
app.command()(explain.explain)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.add_typer(alerts.app, name="alerts")
app.add_typer(cases.app, name="cases")
app.add_typer(dead.app, name="dead")
app.command()(bench.bench)


def main() -> None:
    """Run the command; an expected failure is one line on standard error and an exit status."""
    try:
        app()
    except CommandError as error:
        if _debug:
            raise
        err.print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if _debug:
            raise
        kind = type(error).__name__
        sentence = escape(f"{kind}: {error} (--debug shows where)")
        err.print(f"[red]error:[/] {sentence}", soft_wrap=True)
        sys.exit(ExitStatus.FAILED)


if __name__ == "__main__":
    main()
