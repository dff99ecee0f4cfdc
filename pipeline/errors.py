"""Errors that end a command: one clear sentence and an exit status."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the `feedback` command returns to the shell."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    BAD_INPUT = 4


class CommandError(Exception):
    """Ends a command; ``str()`` is the sentence that the user reads."""

    def __init__(self, message: str, status: ExitStatus = ExitStatus.FAILED) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(CommandError):
    """A server that the command needs does not answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitStatus.UNAVAILABLE)
