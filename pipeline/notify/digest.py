"""The digest: a summary of a day or a week in place of single notices. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from pipeline.notify.alert_notices import alert_title, format_time
from pipeline.notify.notice import DIGEST, Notice, Urgency
from pipeline.notify.route_settings import RouteSettings
from pipeline.scores.cases import CASE_MEASURES
from pipeline.scores.measures import MEASURES
from schemas.alert import Alert, AlertState
from schemas.coverage import Coverage, State
from schemas.record import deterministic_id
from schemas.score import Score

PERIODS: Final = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MAX_ITEMS: Final = 20
_PROBLEMS: Final = {
    State.EMPTY: "has never held feedback",
    State.SILENT: "has no new feedback",
    State.LATE: "has not run",
    State.FAILED: "fails",
}


@dataclass(frozen=True, slots=True)
class CommentCounts:
    """Numbers of comments that were given in the period."""

    maybe_urgent: int = 0
    """Those that a person should read soon."""
    scored: int = 0
    """Those whose own text was scored."""
    mixed: int = 0
    """Those of them that both praise and blame."""
    by_translation: int = 0
    """Those whose translation was scored, which are in no share."""
    negative_by_translation: int = 0


@dataclass(frozen=True, slots=True)
class DigestContent:
    """Content of a digest for the period from ``since`` to ``until``."""

    since: datetime
    until: datetime
    alerts: Sequence[Alert] = ()
    scores: Sequence[Score] = ()
    cases: tuple[int, int] | None = None
    """Numbers of open and of overdue cases; None if cases are not in use."""
    troubled: Sequence[Coverage] = ()
    """Sources that are silent, late or failing."""
    comments: CommentCounts | None = None
    """None if there is no feedback at all."""


def last_due_time(settings: RouteSettings, now: datetime) -> datetime:
    """Return the latest time, up to ``now``, at which the digest is due."""
    zone = ZoneInfo(settings.zone)
    day = now.astimezone(zone).date() + timedelta(days=1)
    weekly = settings.digest == "weekly"
    while True:
        due = datetime.combine(day, settings.at, zone).astimezone(UTC)
        if due <= now and not (weekly and _DAYS[day.weekday()] != settings.day):
            return due
        day -= timedelta(days=1)


def digest_notice(name: str, settings: RouteSettings, summary: DigestContent) -> Notice:
    """Return the notice of a route's digest; its id is derived from the period."""
    zone = ZoneInfo(settings.zone)
    started = sum(alert.started_at >= summary.since for alert in summary.alerts)
    firing = [alert for alert in summary.alerts if alert.state is AlertState.FIRING]
    headline = _headline(summary, started, len(firing))
    return Notice(
        notice_id=deterministic_id("digest", name, summary.until.isoformat()),
        type=DIGEST,
        at=summary.until,
        urgency=Urgency.INFO,
        title=f"Feedback, {_format_days(summary, zone)}: {headline}",
        text="\n".join(_lines(summary, settings, zone)),
        data=_to_json(summary),
    )


def _format_days(summary: DigestContent, zone: ZoneInfo) -> str:
    first = summary.since.astimezone(zone)
    last = (summary.until - timedelta(seconds=1)).astimezone(zone)
    return f"{first:%a} {first.day} {first:%b} to {last:%a} {last.day} {last:%b}"


def _headline(summary: DigestContent, started: int, firing: int) -> str:
    parts = [_pluralize(started, "new alert") if started else "no new alerts"]
    if firing:
        parts.append(f"{firing} firing")
    if summary.comments and summary.comments.maybe_urgent:
        parts.append(f"{summary.comments.maybe_urgent} to read soon")
    if summary.cases and summary.cases[1]:
        parts.append(f"{_pluralize(summary.cases[1], 'case')} overdue")
    if summary.troubled:
        parts.append(f"{_pluralize(len(summary.troubled), 'source')} in trouble")
    return ", ".join(parts)


def _pluralize(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _lines(summary: DigestContent, settings: RouteSettings, zone: ZoneInfo) -> list[str]:
    lines = [
        f"From {format_time(summary.since, zone)} to {format_time(summary.until, zone)}.",
        *_list_section("Alerts:", [_format_alert(alert, zone) for alert in summary.alerts]),
        *_list_section("Scores:", [_format_score(score) for score in summary.scores]),
    ]
    if not summary.alerts:
        lines.insert(1, "No alerts.")
    if summary.comments is not None:
        lines += _format_comments(summary.comments, _search_command(summary, settings, zone))
    if summary.cases is not None:
        open_, overdue = summary.cases
        lines.append(f"Cases: {open_} open, {overdue} overdue. `feedback cases list`")
    troubled = summary.troubled
    lines += _list_section(
        "Sources in trouble:", [_format_source(c, summary.until, zone) for c in troubled]
    )
    return lines


def _search_command(summary: DigestContent, settings: RouteSettings, zone: ZoneInfo) -> str:
    """Return the command that finds what may be urgent: in the same period, by the same filters."""
    values = [
        ("--since", summary.since.astimezone(zone).isoformat(timespec="seconds")),
        ("--until", summary.until.astimezone(zone).isoformat(timespec="seconds")),
        *(("--site", name) for name in settings.sites),
        *(("--organization", name) for name in settings.organizations),
        *(("--topic", name) for name in settings.topics),
        *(("--source", name) for name in settings.sources),
    ]
    words = [word for option in values for word in option]
    return shlex.join(["feedback", "search", "--maybe-urgent", *words])


def _format_comments(counts: CommentCounts, command: str) -> Iterator[str]:
    """Yield a line about what may be urgent, one about mixed comments, one about translations."""
    if counts.maybe_urgent:
        number = _pluralize(counts.maybe_urgent, "comment")
        yield f"To read soon, may be urgent: {number}. `{command}`"
    if counts.mixed:
        share = counts.mixed / max(counts.scored, 1)
        scored = _pluralize(counts.scored, "comment")
        yield f"Mixed, praise and blame at once: {counts.mixed} of {scored} ({share:.0%})."
    if counts.by_translation:
        translated = _pluralize(counts.by_translation, "comment")
        yield (
            f"Judged by translation: {translated}, {counts.negative_by_translation} of them "
            "negative; not in scores and alerts."
        )


def _list_section(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    more = [f"- and {len(items) - _MAX_ITEMS} more"] if len(items) > _MAX_ITEMS else []
    return [title, *(f"- {item}" for item in items[:_MAX_ITEMS]), *more]


def _format_alert(alert: Alert, zone: ZoneInfo) -> str:
    when = f"since {format_time(alert.started_at, zone)}, still firing"
    if alert.resolved_at is not None:
        end = format_time(alert.resolved_at, zone, beside=alert.started_at)
        when = f"{format_time(alert.started_at, zone)} to {end}"
    return f"{alert_title(alert)} ({when})"


def _format_score(score: Score) -> str:
    measure = MEASURES.get(score.measure) or CASE_MEASURES[score.measure]
    if score.value is None:
        reason = "fewer than five answers" if score.suppressed else "more than half still pending"
        return f"{measure.title}: {reason}"
    digits = 2 if measure.span <= 1 else 0
    numbers = [f"{v:.{digits}f}" for v in (score.value, score.low, score.high) if v is not None]
    unit = " %" if measure.unit == "%" else ""
    interval = f", 95 %: {numbers[1]} to {numbers[2]}" if len(numbers) == 3 else ""
    changed = ""
    if score.changed and score.change is not None:
        changed = f", {'up' if score.change > 0 else 'down'} {abs(score.change):.{digits}f}"
    return f"{measure.title} {numbers[0]}{unit} (n = {score.n}{interval}){changed}"


def _format_source(coverage: Coverage, until: datetime, zone: ZoneInfo) -> str:
    problem = _PROBLEMS.get(coverage.state(until), "was in trouble")
    last = format_time(coverage.news_at or coverage.first_at, zone)
    return f"{coverage.source}.{coverage.instance} {problem}; last new feedback {last}"


def _to_json(summary: DigestContent) -> bytes:
    cases = summary.cases
    return orjson.dumps(
        {
            "since": summary.since.isoformat(),
            "until": summary.until.isoformat(),
            "alerts": [orjson.Fragment(alert.to_payload()) for alert in summary.alerts],
            "scores": [orjson.Fragment(score.to_payload()) for score in summary.scores],
            **({"cases": {"open": cases[0], "overdue": cases[1]}} if cases else {}),
            **({"comments": asdict(summary.comments)} if summary.comments else {}),
            "sources_in_trouble": [f"{each.source}.{each.instance}" for each in summary.troubled],
        }
    )
