"""Outcome of an attempt that did not succeed: transient, permanent, or one refused item.

For Kafka, Elasticsearch and the issue trackers alike. The outcome of a notification is a value, and
no exception: see ``pipeline.notify.outcome``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class TransientError(Exception):
    """The server is unreachable, overloaded or asks to wait; the same attempt may succeed later."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        """``retry_after``: how long the server asks to wait, if it says."""
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(Exception):
    """Retrying cannot succeed: an operator has to act, or what was sent has to change.

    Raised out of a role, it stops the worker with a non-zero status, and nothing of the current
    batch is committed.
    """


@dataclass(frozen=True, slots=True)
class Failure:
    """One item of a batch that was refused; the other items were written."""

    index: int
    """Position in the batch."""
    reason: str
    error: str
    """Type of the error, without any value of the item."""
    retryable: bool
