"""`feedback connect`: runs the sources of a settings file, once or by their schedules."""

from __future__ import annotations

import signal
import threading
from itertools import islice
from typing import Annotated, Final

import typer

from connectors.runtime.collect import PreviousState, RunResult, run_once
from connectors.runtime.instances import Instance
from connectors.runtime.parsing import ParsedItem, parse_item
from connectors.runtime.run_stats import RunStats
from connectors.runtime.scheduler import build_polled, follow, load_previous_state
from connectors.sdk.errors import Retry
from pipeline import logs
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import ConfigFile, Json
from pipeline.commands.shared.records import records_table
from pipeline.commands.sources.select import (
    author_key,
    ensure_kafka_ready,
    select_instances,
    translate_errors,
)
from pipeline.commands.sources.view import (
    collected_table,
    describe_left_out,
    describe_run,
    run_json,
)
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.terminal import err, out, print_json, print_note
from schemas.feedback import Feedback

_SHOWN_RECORDS: Final = 5


def connect(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Connector (all its instances) or CONNECTOR.INSTANCE.", metavar="NAME"),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Run every enabled instance of the settings file.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once/--follow", help="Run once, or keep running.")
    ] = True,
    config: ConfigFile = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Setting of one NAME, instead of a settings file; repeatable.",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Start from the beginning; the ids stay the same.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show records of the first page, publish nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Collect feedback from sources: reviews, social mentions, forms."""
    _refuse_unused(once=once, dry_run=dry_run, again=again, json=json)
    instances = select_instances(names or [], all_=all_, path=config, overrides=overrides or [])
    if dry_run:
        records = [record for instance in instances for record in _preview(instance)]
        if json:
            print_json([record.model_dump(mode="json", exclude_none=True) for record in records])
        else:
            out.print(records_table(records))
        return
    ensure_kafka_ready()
    if not once:
        _follow(instances)
        return
    results = _run_once(instances, again=again, quiet=json)
    if json:
        print_json([run_json(result) for result in results])
    else:
        out.print(collected_table(instances, results))
    _raise_failures(instances, results)


def _refuse_unused(*, once: bool, dry_run: bool, again: bool, json: bool) -> None:
    """Raise ``CommandError`` for options that would change nothing beside ``--follow``."""
    options = {"--dry-run": dry_run, "--again": again, "--json": json}
    unused = [name for name, is_given in options.items() if is_given and not once]
    if unused:
        raise CommandError(
            f"reading {unused[0]}: it belongs to a single run; leave out --follow", ExitStatus.USAGE
        )


def _preview(instance: Instance) -> list[Feedback]:
    """Return the first records of the first page that has any."""
    stats = RunStats()
    with translate_errors(), build_polled(instance, author_key()) as source:
        for page in source.fetch(None):
            parsed = [parse_item(source, item, stats) for item in page.items]
            records = [each.record for each in parsed if isinstance(each, ParsedItem)]
            if records:
                return list(islice(records, _SHOWN_RECORDS))
    reasons = ", ".join([*stats.reasons, *stats.skips]) or "the source returned no items"
    print_note(f"{instance.label}: nothing to show ({reasons})")
    return []


def _run_once(instances: list[Instance], *, again: bool, quiet: bool) -> list[RunResult]:
    done = []
    with translate_errors(), ConnectorBroker(settings().kafka) as broker:
        sources = [build_polled(instance, author_key()) for instance in instances]
        states = load_previous_state(instances, sources, broker)
        for instance, source, state in zip(instances, sources, states, strict=True):
            if again:
                state = PreviousState(None, state.coverage)
            with err.status(f"collecting {instance.label}", spinner="dots"), source:
                done.append(run_once(instance, source, broker, state))
            if not quiet:
                err.print(f"{instance.label}: {describe_run(done[-1].coverage)}")
                for line in describe_left_out(done[-1]):
                    print_note(f"{instance.label}: {line}")
    return done


def _follow(instances: list[Instance]) -> None:
    logs.configure(settings())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with translate_errors(), ConnectorBroker(settings().kafka) as broker:
        follow(
            instances,
            broker,
            author_key=author_key(),
            stop=stop,
        )


def _raise_failures(instances: list[Instance], results: list[RunResult]) -> None:
    failed = [
        (instance.label, result.failure)
        for instance, result in zip(instances, results, strict=True)
        if result.failure is not None
    ]
    if not failed:
        return
    label, failure = failed[0]
    others = f" (and {len(failed) - 1} more sources)" if len(failed) > 1 else ""
    status = ExitStatus.UNAVAILABLE if isinstance(failure, Retry) else ExitStatus.BAD_INPUT
    raise CommandError(f"collecting {label}: {failure}{others}", status)
