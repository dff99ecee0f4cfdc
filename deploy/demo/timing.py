"""Times of the demo's comments: days vary by weekday, hours by family."""

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


def start_of_day(until: datetime) -> datetime:
    """Return the midnight (UTC) that starts the day of ``until``, at which the comments end.

    It is the same all day, so that a demo repeated on one day makes the same comments.
    """
    return until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day_weight(day: datetime) -> float:
    """Return the relative number of comments on that day of the week; 1 is usual."""
    return _WEEKDAYS[day.weekday()]


def random_time(rng: Random, day: datetime, family: Family) -> datetime:
    """Return a random time, to the second, of the day that starts at ``day``."""
    hour = rng.choices(range(24), _HOURS[family])[0]
    return day + timedelta(hours=hour, seconds=rng.randrange(3600))
