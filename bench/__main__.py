"""``python -m bench``: the project side by side with what a user would pick instead."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from bench.contestants import CONTESTANTS
from bench.errors import BenchError
from bench.figures import to_document
from bench.run import Plan, measure
from bench.table import show
from pipeline.cli import main
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, out, print_json

app = typer.Typer(add_completion=False)


@app.command()
def bench(
    events: Annotated[
        int, typer.Option("--events", min=100, help="Events in each contestant's burst.")
    ] = 20_000,
    rounds: Annotated[
        int, typer.Option("--rounds", min=1, help="Rounds; figures are their medians.")
    ] = 2,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Only this contestant, or `latency`; may be repeated."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="4,000 events and one round: rough figures.")
    ] = False,
    json: Json = False,
    save: Annotated[
        Path | None, typer.Option("--save", help="Write the JSON document to this file too.")
    ] = None,
) -> None:
    """Measure throughput, CPU, memory and latency beside other ways to do the same work.

    Starts Kafka and Elasticsearch of its own in a temporary folder and deletes them at the end.
    """
    plan = _plan(events, rounds, only, quick=quick)
    try:
        results = measure(plan, settings(), lambda line: err.print(line, style="dim"))
    except BenchError as error:
        raise CommandError(f"running the benchmark: {error}") from None
    if save is not None:
        _save(save, to_document(results))
    if json:
        print_json(to_document(results))
    else:
        show(results, out)
    if results.failed:
        raise typer.Exit(ExitStatus.FAILED)


def _plan(events: int, rounds: int, only: list[str] | None, *, quick: bool) -> Plan:
    names = [contestant.name for contestant in CONTESTANTS]
    chosen = only or [*names, "latency"]
    unknown = sorted(set(chosen) - {*names, "latency"})
    if unknown:
        raise CommandError(
            f"reading --only: there is no contestant {unknown[0]}; "
            f"there are {', '.join(names)} and latency",
            ExitStatus.USAGE,
        )
    return Plan(
        events=4_000 if quick else events,
        rounds=1 if quick else rounds,
        names=[name for name in chosen if name in names],
        latency_s=(8 if quick else 20) if "latency" in chosen else 0,
    )


def _save(path: Path, document: object) -> None:
    try:
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise CommandError(f"writing {path}: {error.strerror}") from None


if __name__ == "__main__":
    main(app)
