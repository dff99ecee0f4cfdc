"""What may be set, and what was chosen from the simulation in bench/alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOWS: Final = (1, 4, 12, 24, 48, 96)
"""Trailing windows that are put to the test, in buckets: 15 min, 1, 3, 6, 12 and 24 h."""
RING: Final = 98
"""Buckets that are kept: the longest window and two that may still change."""
LATE: Final = 2
"""Closed buckets that still take late events; learning waits for them."""


@dataclass(frozen=True, slots=True)
class Rules:
    """When one kind of count is a spike."""

    false_alarms_a_day: float
    """The budget over all keys together."""
    least: int
    """Fewer negatives, or urgent ones, in a window are never a spike."""
    least_ratio: float = 1.3
    """Seen by expected."""
    share_margin: float | None = 1.0
    """The share's lower bound must be so many times the usual share; None: no share is tested."""
    share_z: float = 1.0
    confirm_up_to: int = 4
    """In windows of up to so many buckets, two of three must agree, unless it is extreme; a longer
    one is no moment's chance."""
    extreme: float = 2.0
    """So many powers of ten rarer than asked need no second bucket."""


@dataclass(frozen=True, slots=True)
class Options:
    """The detector's settings."""

    negative: Rules = Rules(false_alarms_a_day=1.0, least=4)
    urgent: Rules = Rules(false_alarms_a_day=0.2, least=3, least_ratio=2.0, share_margin=None)
    warm_up_days: float = 7.0
    """A source, or a site, that is younger raises no alert."""
    half_life_days: float = 28.0
    """After so long, half of what is known of a key is younger."""
    remind_hours: float = 4.0
    calm_buckets: int = 2
    """Buckets back to normal that end an episode."""
    most_keys: int = 100_000
    """More are not watched, and counted as ``Detector.dropped.keys``."""
