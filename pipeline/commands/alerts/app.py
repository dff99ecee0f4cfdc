"""`feedback alerts`: lists, acknowledges and silences alerts, and tests the routes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.commands.alerts import send_test, silence
from pipeline.commands.alerts.query import (
    FIRING,
    find_alert,
    find_alerts,
    find_examples,
    join_silences,
)
from pipeline.commands.alerts.view import alert_json, alert_page, alerts_table
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, Values, filter_option, parse_time_option
from pipeline.terminal import err, out, print_json
from pipeline.watch.silences import read_silences
from schemas.alert import AlertKind, Severity

app = typer.Typer(
    help="List, acknowledge and silence alerts about spikes of negative or urgent feedback.",
    no_args_is_help=True,
)


@app.command("list")
def list_alerts(
    all_: Annotated[
        bool, typer.Option("--all", help="Include resolved alerts; default: firing ones only.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(help="Firing since then: 2026-08-01, or 7d, 24h, 30m, 2w ago (UTC)."),
    ] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    topic: Annotated[Values, filter_option("--topic", "Topic")] = None,
    source: Annotated[Values, filter_option("--source", "Connector")] = None,
    kind: Annotated[
        list[AlertKind] | None, typer.Option(help="Kind of feedback; repeatable.")
    ] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Severity; repeatable.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Maximum number, newest first.")
    ] = 100,
    json: Json = False,
) -> None:
    """List firing alerts, newest first, with their acknowledgements and silences."""
    now = datetime.now(UTC)
    filters: dict[str, Sequence[str] | None] = {
        "feedback.site": site,
        "feedback.topics": topic,
        "event.dataset": source,
        "alert.kind": kind,
        "alert.severity": severity,
    }
    started = parse_time_option("--since", since)
    is_filtered = all_ or started is not None or any(filters.values())
    alerts, total = find_alerts(
        settings(), filters if all_ else {**filters, **FIRING}, since=started, limit=limit
    )
    silences = read_silences(settings().kafka) if alerts or json else []
    shown = join_silences(alerts, silences, now)
    if json:
        print_json({"total": total, "alerts": [alert_json(alert) for alert in shown]})
    elif shown:
        out.print(alerts_table(shown))
        if total > len(shown):
            err.print(f"{len(shown):,} of {total:,} shown: --limit shows more")
    elif not is_filtered:
        err.print("no alert is firing; --all includes resolved ones")
    else:
        err.print("no matching alerts")


@app.command()
def show(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Id, or its first characters.")],
    json: Json = False,
) -> None:
    """Show one alert in full: figures, words, examples, silence."""
    alert = find_alert(settings(), identifier)
    examples = find_examples(settings(), alert)
    silences = read_silences(settings().kafka)
    (alert_with_silence,) = join_silences([alert], silences, datetime.now(UTC))
    if json:
        print_json({**alert_json(alert_with_silence), "examples": examples})
    else:
        out.print(alert_page(alert_with_silence, examples))


app.command()(silence.ack)
app.command()(silence.silence)
app.command()(silence.silences)
app.command()(silence.unsilence)
app.command()(send_test.test)
