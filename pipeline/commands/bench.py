"""`feedback bench`: the project side by side with what a user would pick instead."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands._context import err, out, print_json, settings
from pipeline.commands._options import Json
from pipeline.errors import CommandError, ExitStatus

if TYPE_CHECKING:
    from bench.run import Plan


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
    _require_checkout()
    from bench.errors import BenchError
    from bench.figures import document_of
    from bench.run import measure
    from bench.table import show

    plan = _plan(events, rounds, only, quick=quick)
    try:
        results = measure(plan, settings(), lambda line: err.print(line, style="dim"))
    except BenchError as error:
        raise CommandError(f"running the benchmark: {error}") from None
    if save is not None:
        _save(save, document_of(results))
    if json:
        print_json(document_of(results))
    else:
        show(results, out)
    if results.failed:
        raise typer.Exit(ExitStatus.FAILED)


def _plan(events: int, rounds: int, only: list[str] | None, *, quick: bool) -> Plan:
    from bench.contestants import CONTESTANTS
    from bench.run import Plan

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
    import orjson

    try:
        path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise CommandError(f"writing {path}: {error.strerror}") from None


def _require_checkout() -> None:
    """Make ``import bench`` work; the room is no part of the wheel."""
    checkout = Path(__file__).parents[2]
    if not (checkout / "bench" / "run.py").is_file():
        raise CommandError(
            "starting the benchmark: it is no part of the installed package and runs from a "
            "checkout of the project"
        )
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))
