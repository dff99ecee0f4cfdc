"""Options of the detector; the defaults were chosen by the simulation in bench/alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOWS: Final = (1, 4, 12, 24, 48, 96)
"""Trailing windows that are tested, in buckets: 15 min, 1, 3, 6, 12 and 24 h."""
RING: Final = 98
"""Buckets kept: the longest window and two that may still change."""
LATE: Final = 2
"""Closed buckets that still accept late events; learning waits for them."""


@dataclass(frozen=True, slots=True)
class SpikeRules:
    """Rules for a spike of one kind of count."""

    false_alarms_a_day: float
    """The budget over all keys together."""
    min_count: int
    """Minimum of negatives, or urgent ones, in a window."""
    min_ratio: float = 1.3
    """Seen by expected."""
    share_margin: float | None = 1.0
    """Minimum of the share's lower bound by the usual share; None: the share is not tested."""
    share_z: float = 1.0
    confirm_up_to: int = 4
    """In windows of at most this number of buckets, two of three buckets must agree, unless the
    finding is extreme; longer windows are not a momentary fluctuation."""
    extreme: float = 2.0
    """Powers of ten beyond the limit at which one bucket is enough."""


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """Options of the detector."""

    negative: SpikeRules = SpikeRules(false_alarms_a_day=1.0, min_count=4)
    urgent: SpikeRules = SpikeRules(
        false_alarms_a_day=0.2, min_count=3, min_ratio=2.0, share_margin=None
    )
    warm_up_days: float = 7.0
    """A younger source or site raises no alert."""
    half_life_days: float = 28.0
    """Half-life of the weights of past buckets."""
    remind_hours: float = 4.0
    calm_buckets: int = 2
    """Buckets back to normal that end an episode."""
    max_keys: int = 100_000
    """Further keys are not watched, but counted as ``Detector.dropped.keys``."""
