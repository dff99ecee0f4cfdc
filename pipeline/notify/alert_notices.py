"""Notices about alerts, short enough for a phone. Pure.

The title begins with the place, then the subject, then the numbers with their usual range; the last
lines are commands to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pipeline.notify.notice import Notice, Urgency
from pipeline.watch.alert_settings import AlertSettings
from schemas.alert import Alert, AlertKind, AlertState, Severity
from schemas.record import deterministic_id

_URGENCY: Final = {Severity.WARNING: Urgency.WARNING, Severity.CRITICAL: Urgency.CRITICAL}
_DATA_VIEW: Final = "feedback"
_RARE_DAYS: Final = 2.0


def create_alert_notice(
    alert: Alert, settings: AlertSettings, *, examples: Sequence[str] = ()
) -> Notice:
    """Return the notice of one revision of an alert; its id is derived from the revision."""
    return Notice(
        notice_id=deterministic_id("alert", alert.alert_id, str(alert.revision)),
        type=f"alert.{alert.state}",
        at=alert.updated_at,
        urgency=_URGENCY[alert.severity],
        title=alert_title(alert),
        text="\n".join(_lines(alert, settings)),
        data=alert.to_payload(),
        site=alert.site,
        topics=(alert.topic,) if alert.topic else (),
        source=alert.source,
        about=alert.alert_id,
        examples=tuple(examples) if alert.state is AlertState.FIRING else (),
    )


def alert_title(alert: Alert) -> str:
    """Return one line: place, subject, numbers."""
    where = alert.site or "No site"
    about = [part.replace("_", " ") for part in (alert.topic, alert.source) if part]
    subject = f"{where}, {', '.join(about)}" if about else where
    if alert.state is AlertState.RESOLVED:
        return f"{subject}: back to normal"
    what = "urgent" if alert.kind is AlertKind.URGENT else f"of {alert.total} negative"
    still = "still " if alert.revision else ""
    return f"{subject}: {still}{alert.seen} {what}, usually {_format_usual(alert)}"


def _lines(alert: Alert, settings: AlertSettings) -> list[str]:
    zone = ZoneInfo(settings.zone)
    lines = [alert.sentence, f"{_format_period(alert, zone)} {_format_share(alert)}".strip()]
    if alert.state is AlertState.FIRING:
        lines += [
            f"Details: `feedback alerts show {alert.alert_id}`",
            f"Acknowledge: `feedback alerts ack {alert.alert_id}`",
        ]
    else:
        lines.append(f"Details: `feedback alerts show {alert.alert_id}`")
    if settings.kibana:
        lines.append(f"Comments: {kibana_link(alert, settings.kibana)}")
    return lines


def _format_usual(alert: Alert) -> str:
    low, high = alert.interval.low, alert.interval.high
    return f"{low}" if low == high else f"{low} to {high}"


def _format_period(alert: Alert, zone: ZoneInfo) -> str:
    start = format_time(alert.started_at, zone)
    if alert.resolved_at is not None:
        return f"From {start} to {format_time(alert.resolved_at, zone, beside=alert.started_at)}."
    return f"Since {start}, for {format_duration(alert.updated_at - alert.started_at)}."


def _format_share(alert: Alert) -> str:
    if alert.state is AlertState.RESOLVED or not alert.total:
        return ""
    share = f"{alert.share:.0%} of {alert.total}, usually {alert.usual_share:.0%}."
    if alert.once_in_days < _RARE_DAYS:
        return share
    return f"{share} By chance alone this happens {_format_rarity(alert.once_in_days)}."


def _format_rarity(days: float) -> str:
    if days < 60:
        return f"once in {days:.0f} days"
    if days < 730:
        return f"once in {days / 30.4:.0f} months"
    years = days / 365.25
    return f"once in {years:.0f} years" if years < 1_000 else "less than once in 1,000 years"


def format_time(at: datetime, zone: ZoneInfo, *, beside: datetime | None = None) -> str:
    """Return ``Mon 3 Aug 14:15 BST``, without the day if it is that of ``beside``."""
    local = at.astimezone(zone)
    clock = f"{local:%H:%M %Z}"
    if beside is not None and beside.astimezone(zone).date() == local.date():
        return clock
    return f"{local:%a} {local.day} {local:%b} {clock}"


def format_duration(length: timedelta) -> str:
    """Return ``45 minutes``, ``2 h 15 min`` or ``3 days``."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"


def kibana_link(alert: Alert, kibana: str) -> str:
    """Return a link to Kibana's Discover with the alert's feedback."""
    until = alert.resolved_at or alert.updated_at
    query = _rison(" and ".join(_query_terms(alert)))
    time = f"(from:{_rison(_utc(alert.started_at))},to:{_rison(_utc(until))})"
    place = f"_g=(time:{time})&_a=(dataSource:(dataViewId:{_DATA_VIEW},type:dataView),"
    place += f"query:(language:kuery,query:{query}))"
    return f"{kibana.rstrip('/')}/app/discover#/?{quote(place, safe='=&():,!')}"


def _query_terms(alert: Alert) -> list[str]:
    """Return the terms of a KQL query for what was counted: a topic by its own sentiment."""
    negative = alert.kind is AlertKind.NEGATIVE
    topics = "feedback.negative_topics" if negative else "feedback.topics"
    terms = [
        f"{field}: {_kuery(value)}"
        for field, value in (
            ("feedback.site", alert.site),
            (topics, alert.topic),
            ("event.dataset", alert.source),
        )
        if value is not None
    ]
    if not negative:
        return [*terms, "feedback.urgent: true"]
    if alert.topic is None:
        terms.append("feedback.sentiment.label: negative")
    return [*terms, "not feedback.sentiment.by_translation: true"]


def _utc(at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%S}Z"


def _kuery(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _rison(text: str) -> str:
    escaped = text.replace("!", "!!").replace("'", "!'")
    return f"'{escaped}'"
