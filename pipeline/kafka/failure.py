"""What every sink answers: which items of a batch failed, why, and whether to try again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """One item that was not taken: its index in the batch."""

    index: int
    reason: str
    error: str
    retryable: bool


class Fatal(Exception):
    """Nothing can be written until somebody acts: wrong credentials, or almost all refused.

    The worker stops with a non-zero status and commits nothing of the batch in hand.
    """


class Waiting(Exception):
    """The destination does not answer or asks to wait; the same batch may succeed later."""
