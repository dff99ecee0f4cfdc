"""`feedback up`, `down`, `status`: the local engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

import deploy.local
from connectors.runtime.coverage import parse_coverage
from deploy.local import EngineError, EngineStatus, LocalEngines, Status
from deploy.local import Progress as Step
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.commands.sources.view import coverage_json, coverage_table
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.failures import TransientError
from pipeline.kafka.reader import latest_values
from pipeline.streams.lag import group_lags
from pipeline.terminal import err, out, print_json
from schemas.coverage import Coverage
from schemas.kafka_topics import COVERAGE

_STATE_STYLES = {"running": "green", "stopped": "dim", "starting": "yellow", "failed": "red"}


def up() -> None:
    """Start Kafka and Elasticsearch on this machine, without Docker, unless they are running."""
    began = time.monotonic()
    status_now = start_engines()
    out.print(_table(status_now))
    out.print(f"up in {time.monotonic() - began:.1f} s; next: [bold]feedback setup[/]")


def down() -> None:
    """Stop the Kafka and Elasticsearch that `feedback up` started; their data is kept."""
    out.print(_table(stop_engines()))


def status(
    json: Json = False,
) -> None:
    """Show the engines, the consumer lag of the worker, and the state of each source."""
    status_now = deploy.local.status(local_engines())
    lags = group_lags(settings())
    coverage = [] if lags is None else _load_coverage()
    if json:
        print_json(
            {
                "engines": [_engine_json(engine) for engine in status_now.engines],
                "kafka_bootstrap_servers": settings().kafka_bootstrap_servers,
                "consumer_groups": lags,
                "sources": [coverage_json(entry, datetime.now(UTC)) for entry in coverage],
            }
        )
    else:
        out.print(_table(status_now))
        out.print(_lag_table(lags) if lags is not None else _no_kafka())
        if coverage:
            out.print(coverage_table(coverage, datetime.now(UTC)))
    if lags is None:
        raise typer.Exit(ExitStatus.UNAVAILABLE)


def _load_coverage() -> list[Coverage]:
    try:
        payloads = latest_values(settings().kafka, COVERAGE).values()
    except TransientError as error:
        raise Unavailable(str(error)) from None
    return list(parse_coverage(payloads).values())


def local_engines() -> LocalEngines:
    """Return the local engines as the settings describe them."""
    configuration = settings()
    return deploy.local.LocalEngines(
        home=configuration.local_home or deploy.local.default_home(),
        cache=configuration.local_cache or deploy.local.default_cache(),
        kafka_port=configuration.local_kafka_port,
        kafka_controller_port=configuration.local_kafka_controller_port,
        elasticsearch_port=configuration.local_elasticsearch_port,
        user=configuration.local_user,
    )


def local_addresses() -> tuple[str, str]:
    """Return the addresses of the local Kafka and Elasticsearch."""
    configuration = settings()
    return (
        f"127.0.0.1:{configuration.local_kafka_port}",
        f"http://127.0.0.1:{configuration.local_elasticsearch_port}",
    )


def start_engines() -> Status:
    """Start both engines, with progress on standard error; raises ``CommandError``."""
    with _as_command_error(), _progress() as on_progress:
        return deploy.local.up(local_engines(), on_progress=on_progress)


def stop_engines() -> Status:
    """Stop both engines; raises ``CommandError``."""
    with _as_command_error(), _progress() as on_progress:
        return deploy.local.down(local_engines(), on_progress=on_progress)


@contextmanager
def _as_command_error() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        raise CommandError(str(error)) from error


@contextmanager
def _progress() -> Iterator[Any]:
    """Yield a callback that shows one line per engine, with a bar during downloads."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        DownloadColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def on_progress(step: Step) -> None:
            if step.engine not in tasks:
                tasks[step.engine] = bar.add_task(step.engine, total=None)
            bar.update(
                tasks[step.engine],
                description=f"{step.engine}: {step.stage}",
                completed=step.done,
                total=step.total or None,
            )

        yield on_progress


def _engine_json(engine: EngineStatus) -> dict[str, Any]:
    return {**asdict(engine), "data": str(engine.data), "log": str(engine.log)}


def _table(status_now: Status) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("engine", "state", "address", "version", "pid", "memory", "log"):
        table.add_column(heading, overflow="fold")
    for engine in status_now.engines:
        memory = f"{engine.rss_bytes / 1e6:.0f} MB" if engine.rss_bytes else "-"
        table.add_row(
            engine.name,
            f"[{_STATE_STYLES[engine.state]}]{engine.state}[/]",
            escape(engine.address),
            escape(engine.version),
            str(engine.pid or "-"),
            memory,
            escape(str(engine.log)),
        )
    return table


def _lag_table(lags: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("consumer group", "workers", "Kafka topic", "lag"):
        table.add_column(heading, overflow="fold")
    for lag in lags:
        table.add_row(lag["group"], str(lag["members"]), lag["kafka_topic"], str(lag["lag"]))
    return table


def _no_kafka() -> str:
    return escape(f"no Kafka broker answers at {settings().kafka_bootstrap_servers}")
