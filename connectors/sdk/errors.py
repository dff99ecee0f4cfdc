"""Errors, named by what follows from them. Their messages hold no personal value."""

from __future__ import annotations

from typing import Final, Self

from pydantic import ValidationError

from schemas.validation import first_fault

_DEFAULT_WAIT_S: Final = 1.0


class Retry(Exception):
    """Try the same again after ``wait`` seconds; nothing was lost and no cursor moved."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        """``wait`` is what the service asks for, if it says."""
        super().__init__(message)
        self.wait = _DEFAULT_WAIT_S if wait is None else wait


class BadRecord(Exception):
    """This one item goes to the dead letters, with ``reason``; the others go on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @classmethod
    def from_validation(cls, source: str, error: ValidationError) -> Self:
        """What pydantic found first, without the value it found."""
        return cls(f"parsing {source}: {first_fault(error)}")


class Skip(Exception):
    """This one item is left out on purpose, and counted: it holds nothing to work on."""

    def __init__(self, reason: str = "no text") -> None:
        super().__init__(reason)
        self.reason = reason


class Fatal(Exception):
    """The run ends here: trying again would meet the same."""


class Misconfigured(Fatal):
    """The run ends here until somebody changes the connector's configuration."""


class Unauthorized(Fatal):
    """The run ends here until somebody renews the credentials."""


class Rejected(Exception):
    """A request from outside is not taken. Its message goes back to whoever sent it."""


class Forged(Rejected):
    """It is not signed by whom it claims to be from."""


class Stale(Rejected):
    """Its signature is from another time: it may have been recorded and sent again."""


class Malformed(Rejected):
    """It is signed, and no submission all the same."""
