"""The start of every command: quiet libraries, and an environment without slips of the pen."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import logs
from pipeline.commands.shared.context import require_known_variables


def prepare(arguments: Sequence[str] | None, *, debug: bool) -> None:
    """Prepare the run of a command; raises ``CommandError`` if a variable is unknown.

    Without ``arguments`` the environment is not checked.
    """
    if not debug:
        logs.quiet_libraries()
    if arguments is not None:
        require_known_variables(arguments)
