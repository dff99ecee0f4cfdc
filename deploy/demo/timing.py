"""When the demo's comments are given: days that differ by weekday, hours that differ by family."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from schemas.feedback import Family

_WEEKDAYS: Final = (1.2, 1.1, 1.05, 1.0, 1.05, 0.7, 0.6)
_HOURS: Final = {
    #               0               4               8                 12              16
    Family.FORM: (
        1, 1, 0, 0, 0, 1, 2, 4, 8, 12, 14, 13, 11, 11, 12, 12, 11, 9, 7, 6, 5, 4, 3, 2,
    ),
    Family.REVIEW: (
        2, 1, 1, 0, 0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 6, 6, 7, 8, 10, 13, 14, 12, 8, 4,
    ),
    Family.SOCIAL: (
        4, 2, 1, 1, 1, 1, 3, 6, 7, 6, 6, 6, 9, 8, 6, 6, 7, 9, 10, 12, 14, 14, 11, 7,
    ),
}  # fmt: skip


def end_of(until: datetime) -> datetime:
    """The midnight (UTC) that begins the day of ``until``: the demo's last comments come before.

    The same all day long, so that a demo repeated on one day makes the same comments.
    """
    return until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day_weight(day: datetime) -> float:
    """How much is written on that day of the week, 1 being usual."""
    return _WEEKDAYS[day.weekday()]


def moment(rng: Random, day: datetime, family: Family) -> datetime:
    """A moment of the day that begins at ``day``, to the second."""
    hour = rng.choices(range(24), _HOURS[family])[0]
    return day + timedelta(hours=hour, seconds=rng.randrange(3600))
