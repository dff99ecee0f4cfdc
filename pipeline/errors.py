"""Errors that end a command: a message in one sentence and an exit status."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit status of the `feedback` command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNAVAILABLE = 3
    BAD_INPUT = 4


class CommandError(Exception):
    """An expected failure of a command; ``str()`` is the message for the user."""

    def __init__(self, message: str, status: ExitStatus = ExitStatus.FAILED) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(CommandError):
    """A server that the command needs is unavailable."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitStatus.UNAVAILABLE)
