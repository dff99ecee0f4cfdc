"""Output of `feedback alerts`: tables, pages and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.commands.alerts.query import AlertWithSilence, short_id
from pipeline.terminal import figures_table, format_time
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


def alerts_table(alerts: Sequence[AlertWithSilence]) -> Table:
    """Return a table with two or more lines per alert, so that it fits in 80 columns."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("id", "since (UTC)", "state", "what", "seen", "usual"):
        table.add_column(heading, no_wrap=heading != "what", overflow="fold")
    for item in alerts:
        alert = item.alert
        what = Text(f"{alert.kind}: {describe_subject(alert)}")
        if item.silence is not None:
            what.append(f"\n{_describe_silence(item.silence)}", "dim")
        table.add_row(
            short_id(alert.alert_id),
            format_time(alert.started_at),
            Text.assemble(
                (alert.severity, _STYLES[alert.severity]), "\n", (alert.state, _STYLES[alert.state])
            ),
            what,
            f"{alert.seen:,} of {alert.total:,}",
            f"{alert.interval.low:,} to {alert.interval.high:,}",
        )
    return table


def alert_page(item: AlertWithSilence, examples: Sequence[dict[str, Any]]) -> Group:
    """Return one alert in full: summary, figures, acknowledgement, example comments."""
    alert = item.alert
    head = Text(short_id(alert.alert_id), "bold")
    head.append("  ").append(alert.severity, _STYLES[alert.severity])
    head.append("  ").append(alert.state, _STYLES[alert.state])
    figures = figures_table(_figures(alert))
    if item.silence is not None:
        figures.add_row(
            Text("silence", "dim"), Text(_describe_silence(item.silence, with_note=True))
        )
    parts: list[RenderableType] = [head, Text(alert.sentence), "", figures]
    if alert.example_ids:
        parts += ["", f"{len(examples)} of {len(alert.example_ids)} examples:"]
    for source in examples:
        parts += [Text(_example_heading(source), "dim"), Padding(_passage(source), (0, 0, 0, 2))]
    return Group(*parts)


def silences_table(silences: Sequence[Silence]) -> Table:
    """Return a table with one line per silence."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("id", "what", "from (UTC)", "until (UTC)", "by", "note"):
        table.add_column(heading, no_wrap=heading not in {"what", "note"}, overflow="fold")
    for silence in silences:
        table.add_row(
            short_id(silence.silence_id),
            Text(describe_subject(silence)),
            format_time(silence.starts_at),
            _format_end(silence),
            Text(silence.by or ""),
            Text(silence.note or ""),
        )
    return table


def describe_subject(what: Alert | Silence) -> str:
    """Return the subject of an alert or silence in a few words."""
    if isinstance(what, Silence):
        if what.alert_id is not None:
            return f"alert {short_id(what.alert_id)}"
        return _join_names(what.kind, what.site, what.topic, what.source) or "everything"
    return _join_names(what.site or "no site", what.topic, what.source)


def alert_json(item: AlertWithSilence) -> dict[str, Any]:
    """Return an alert as JSON; ``silence`` is the silence that covers it, or null."""
    silence = None if item.silence is None else silence_json(item.silence)
    return {**orjson.loads(item.alert.to_payload()), "silence": silence}


def silence_json(silence: Silence) -> dict[str, Any]:
    """Return a silence as JSON."""
    fields: dict[str, Any] = orjson.loads(silence.to_payload())
    return fields


def _join_names(*names: str | None) -> str:
    return " · ".join(filter(None, names))


def _figures(alert: Alert) -> list[tuple[str, str]]:
    ended = f" to {format_time(alert.resolved_at)}" if alert.resolved_at else ""
    rare = alert.once_in_days >= _RARE_DAYS
    days = f"more than {_RARE_DAYS:,}" if rare else _format_number(alert.once_in_days)
    return [
        ("id", alert.alert_id),
        ("kind", alert.kind),
        ("about", describe_subject(alert)),
        ("since", f"{format_time(alert.started_at)}{ended} UTC"),
        ("counted", f"{format_time(alert.counted_from)} to {format_time(alert.counted_to)} UTC"),
        ("seen", f"{alert.seen:,} of {alert.total:,} ({alert.share:.0%})"),
        (
            "usual",
            f"{_format_number(alert.expected)}, {alert.interval.low:,} to {alert.interval.high:,} "
            f"({alert.usual_share:.0%}); seen is {_format_number(alert.ratio)} times that",
        ),
        ("by chance", f"once in {days} days"),
        ("words", ", ".join(alert.words) or "none stand out"),
        ("updated", f"{format_time(alert.updated_at)} UTC, revision {alert.revision}"),
    ]


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"


def _describe_silence(silence: Silence | None, *, with_note: bool = False) -> str:
    if silence is None:
        return ""
    text = "acknowledged" if silence.alert_id else f"silenced ({short_id(silence.silence_id)})"
    if silence.by:
        text += f" by {silence.by}"
    if silence.ends_at is not None:
        text += f" until {format_time(silence.ends_at)}"
    return f"{text}: {silence.note}" if with_note and silence.note else text


def _format_end(silence: Silence) -> str:
    return "with its alert" if silence.ends_at is None else format_time(silence.ends_at)


def _example_heading(source: dict[str, Any]) -> str:
    feedback = source.get("feedback", {})
    place = (feedback.get("site"), feedback.get("service"))
    at = format_time(datetime.fromisoformat(source["@timestamp"]))
    return "  ".join((at, *filter(None, place)))


def _passage(source: dict[str, Any]) -> Text:
    text = source.get("message", "").replace("\n", " ")
    more = len(text) > _SHOWN_CHARACTERS
    return Text(text[:_SHOWN_CHARACTERS] + "…" if more else text)
