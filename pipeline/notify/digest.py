"""The digest: what a day or a week brought, in place of single notices. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from pipeline.notify.alert_notices import moment, title_of
from pipeline.notify.delivery_queue import DIGEST
from pipeline.notify.notice import Notice, Urgency
from pipeline.notify.route_settings import RouteSettings
from pipeline.scores.cases import CASE_MEASURES
from pipeline.scores.measures import MEASURES
from schemas.alert import Alert, AlertState
from schemas.coverage import Coverage, State
from schemas.record import deterministic_id
from schemas.score import Score

PERIODS: Final = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOST: Final = 20
_WRONG: Final = {
    State.SILENT: "brings nothing new",
    State.LATE: "is not run",
    State.FAILED: "fails",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a digest says, of the time from ``since`` to ``until``."""

    since: datetime
    until: datetime
    alerts: Sequence[Alert] = ()
    scores: Sequence[Score] = ()
    cases: tuple[int, int] | None = None
    """Open ones, and how many of these are overdue; None: there are no cases here."""
    troubled: Sequence[Coverage] = ()
    """Sources that are silent, late or fail."""


def last_due(settings: RouteSettings, now: datetime) -> datetime:
    """The last moment, up to now, at which the digest was or is to be told."""
    zone = ZoneInfo(settings.zone)
    day = now.astimezone(zone).date() + timedelta(days=1)
    weekly = settings.digest == "weekly"
    while True:
        due = datetime.combine(day, settings.at, zone).astimezone(UTC)
        if due <= now and not (weekly and _DAYS[day.weekday()] != settings.day):
            return due
        day -= timedelta(days=1)


def digest_notice(name: str, settings: RouteSettings, summary: Summary) -> Notice:
    """The notice of a route's digest; the same period is the same notice."""
    zone = ZoneInfo(settings.zone)
    begun = sum(alert.started_at >= summary.since for alert in summary.alerts)
    on = [alert for alert in summary.alerts if alert.state is AlertState.FIRING]
    return Notice(
        notice_id=deterministic_id("digest", name, summary.until.isoformat()),
        type=DIGEST,
        at=summary.until,
        urgency=Urgency.INFO,
        title=f"Feedback, {_days(summary, zone)}: {_headline(summary, begun, len(on))}",
        text="\n".join(_lines(summary, zone)),
        data=_data(summary),
    )


def _days(summary: Summary, zone: ZoneInfo) -> str:
    first = summary.since.astimezone(zone)
    last = (summary.until - timedelta(seconds=1)).astimezone(zone)
    return f"{first:%a} {first.day} {first:%b} to {last:%a} {last.day} {last:%b}"


def _headline(summary: Summary, begun: int, on: int) -> str:
    parts = [_count(begun, "new alert") if begun else "no new alert"]
    if on:
        parts.append(f"{on} going on")
    if summary.cases and summary.cases[1]:
        parts.append(f"{_count(summary.cases[1], 'case')} overdue")
    if summary.troubled:
        parts.append(f"{_count(len(summary.troubled), 'source')} in trouble")
    return ", ".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _lines(summary: Summary, zone: ZoneInfo) -> list[str]:
    lines = [
        f"From {moment(summary.since, zone)} to {moment(summary.until, zone)}.",
        *_section("Alerts:", [_alert(alert, zone) for alert in summary.alerts]),
        *_section("Scores:", [_score(score) for score in summary.scores]),
    ]
    if not summary.alerts:
        lines.insert(1, "No alert began, went on or ended.")
    if summary.cases is not None:
        open_, overdue = summary.cases
        lines.append(f"Cases: {open_} open, {overdue} overdue. `feedback cases list`")
    troubled = summary.troubled
    lines += _section("Sources in trouble:", [_source(c, summary.until, zone) for c in troubled])
    return lines


def _section(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    more = [f"- and {len(items) - _MOST} more"] if len(items) > _MOST else []
    return [title, *(f"- {item}" for item in items[:_MOST]), *more]


def _alert(alert: Alert, zone: ZoneInfo) -> str:
    when = f"since {moment(alert.started_at, zone)}, going on"
    if alert.resolved_at is not None:
        end = moment(alert.resolved_at, zone, beside=alert.started_at)
        when = f"{moment(alert.started_at, zone)} to {end}"
    return f"{title_of(alert)} ({when})"


def _score(score: Score) -> str:
    measure = MEASURES.get(score.measure) or CASE_MEASURES[score.measure]
    if score.value is None:
        waits = "fewer than five answers" if score.suppressed else "not yet, more than half wait"
        return f"{measure.title}: {waits}"
    digits = 2 if measure.span <= 1 else 0
    numbers = [f"{v:.{digits}f}" for v in (score.value, score.low, score.high) if v is not None]
    unit = " %" if measure.unit == "%" else ""
    between = f", 95 %: {numbers[1]} to {numbers[2]}" if len(numbers) == 3 else ""
    changed = ""
    if score.changed and score.change is not None:
        changed = f", {'up' if score.change > 0 else 'down'} {abs(score.change):.{digits}f}"
    return f"{measure.title} {numbers[0]}{unit} (n = {score.n}{between}){changed}"


def _source(coverage: Coverage, until: datetime, zone: ZoneInfo) -> str:
    wrong = _WRONG.get(coverage.state(until), "was in trouble")
    heard = moment(coverage.news_at or coverage.first_at, zone)
    return f"{coverage.source}.{coverage.instance} {wrong}; the last news came {heard}"


def _data(summary: Summary) -> bytes:
    cases = summary.cases
    return orjson.dumps(
        {
            "since": summary.since.isoformat(),
            "until": summary.until.isoformat(),
            "alerts": [orjson.Fragment(one.to_payload()) for one in summary.alerts],
            "scores": [orjson.Fragment(one.to_payload()) for one in summary.scores],
            **({"cases": {"open": cases[0], "overdue": cases[1]}} if cases else {}),
            "sources_in_trouble": [f"{one.source}.{one.instance}" for one in summary.troubled],
        }
    )
