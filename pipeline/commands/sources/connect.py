"""`feedback connect`: sources of a settings file, run once or by their schedules."""

from __future__ import annotations

import signal
import threading
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from connectors.runtime.collect import PreviousState, RunResult, run_once
from connectors.runtime.instances import Instance
from connectors.runtime.parsing import ParsedItem, parse_item
from connectors.runtime.run_stats import RunStats
from connectors.runtime.scheduler import build_polled, follow, load_previous_state
from connectors.sdk.errors import Retry
from connectors.sdk.source import Polled
from pipeline import logs
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.commands.shared.records import records_table
from pipeline.commands.sources.select import author_key, chosen, connected, sentences
from pipeline.commands.sources.view import as_json, collected_table, ledger_state
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.terminal import err, out, print_json
from schemas.feedback import Feedback

_SHOWN_RECORDS: Final = 5


def connect(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Connector (all its instances) or CONNECTOR.INSTANCE.", metavar="NAME"),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every instance of the settings file that is enabled.")
    ] = False,
    once: Annotated[bool, typer.Option("--once/--follow", help="Run once, or go on.")] = True,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; default: FEEDBACK_CONFIG or feedback.toml.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting, instead of a file: tries out one NAME."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="From the beginning; the ids stay the same.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the first pages, show them, publish nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Collect feedback from sources: reviews, social mentions, forms."""
    instances = chosen(names or [], everything=everything, path=config, given=given or [])
    if dry_run:
        records = [record for one in instances for record in _first(one)]
        if json:
            print_json([record.model_dump(mode="json", exclude_none=True) for record in records])
        else:
            out.print(records_table(records))
        return
    connected()
    if not once:
        _follow(instances)
        return
    done = _once(instances, again=again, quiet=json)
    if json:
        print_json([as_json(one) for one in done])
    else:
        out.print(collected_table(instances, done))
    _conclude(instances, done)


def _first(instance: Instance) -> list[Feedback]:
    """What the first page with anything on it holds."""
    stats = RunStats()
    with sentences(), instance.build(author_key()) as source:
        if not isinstance(source, Polled):
            raise CommandError(f"running {instance.label}: its service calls; see `feedback serve`")
        for page in source.fetch(None):
            parsed = [parse_item(source, item, stats) for item in page.items]
            records = [each.record for each in parsed if isinstance(each, ParsedItem)]
            if records:
                return list(islice(records, _SHOWN_RECORDS))
    reasons = ", ".join([*stats.reasons, *stats.skips]) or "it gave no item"
    err.print(f"{instance.label}: nothing to show ({reasons})", markup=False)
    return []


def _once(instances: list[Instance], *, again: bool, quiet: bool) -> list[RunResult]:
    done = []
    with sentences(), ConnectorBroker(settings().kafka) as broker:
        sources = [build_polled(instance, author_key()) for instance in instances]
        states = load_previous_state(instances, sources, broker)
        for instance, source, state in zip(instances, sources, states, strict=True):
            if again:
                state = PreviousState(None, state.coverage)
            with err.status(f"collecting {instance.label}", spinner="dots"), source:
                done.append(run_once(instance, source, broker, state))
            if not quiet:
                err.print(f"{instance.label}: {ledger_state(done[-1].coverage)}")
    return done


def _follow(instances: list[Instance]) -> None:
    logs.configure(settings())
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with sentences(), ConnectorBroker(settings().kafka) as broker:
        follow(
            instances,
            broker,
            author_key=author_key(),
            stop=stop,
        )


def _conclude(instances: list[Instance], done: list[RunResult]) -> None:
    failed = [
        (instance.label, one.failure)
        for instance, one in zip(instances, done, strict=True)
        if one.failure is not None
    ]
    if not failed:
        return
    label, failure = failed[0]
    others = f" (and {len(failed) - 1} more sources)" if len(failed) > 1 else ""
    status = ExitStatus.UNAVAILABLE if isinstance(failure, Retry) else ExitStatus.BAD_INPUT
    raise CommandError(f"collecting {label}: {failure}{others}", status)
