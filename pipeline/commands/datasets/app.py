"""`feedback datasets`: lists the files that were imported, and takes one back."""

from __future__ import annotations

import time
from typing import Annotated, Final

import typer

from pipeline.commands.datasets.query import (
    count_records,
    find_import,
    find_imports,
    read_records,
)
from pipeline.commands.datasets.view import import_json, import_page, imports_table
from pipeline.commands.datasets.withdrawal import withdraw
from pipeline.commands.ingest.result import is_worker_running
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.commands.sources.select import ensure_kafka_ready, translate_errors
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.search.imports import MAX_IMPORTS, Import
from pipeline.streams.lag import count_waiting_records
from pipeline.streams.roles import Role
from pipeline.terminal import err, out, print_json, print_note

_MAX_WAIT_S: Final = 30.0
_POLL_INTERVAL_S: Final = 0.5

app = typer.Typer(
    help="List the files that were imported, and take one back.", no_args_is_help=True
)

_Wanted = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of the import, its first characters, or its file's name."
    ),
]


@app.command("list")
def list_imports(
    limit: Annotated[
        int, typer.Option(min=1, max=MAX_IMPORTS, help="Maximum number, latest first.")
    ] = 100,
    json: Json = False,
) -> None:
    """List imports, latest first, with the records that are in the index.

    A record belongs to the import that brought it last.
    """
    imports, has_more = find_imports(settings(), limit=limit)
    if json:
        print_json({"imports": [import_json(each) for each in imports], "more": has_more})
    elif imports:
        out.print(imports_table(imports))
        if has_more:
            print_note(f"these are the latest {limit:,}; --limit shows more, up to {MAX_IMPORTS:,}")
    else:
        err.print("no imports: `feedback ingest FILE` imports one")


@app.command()
def show(wanted: _Wanted, json: Json = False) -> None:
    """Show one import: its records, their dates, places and sentiment."""
    chosen = find_import(settings(), wanted)
    if json:
        print_json(import_json(chosen))
    else:
        out.print(import_page(chosen))


@app.command()
def remove(
    wanted: _Wanted,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the records; default: only show them.")
    ] = False,
    wait: Annotated[
        bool, typer.Option(help="Wait until a running worker has removed the records.")
    ] = True,
    json: Json = False,
) -> None:
    """Remove every record of an import. A dry run without --yes.

    The file can be imported again. A row that an earlier file brought too is removed as well:
    import that file with --again to have it back.
    """
    chosen = find_import(settings(), wanted)
    _warn_of_waiting_records()
    removed, remaining = 0, chosen.records
    if yes:
        removed = _remove(chosen)
        remaining = _wait_until_removed(chosen) if wait else _count(chosen)
    if json:
        answer = {"removed": yes, "deletions": removed, "remaining": remaining}
        print_json({**import_json(chosen), **answer})
    elif not yes:
        out.print(import_page(chosen))
        out.print(f"not removed: --yes removes these {chosen.records:,} records")
    else:
        out.print(f"published the deletion of {removed:,} records")
        _report_remaining(remaining)


def _remove(chosen: Import) -> int:
    ensure_kafka_ready()
    documents = read_records(settings(), chosen.import_id)
    with (
        translate_errors("; run the same command again: it continues with what remains"),
        ConnectorBroker(settings().kafka) as broker,
        err.status(f"removing {chosen.records:,} records") as status,
    ):
        return withdraw(
            documents,
            chosen.import_id,
            broker,
            lambda done: status.update(f"removing {done:,} of {chosen.records:,} records"),
        )


def _warn_of_waiting_records() -> None:
    waiting = count_waiting_records(settings(), [Role.ENRICH, Role.INDEX])
    if waiting:
        print_note(
            f"{waiting:,} records wait to be indexed: those of this import among them stay; run "
            "the command again once none waits"
        )


def _wait_until_removed(chosen: Import) -> int:
    """Return the number of records that remain once none does, or nothing happens any more."""
    remaining = _count(chosen)
    if not is_worker_running(settings()):
        return remaining
    changed_at = time.monotonic()
    with err.status(f"waiting for the worker to remove {remaining:,} records"):
        while remaining and time.monotonic() - changed_at < _MAX_WAIT_S:
            time.sleep(_POLL_INTERVAL_S)
            before, remaining = remaining, _count(chosen)
            if remaining != before:
                changed_at = time.monotonic()
    return remaining


def _count(chosen: Import) -> int:
    return count_records(settings(), chosen.import_id)


def _report_remaining(remaining: int) -> None:
    if not remaining:
        out.print("removed: the import is no longer in the index")
    else:
        err.print(
            f"{remaining:,} records are still in the index: `feedback worker` removes them, and "
            "`feedback status` shows if it runs"
        )
