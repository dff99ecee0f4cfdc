"""Made-up alerts for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.alert import Alert

STARTED = datetime(2026, 8, 3, 9, 15, tzinfo=UTC)


def spike(**changes: Any) -> Alert:
    """An alert with every field but its end."""
    fields: dict[str, Any] = {
        "revision": 0,
        "kind": "negative",
        "site": "North House",
        "topic": "waiting_time",
        "source": "file",
        "state": "firing",
        "severity": "critical",
        "started_at": STARTED,
        "updated_at": STARTED + timedelta(hours=1),
        "counted_from": STARTED,
        "counted_to": STARTED + timedelta(hours=1),
        "seen": 12,
        "total": 14,
        "expected": 2.125,
        "interval": {"low": 0, "high": 5},
        "ratio": 5.65,
        "share": 0.8571,
        "usual_share": 0.2,
        "once_in_days": 1230.0,
        "words": ("queue", "hours"),
        "example_ids": ("a" * 32,),
        "sentence": "North House: 12 of 14 comments on waiting time were negative.",
    }
    return Alert.identify(**{**fields, **changes})


def resolve_alert(alert: Alert, *, after: timedelta = timedelta(hours=3)) -> Alert:
    """The notice of its end."""
    end = alert.started_at + after
    values = alert.model_dump() | {
        "revision": alert.revision + 1, "state": "resolved", "resolved_at": end, "updated_at": end,
    }  # fmt: skip
    return Alert.model_validate(values)
