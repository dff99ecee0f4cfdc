"""How `feedback alerts` shows alerts and silences, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.commands.alerts.query import Quiet, shown_id
from schemas.alert import Alert, AlertState, Severity
from schemas.silence import Silence

_SHOWN_CHARACTERS: Final = 600
_RARE_DAYS: Final = 1_000_000
_STYLES: Final = {
    Severity.CRITICAL: "bold white on red",
    Severity.WARNING: "yellow",
    AlertState.FIRING: "red",
    AlertState.RESOLVED: "green",
}


def alerts_table(found: Sequence[Quiet]) -> Table:
    """Two lines an alert or more, so that 80 columns are enough."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("id", "since (UTC)", "state", "what", "seen", "usual"):
        table.add_column(heading, no_wrap=heading != "what", overflow="fold")
    for one in found:
        alert = one.alert
        what = Text(f"{alert.kind}: {about(alert)}")
        if one.silence is not None:
            what.append(f"\n{_quiet(one.silence)}", "dim")
        table.add_row(
            shown_id(alert.alert_id),
            moment(alert.started_at),
            Text.assemble(
                (alert.severity, _STYLES[alert.severity]), "\n", (alert.state, _STYLES[alert.state])
            ),
            what,
            f"{alert.seen:,} of {alert.total:,}",
            f"{alert.interval.low:,} to {alert.interval.high:,}",
        )
    return table


def alert_page(one: Quiet, examples: Sequence[dict[str, Any]]) -> Group:
    """All of an alert: the sentence, the figures, who looks after it, what people wrote."""
    alert = one.alert
    head = Text(shown_id(alert.alert_id), "bold")
    head.append("  ").append(alert.severity, _STYLES[alert.severity])
    head.append("  ").append(alert.state, _STYLES[alert.state])
    figures = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, value in _figures(alert):
        figures.add_row(Text(name, "dim"), Text(value))
    if one.silence is not None:
        figures.add_row(Text("quiet", "dim"), Text(_quiet(one.silence, noted=True)))
    parts: list[RenderableType] = [head, Text(alert.sentence), "", figures]
    if alert.example_ids:
        parts += ["", f"{len(examples)} of {len(alert.example_ids)} examples:"]
    for source in examples:
        parts += [Text(_given(source), "dim"), Padding(_passage(source), (0, 0, 0, 2))]
    return Group(*parts)


def silences_table(silences: Sequence[Silence]) -> Table:
    """One line a silence."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("id", "what", "from (UTC)", "until (UTC)", "by", "note"):
        table.add_column(heading, no_wrap=heading not in {"what", "note"}, overflow="fold")
    for silence in silences:
        table.add_row(
            shown_id(silence.silence_id),
            Text(about(silence)),
            moment(silence.starts_at),
            _end(silence),
            Text(silence.by or ""),
            Text(silence.note or ""),
        )
    return table


def about(what: Alert | Silence) -> str:
    """What it is about, in a few words."""
    if isinstance(what, Silence):
        if what.alert_id is not None:
            return f"alert {shown_id(what.alert_id)}"
        return _list(what.kind, what.site, what.topic, what.source) or "everything"
    return _list(what.site or "no site", what.topic, what.source)


def moment(at: datetime) -> str:
    """A time for people, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def alert_json(one: Quiet) -> dict[str, Any]:
    """An alert for machines: its fields, and ``silence``: what keeps it quiet, or null."""
    silence = None if one.silence is None else silence_json(one.silence)
    return {**orjson.loads(one.alert.to_payload()), "silence": silence}


def silence_json(silence: Silence) -> dict[str, Any]:
    """A silence for machines."""
    fields: dict[str, Any] = orjson.loads(silence.to_payload())
    return fields


def _list(*names: str | None) -> str:
    return " · ".join(filter(None, names))


def _figures(alert: Alert) -> list[tuple[str, str]]:
    ended = f" to {moment(alert.resolved_at)}" if alert.resolved_at else ""
    rare = alert.once_in_days >= _RARE_DAYS
    days = f"more than {_RARE_DAYS:,}" if rare else _number(alert.once_in_days)
    return [
        ("id", alert.alert_id),
        ("kind", alert.kind),
        ("about", about(alert)),
        ("since", f"{moment(alert.started_at)}{ended} UTC"),
        ("counted", f"{moment(alert.counted_from)} to {moment(alert.counted_to)} UTC"),
        ("seen", f"{alert.seen:,} of {alert.total:,} ({alert.share:.0%})"),
        (
            "usual",
            f"{_number(alert.expected)}, {alert.interval.low:,} to {alert.interval.high:,} "
            f"({alert.usual_share:.0%}); seen is {_number(alert.ratio)} times that",
        ),
        ("by chance", f"once in {days} days"),
        ("words", ", ".join(alert.words) or "none stand out"),
        ("updated", f"{moment(alert.updated_at)} UTC, revision {alert.revision}"),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def _quiet(silence: Silence | None, *, noted: bool = False) -> str:
    if silence is None:
        return ""
    told = "acknowledged" if silence.alert_id else f"silenced ({shown_id(silence.silence_id)})"
    if silence.by:
        told += f" by {silence.by}"
    if silence.ends_at is not None:
        told += f" until {moment(silence.ends_at)}"
    return f"{told}: {silence.note}" if noted and silence.note else told


def _end(silence: Silence) -> str:
    return "with its alert" if silence.ends_at is None else moment(silence.ends_at)


def _given(source: dict[str, Any]) -> str:
    feedback = source.get("feedback", {})
    place = (feedback.get("site"), feedback.get("service"))
    at = moment(datetime.fromisoformat(source["@timestamp"]))
    return "  ".join((at, *filter(None, place)))


def _passage(source: dict[str, Any]) -> Text:
    text = source.get("message", "").replace("\n", " ")
    more = len(text) > _SHOWN_CHARACTERS
    return Text(text[:_SHOWN_CHARACTERS] + "…" if more else text)
