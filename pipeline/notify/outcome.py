"""``Outcome``: what came of telling one destination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """What follows from an attempt."""

    TOLD = "told"
    LATER = "later"
    """It failed, and may succeed later."""
    GONE = "gone"
    """The destination wants nothing any more, or is none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt; ``reason`` names no secret."""

    verdict: Verdict
    reason: str = ""
    wait: timedelta | None = None
    """How long the destination asks to leave it alone, with everything."""
    destination: str = ""


TOLD = Outcome(Verdict.TOLD)


def later(reason: str, wait: timedelta | None = None) -> Outcome:
    """A failure that may pass."""
    return Outcome(Verdict.LATER, reason, wait)
