"""`feedback alerts ack`, `silence`, `silences` and `unsilence`: who looks after what, how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from pipeline.commands.alerts.query import (
    AlertRequest,
    active,
    alert_named,
    find_alerts,
    shown_id,
    silence_named,
)
from pipeline.commands.alerts.view import about, moment, silence_json, silences_table
from pipeline.commands.shared.context import login_name, settings
from pipeline.commands.shared.options import Json
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err, out, print_json
from pipeline.watch.silences import publish_silence, read_silences
from schemas.alert import Alert, AlertKind, AlertState
from schemas.field_types import parse_duration
from schemas.silence import Silence
from schemas.validation import first_fault

_By = Annotated[
    str | None, typer.Option(help="Who looks after it; default: your login name.", metavar="WHO")
]
_Note = Annotated[str | None, typer.Option(help="Why, for the others.")]
_Id = Annotated[str, typer.Argument(metavar="ID", help="The id, or how it begins.")]


def ack(
    identifier: _Id,
    by: _By = None,
    note: _Note = None,
    for_: Annotated[
        str | None, typer.Option("--for", help="30m, 4h, 2d; default: until the alert ends.")
    ] = None,
) -> None:
    """Acknowledge an alert: somebody looks after it, and nobody else is told any more."""
    now = datetime.now(UTC)
    ends_at = None if for_ is None else _end(for_, now)
    alert = alert_named(settings(), identifier)
    named = f"alert {shown_id(alert.alert_id)}, {about(alert)},"
    if alert.state is AlertState.RESOLVED:
        err.print(f"{named} has ended: there is nothing to acknowledge", markup=False)
        return
    made = _made(
        Silence.acknowledge,
        alert_id=alert.alert_id,
        starts_at=now,
        ends_at=ends_at,
        by=by or login_name(),
        note=note,
    )
    publish_silence(settings(), made)
    until = "until it ends" if ends_at is None else f"until {moment(ends_at)} UTC"
    out.print(f"{named} is acknowledged {_signed(made)}{until}", markup=False)


def silence(
    for_: Annotated[str, typer.Option("--for", help="How long from now: 30m, 2h, 3d, 1w.")],
    site: Annotated[str | None, typer.Option(help="The site, as it is written in alerts.")] = None,
    topic: Annotated[str | None, typer.Option(help="The topic.")] = None,
    source: Annotated[str | None, typer.Option(help="The connector.")] = None,
    kind: Annotated[AlertKind | None, typer.Option(help="What there is too much of.")] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="All alerts, whatever they are about.")
    ] = False,
    by: _By = None,
    note: _Note = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be quiet.")
    ] = False,
) -> None:
    """Keep alerts quiet for a while: those that match all that is given."""
    given = {"site": site, "topic": topic, "source": source, "kind": kind}
    if everything == any(given.values()):
        raise CommandError(
            "silencing: name a site, topic, source or kind, or else --everything",
            ExitStatus.USAGE,
        )
    now = datetime.now(UTC)
    made = _made(
        Silence.create,
        **given,
        starts_at=now,
        ends_at=_end(for_, now),
        by=by or login_name(),
        note=note,
    )
    firing = _firing()
    covered = sum(made.covers(alert, now) for alert in firing)
    if not dry_run:
        publish_silence(settings(), made)
    done = "would be quiet" if dry_run else f"is quiet, silence {shown_id(made.silence_id)},"
    until = moment(made.ends_at or now)
    out.print(
        f"{about(made)} {done} until {until} UTC: {covered:,} of {len(firing):,} alerts that go on",
        markup=False,
    )


def silences(json: Json = False) -> None:
    """List what is quiet now: silences, and acknowledgements of alerts that go on."""
    there = read_silences(settings().kafka)
    acknowledged = any(one.alert_id for one in there)
    found = active(there, _firing() if acknowledged else [], datetime.now(UTC))
    if json:
        print_json([silence_json(one) for one in found])
    elif found:
        out.print(silences_table(found))
    else:
        err.print("nothing is silenced or acknowledged")


def unsilence(identifier: _Id) -> None:
    """Lift a silence, or take back the acknowledgement of an alert."""
    now = datetime.now(UTC)
    found = silence_named(read_silences(settings().kafka), identifier)
    named = f"silence {shown_id(found.silence_id)} of {about(found)}"
    if found.has_ended(now):
        err.print(f"{named} has ended already", markup=False)
        return
    publish_silence(settings(), found.lift(now))
    out.print(f"{named} is lifted", markup=False)


def _firing() -> list[Alert]:
    alerts, _ = find_alerts(settings(), AlertRequest())
    return alerts


def _end(text: str, now: datetime) -> datetime:
    try:
        lasting = parse_duration(text)
        if lasting > timedelta():
            return now + lasting
    except (ValueError, OverflowError):
        pass
    raise CommandError(
        "reading --for: expected a number with m, h, d or w, such as 4h", ExitStatus.USAGE
    )


def _made(make: Any, **fields: Any) -> Silence:
    try:
        made: Silence = make(**fields)
    except ValidationError as error:
        raise CommandError(f"reading --{first_fault(error)}", ExitStatus.USAGE) from None
    return made


def _signed(silence: Silence) -> str:
    return f"by {silence.by} " if silence.by else ""
