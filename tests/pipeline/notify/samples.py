"""Alerts and notices that tests tell of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.notify.notice import Notice, Urgency
from schemas.alert import Alert, AlertKind, AlertState, Interval, Severity

STARTED = datetime(2026, 8, 3, 13, 15, tzinfo=UTC)


def an_alert(site: str = "North", **fields: Any) -> Alert:
    state = fields.get("state", AlertState.FIRING)
    resolved = state is AlertState.RESOLVED
    values: dict[str, Any] = {
        "kind": AlertKind.NEGATIVE,
        "site": site,
        "topic": "waiting_time",
        "revision": 1 if resolved else 0,
        "state": state,
        "severity": Severity.WARNING,
        "started_at": STARTED,
        "updated_at": STARTED + timedelta(hours=1, minutes=45),
        "resolved_at": STARTED + timedelta(hours=1, minutes=45) if resolved else None,
        "counted_from": STARTED,
        "counted_to": STARTED + timedelta(hours=1),
        "seen": 23,
        "total": 31,
        "expected": 5.2,
        "interval": Interval(low=2, high=9),
        "ratio": 4.42,
        "share": 0.7419,
        "usual_share": 0.2,
        "once_in_days": 5_000.0,
        "words": ("hours", "nobody"),
        "sentence": f"{site}: 23 of 31 comments on waiting time were negative within 1 hour "
        "(usually 2 to 9); distinctive words: hours, nobody.",
    }
    if resolved:
        values["sentence"] = (
            f"{site}: negative comments on waiting time are back to normal after 1.75 hours."
        )
    return Alert.identify(**{**values, **fields})


def a_notice(**fields: Any) -> Notice:
    values: dict[str, Any] = {
        "notice_id": "0" * 32,
        "type": "alert.firing",
        "at": STARTED,
        "urgency": Urgency.WARNING,
        "title": "North, waiting time: 23 of 31 negative, usual are 2 to 9",
        "text": "North: 23 of 31 comments were negative.\nLook closer: `feedback alerts show 1`",
        "data": b'{"site":"North"}',
        "site": "North",
        "topics": ("waiting_time",),
        "source": "typeform",
    }
    return Notice(**{**values, **fields})
