"""`feedback alerts`: what goes wrong right now, who looks after it, and what is to be quiet.

``_alerts_gather`` asks for it, ``_alerts_view`` draws it, ``_alerts_silence`` keeps it quiet,
``_alerts_trial`` tries out who is told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.commands.alerts import send_test, silence
from pipeline.commands.alerts.query import (
    AlertRequest,
    alert_named,
    examples_of,
    find_alerts,
    joined,
)
from pipeline.commands.alerts.view import alert_json, alert_page, alerts_table
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, Values, filter_option
from pipeline.errors import CommandError, ExitStatus
from pipeline.search.query import parse_time
from pipeline.terminal import err, out, print_json
from pipeline.watch.silences import read_silences
from schemas.alert import AlertKind, Severity

app = typer.Typer(
    help="Spikes of negative and urgent feedback: see, acknowledge, silence them.",
    no_args_is_help=True,
)


@app.command("list")
def list_alerts(
    everything: Annotated[
        bool, typer.Option("--all", help="Those that have ended too; default: what goes on.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Seen since: 2026-08-01, or 7d, 24h, 30m, 2w ago (UTC).")
    ] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    topic: Annotated[Values, filter_option("--topic", "What it is about")] = None,
    source: Annotated[Values, filter_option("--source", "The connector")] = None,
    kind: Annotated[list[AlertKind] | None, typer.Option(help="Repeatable.")] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 100,
    json: Json = False,
) -> None:
    """List the alerts that go on, newest first, and who acknowledged them."""
    now = datetime.now(UTC)
    request = AlertRequest(
        firing_only=not everything,
        since=_since(since, now),
        sites=tuple(site or ()),
        topics=tuple(topic or ()),
        sources=tuple(source or ()),
        kinds=tuple(kind or ()),
        severities=tuple(severity or ()),
        limit=limit,
    )
    alerts, total = find_alerts(settings(), request)
    silences = read_silences(settings().kafka) if alerts or json else []
    found = joined(alerts, silences, now)
    if json:
        print_json({"total": total, "alerts": [alert_json(one) for one in found]})
    elif found:
        out.print(alerts_table(found))
        if total > len(found):
            err.print(f"{len(found):,} of {total:,} shown: --limit shows more")
    elif request == AlertRequest(limit=limit):
        err.print("no alert goes on; --all lists those that have ended")
    else:
        err.print("there are no such alerts")


@app.command()
def show(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The id, or how it begins.")],
    json: Json = False,
) -> None:
    """Show all of an alert: figures, words, examples, and what keeps it quiet."""
    alert = alert_named(settings(), identifier)
    examples = examples_of(settings(), alert)
    silences = read_silences(settings().kafka)
    (one,) = joined([alert], silences, datetime.now(UTC))
    if json:
        print_json({**alert_json(one), "examples": examples})
    else:
        out.print(alert_page(one, examples))


app.command()(silence.ack)
app.command()(silence.silence)
app.command()(silence.silences)
app.command()(silence.unsilence)
app.command()(send_test.test)


def _since(text: str | None, now: datetime) -> datetime | None:
    try:
        return None if text is None else parse_time(text, now=now)
    except ValueError as error:
        raise CommandError(f"reading --since: {error}", ExitStatus.USAGE) from None
