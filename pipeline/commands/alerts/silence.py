"""`feedback alerts ack`, `silence`, `silences` and `unsilence`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from pipeline.commands.alerts.query import (
    FIRING,
    active_silences,
    find_alert,
    find_alerts,
    find_silence,
    short_id,
)
from pipeline.commands.alerts.view import (
    describe_subject,
    silence_json,
    silences_table,
)
from pipeline.commands.shared.context import login_name, settings
from pipeline.commands.shared.options import Json
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, format_time, out, print_json, print_note
from pipeline.watch.silences import publish_silence, read_silences
from schemas.alert import Alert, AlertKind, AlertState
from schemas.field_types import parse_duration
from schemas.silence import Silence
from schemas.validation import first_fault

_Acknowledger = Annotated[
    str | None, typer.Option(help="Who acknowledges; default: your login name.", metavar="NAME")
]
_Silencer = Annotated[
    str | None, typer.Option(help="Who silences; default: your login name.", metavar="NAME")
]
_Note = Annotated[str | None, typer.Option(help="Reason, for your colleagues.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="Id, or its first characters.")]


def ack(
    identifier: _Id,
    by: _Acknowledger = None,
    note: _Note = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", help="Duration: 30m, 4h, 2d; default: until the alert is resolved."),
    ] = None,
) -> None:
    """Acknowledge an alert: take it on, and stop further notifications about it."""
    now = datetime.now(UTC)
    ends_at = None if for_ is None else _parse_end(for_, now)
    alert = find_alert(settings(), identifier)
    subject = f"alert {short_id(alert.alert_id)}, {describe_subject(alert)},"
    if alert.state is AlertState.RESOLVED:
        print_note(f"{subject} has ended: nothing to acknowledge")
        return
    acknowledgement = _build_silence(
        Silence.acknowledge,
        alert_id=alert.alert_id,
        starts_at=now,
        ends_at=ends_at,
        by=by or login_name(),
        note=note,
    )
    publish_silence(settings(), acknowledgement)
    until = "until it ends" if ends_at is None else f"until {format_time(ends_at)} UTC"
    out.print(f"{subject} is acknowledged {_by_clause(acknowledgement)}{until}", markup=False)


def silence(
    for_: Annotated[str, typer.Option("--for", help="Duration from now: 30m, 2h, 3d, 1w.")],
    site: Annotated[str | None, typer.Option(help="Site, exactly as in the alert.")] = None,
    topic: Annotated[str | None, typer.Option(help="Topic.")] = None,
    source: Annotated[str | None, typer.Option(help="Connector.")] = None,
    kind: Annotated[AlertKind | None, typer.Option(help="Kind of feedback.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All alerts.")] = False,
    by: _Silencer = None,
    note: _Note = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be silenced.")
    ] = False,
) -> None:
    """Silence all alerts that match the given filters, for a while."""
    filters = {"site": site, "topic": topic, "source": source, "kind": kind}
    if everything == any(filters.values()):
        raise CommandError(
            "silencing: name a site, topic, source or kind, or else --everything",
            ExitStatus.USAGE,
        )
    now = datetime.now(UTC)
    created = _build_silence(
        Silence.create,
        **filters,
        starts_at=now,
        ends_at=_parse_end(for_, now),
        by=by or login_name(),
        note=note,
    )
    firing = _firing_alerts()
    covered = sum(created.covers(alert, now) for alert in firing)
    if not dry_run:
        publish_silence(settings(), created)
    done = "would be silenced" if dry_run else f"is silenced, id {short_id(created.silence_id)},"
    until = format_time(created.ends_at or now)
    out.print(
        f"{describe_subject(created)} {done} until {until} UTC: "
        f"{covered:,} of {len(firing):,} firing alerts",
        markup=False,
    )


def silences(json: Json = False) -> None:
    """List active silences, and acknowledgements of firing alerts."""
    silences = read_silences(settings().kafka)
    # Only an acknowledgement ends with its alert, so that alerts are needed for those alone.
    firing = _firing_alerts() if any(silence.alert_id for silence in silences) else []
    active = active_silences(silences, firing, datetime.now(UTC))
    if json:
        print_json([silence_json(silence) for silence in active])
    elif active:
        out.print(silences_table(active))
    else:
        err.print("no active silences or acknowledgements")


def unsilence(identifier: _Id) -> None:
    """Remove a silence, or the acknowledgement of an alert."""
    now = datetime.now(UTC)
    silence = find_silence(read_silences(settings().kafka), identifier)
    title = f"silence {short_id(silence.silence_id)} of {describe_subject(silence)}"
    if silence.has_ended(now):
        print_note(f"{title} has ended already")
        return
    publish_silence(settings(), silence.lift(now))
    out.print(f"{title} is removed", markup=False)


def _firing_alerts() -> list[Alert]:
    alerts, _ = find_alerts(settings(), FIRING)
    return alerts


def _parse_end(text: str, now: datetime) -> datetime:
    try:
        duration = parse_duration(text)
        if duration > timedelta():
            return now + duration
    except (ValueError, OverflowError):
        pass
    raise CommandError(
        "reading --for: expected a number with s, m, h, d or w, such as 4h", ExitStatus.USAGE
    )


def _build_silence(create: Any, **fields: Any) -> Silence:
    try:
        silence: Silence = create(**fields)
    except ValidationError as error:
        raise CommandError(f"reading --{first_fault(error)}", ExitStatus.USAGE) from None
    return silence


def _by_clause(silence: Silence) -> str:
    return f"by {silence.by} " if silence.by else ""
