"""`feedback demo`: the whole pipeline once, on real engines and sample comments."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer

import deploy.local
from connectors.runtime.runner import run
from connectors.sdk.errors import Retry
from deploy.demo.comments import BadTurn, bad_turn
from deploy.demo.connector import SOURCE, DemoConfig, DemoConnector
from pipeline.commands import engines
from pipeline.commands.demo.view import next_steps, overview_tables
from pipeline.commands.search.command import run_search
from pipeline.commands.search.view import render
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.templates import put_templates
from pipeline.errors import CommandError, Unavailable
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.search.overview import Overview, overview_query, read_overview
from pipeline.search.query import SearchRequest
from pipeline.terminal import err, out, print_json
from schemas.documents import READ_ALIAS

_DRAIN_S: Final = 180.0
# Command lines to show, and the same as the fields of a SearchRequest.
_SEARCHES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("--urgent", {"urgent": True}),
    ("'waiting' --label negative", {"words": "waiting", "labels": ("negative",)}),
    ("'rude | dismissive | ignored'", {"words": "rude | dismissive | ignored"}),
    (
        "'kind | gentle | patient' --label positive",
        {"words": "kind | gentle | patient", "labels": ("positive",)},
    ),
)


@dataclass
class StepTimer:
    """The duration of each step (s), in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step, and show its name while it runs."""
        began = time.monotonic()
        with err.status(f"{name} …"):
            yield
        self.seconds[name] = time.monotonic() - began
        err.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")


def demo(
    count: Annotated[int, typer.Option(min=1, help="Number of comments.")] = 2_400,
    seed: Annotated[
        int, typer.Option(help="Random seed; the same seed generates the same comments.")
    ] = 7,
    days: Annotated[int, typer.Option(min=7, help="Days to spread them over.")] = 60,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the engines running that the demo started.")
    ] = False,
    json: Json = False,
) -> None:
    """Run the end-to-end demo: engines, sample comments, Kafka, Faust, Elasticsearch, search.

    Uses the local engines, or the servers that the settings name. Stops the engines that it
    started, and keeps their data. Idempotent: a second run adds no documents.
    """
    timer = StepTimer()
    now = datetime.now(UTC)
    turn = bad_turn(now)
    with _engines(timer, keep=keep) as stays:
        with timer.step("set-up: Kafka topics and templates"):
            _set_up()
        with timer.step(f"comments: {count:,} generated and published"):
            published = _publish(count=count, seed=seed, days=days, now=now)
        with timer.step("worker: enriched and indexed"):
            _drain()
        with timer.step("search: counted and found"):
            overview = _overview(turn)
            results = [_search(fields) for _, fields in _SEARCHES]
    _check(overview, published)
    if json:
        print_json(_as_json(overview, published, turn, timer))
        return
    out.print(overview_tables(overview, turn))
    for (typed, _), hits in zip(_SEARCHES, results, strict=True):
        out.print(f"[bold]$ feedback search {typed} --limit 2[/]")
        out.print(hits)
    out.print(next_steps(timer.seconds, turn, stays=stays))


@contextmanager
def _engines(timer: StepTimer, *, keep: bool) -> Iterator[bool]:
    """Run the local engines, unless the settings name other servers.

    Engines that were stopped before are stopped again. Yields True if they keep running.
    """
    local = engines.local_engines()
    addresses = (settings().kafka_bootstrap_servers, settings().elasticsearch_url)
    if addresses != engines.local_addresses():
        yield True
        return
    stays = keep or deploy.local.status(local).running
    with timer.step("engines: Kafka and Elasticsearch started"):
        engines.start_engines()
    try:
        yield stays
    finally:
        if not stays:
            engines.stop_engines()


def _set_up() -> None:
    create_kafka_topics(settings())
    with connect(settings()) as client:
        put_templates(client, settings())


def _publish(*, count: int, seed: int, days: int, now: datetime) -> int:
    """Publish the comments through the connectors' runner; return their number."""
    config = DemoConfig(count=count, seed=seed, days=days, until=now)
    try:
        with ConnectorBroker(settings().kafka) as broker:
            outcome = run(DemoConnector(config), broker)
    except Retry as error:
        raise Unavailable(str(error)) from error
    return outcome.stats.published


def _drain() -> None:
    """Run `feedback worker --drain`, which stops once every record is processed."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "worker", "--drain"],
        stderr=subprocess.PIPE,
    )
    try:
        _, log = worker.communicate(timeout=_DRAIN_S)
    except subprocess.TimeoutExpired:
        worker.terminate()
        _, log = worker.communicate()
        raise CommandError(f"running the worker: not finished within {_DRAIN_S:.0f} s") from None
    if worker.returncode != 0:
        last = log.decode(errors="replace").strip().splitlines()[-1:]
        raise CommandError(f"running the worker: {''.join(last) or worker.returncode}")


def _overview(turn: BadTurn) -> Overview:
    with connect(settings()) as client:
        client.indices.refresh(index=READ_ALIAS)
        body = overview_query(SOURCE, since=turn.since)
        return read_overview(client.search(index=READ_ALIAS, body=body).body)


def _search(fields: dict[str, Any]) -> Any:
    return render(run_search(SearchRequest(**fields, sources=(SOURCE,), limit=2), settings()))


def _check(overview: Overview, published: int) -> None:
    if overview.total < published:
        raise CommandError(
            f"checking the index: {published:,} comments were published, {overview.total:,} found; "
            "`feedback dead list` shows the rejected ones"
        )


def _as_json(overview: Overview, published: int, turn: BadTurn, timer: StepTimer) -> dict[str, Any]:
    return {
        "published": published,
        "documents": overview.total,
        "labels": overview.labels,
        "families": overview.families,
        "languages": overview.languages,
        "urgent": {"comments": overview.urgent, "reasons": overview.reasons},
        "hidden": overview.hidden,
        "topics": {group.name: group.count for group in overview.topics},
        "sites": {
            group.name: {
                "count": group.count,
                "share_negative": group.share_negative,
                "share_negative_lately": (
                    overview.lately[group.name].share_negative
                    if group.name in overview.lately
                    else None
                ),
            }
            for group in overview.sites
        },
        "bad_turn": {"site": turn.site, "since": turn.since},
        "seconds": timer.seconds,
    }
