"""Outcome of one delivery attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class DeliveryStatus(StrEnum):
    """Result of an attempt."""

    DELIVERED = "delivered"
    TRANSIENT = "transient"
    """It failed and may succeed later."""
    PERMANENT = "permanent"
    """The destination refuses further deliveries, or does not exist."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of an attempt; ``reason`` contains no secret."""

    status: DeliveryStatus
    reason: str = ""
    retry_after: timedelta | None = None
    """How long the destination asks for no delivery at all, if it does."""
    destination: str = ""


DELIVERED = Outcome(DeliveryStatus.DELIVERED)


def transient_failure(reason: str, retry_after: timedelta | None = None) -> Outcome:
    """Return the outcome of a failure that may pass."""
    return Outcome(DeliveryStatus.TRANSIENT, reason, retry_after)
