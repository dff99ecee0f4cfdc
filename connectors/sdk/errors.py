"""Errors, named after their consequence. Their messages hold no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self

from pydantic import ValidationError

from schemas.validation import first_fault

_DEFAULT_WAIT_S: Final = 1.0
_MAX_WAIT_S: Final = 86_400.0
"""A service may ask for any wait, even for one that no clock can measure."""


class Retry(Exception):
    """A transient error: retry after ``wait`` seconds. Nothing was lost and no cursor moved."""

    failed_places: Mapping[str, str] = {}
    """Reasons by place, if the source's other places were read."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        """``wait`` (s) is what the service asks for, if it names a wait; a day at most."""
        super().__init__(message)
        self.wait = _DEFAULT_WAIT_S if wait is None else min(wait, _MAX_WAIT_S)


class BadRecord(Exception):
    """One item is dead-lettered with ``reason``; the run continues with the others."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @classmethod
    def from_validation(cls, source: str, error: ValidationError) -> Self:
        """Return the error for the first fault that pydantic found, without the faulty value."""
        return cls(f"parsing {source}: {first_fault(error)}")


class Skip(Exception):
    """One item is left out on purpose, and counted: it holds no feedback."""

    def __init__(self, reason: str = "no text") -> None:
        super().__init__(reason)
        self.reason = reason


class Fatal(Exception):
    """A permanent error: the run ends, and a retry would fail again."""

    failed_places: Mapping[str, str] = {}
    """Reasons by place, if the source's other places were read."""


class Misconfigured(Fatal):
    """The run ends; the operator must change the connector's settings."""


class Unauthorized(Fatal):
    """The run ends; the operator must renew the credentials."""


class Rejected(Exception):
    """A received request is refused. The message is returned to its sender."""


class Forged(Rejected):
    """The signature or secret is missing or wrong."""


class Stale(Rejected):
    """The signature is too old: the request may be a replay."""


class Malformed(Rejected):
    """The request is authentic, but not a submission."""
