"""`feedback demo`: from nothing to found, on real engines.

How it is drawn is ``_demo_view``'s.
"""

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
from pipeline.commands.demo.view import closing, tables
from pipeline.commands.search.command import run as run_search
from pipeline.commands.search.view import drawn
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
# What one would type, and the same as a SearchRequest's fields.
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
class Legs:
    """How long each leg of the walk took, in seconds, in their order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def leg(self, name: str) -> Iterator[None]:
        """Time one leg, and say what is going on."""
        began = time.monotonic()
        with err.status(f"{name} …"):
            yield
        self.seconds[name] = time.monotonic() - began
        err.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")


def demo(
    count: Annotated[int, typer.Option(min=1, help="How many comments.")] = 2_400,
    seed: Annotated[int, typer.Option(help="The same seed makes the same comments.")] = 7,
    days: Annotated[int, typer.Option(min=7, help="Over how many days.")] = 60,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave engines running that the demo started.")
    ] = False,
    json: Json = False,
) -> None:
    """Walk the whole way once: engines, comments, Kafka, Faust, Elasticsearch, search.

    Uses the local engines, or the servers that the settings name. Engines that it started are
    stopped at the end, with their data kept; repeating it adds no document.
    """
    legs = Legs()
    now = datetime.now(UTC)
    turn = bad_turn(now)
    with _engines(legs, keep=keep) as stays:
        with legs.leg("set-up: Kafka topics and templates"):
            _set_up()
        with legs.leg(f"comments: {count:,} made and published"):
            published = _publish(count=count, seed=seed, days=days, now=now)
        with legs.leg("worker: enriched and indexed"):
            _drain()
        with legs.leg("search: counted and found"):
            overview = _overview(turn)
            found = [_search(fields) for _, fields in _SEARCHES]
    _check(overview, published)
    if json:
        print_json(_as_json(overview, published, turn, legs))
        return
    out.print(tables(overview, turn))
    for (typed, _), hits in zip(_SEARCHES, found, strict=True):
        out.print(f"[bold]$ feedback search {typed} --limit 2[/]")
        out.print(hits)
    out.print(closing(legs.seconds, turn, stays=stays))


@contextmanager
def _engines(legs: Legs, *, keep: bool) -> Iterator[bool]:
    """Run the local engines, unless the settings name other servers; leave them as found.

    Yields whether they go on running afterwards.
    """
    local = engines.local_engines()
    addresses = (settings().kafka_bootstrap_servers, settings().elasticsearch_url)
    if addresses != engines.local_addresses():
        yield True
        return
    stays = keep or deploy.local.status(local).running
    with legs.leg("engines: Kafka and Elasticsearch started"):
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
    """Publish the comments through the connectors' runner; how many."""
    config = DemoConfig(count=count, seed=seed, days=days, until=now)
    try:
        with ConnectorBroker(settings().kafka) as broker:
            outcome = run(DemoConnector(config), broker)
    except Retry as error:
        raise Unavailable(str(error)) from error
    return outcome.stats.published


def _drain() -> None:
    """Run a worker, as `feedback worker --drain` does, until nothing is left to read."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "worker", "--drain"],
        stderr=subprocess.PIPE,
    )
    try:
        _, log = worker.communicate(timeout=_DRAIN_S)
    except subprocess.TimeoutExpired:
        worker.terminate()
        _, log = worker.communicate()
        raise CommandError(f"running the worker: not done within {_DRAIN_S:.0f} s") from None
    if worker.returncode != 0:
        last = log.decode(errors="replace").strip().splitlines()[-1:]
        raise CommandError(f"running the worker: {''.join(last) or worker.returncode}")


def _overview(turn: BadTurn) -> Overview:
    with connect(settings()) as client:
        client.indices.refresh(index=READ_ALIAS)
        body = overview_query(SOURCE, since=turn.since)
        return read_overview(client.search(index=READ_ALIAS, body=body).body)


def _search(fields: dict[str, Any]) -> Any:
    return drawn(run_search(SearchRequest(**fields, sources=(SOURCE,), limit=2), settings()))


def _check(overview: Overview, published: int) -> None:
    if overview.total < published:
        raise CommandError(
            f"checking the index: {published:,} comments were published, {overview.total:,} found; "
            "`feedback dead list` shows what was refused"
        )


def _as_json(overview: Overview, published: int, turn: BadTurn, legs: Legs) -> dict[str, Any]:
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
        "seconds": legs.seconds,
    }
