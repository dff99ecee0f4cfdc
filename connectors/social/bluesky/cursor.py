"""How far a search and Jetstream were read, as one cursor.

Both keep their own marks: the search brings what the stream's plain words did not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sdk import RecheckedCursor


@dataclass(slots=True)
class BlueskyCursor(RecheckedCursor):
    """Times are milliseconds since 1970, but ``live``."""

    at: int
    """Everything before has been searched."""
    until: int | None
    """A search under way goes on before; None: from now."""
    newest: int
    """The newest that the search under way has met."""
    live: int
    """Jetstream's last microsecond; 0: it was never heard."""

    @classmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """As if everything before had been searched."""
        return {"at": ms, "until": None, "newest": 0, "live": 0}

    def continue_before(self, ms: int) -> bool:
        """Go on with what is not newer, and whether that is any less than before."""
        less = self.until is None or ms + 1 < self.until
        if less:
            self.until = ms + 1  # what is of the same millisecond is met again
        return less

    def complete(self) -> None:
        """The search has met what is known."""
        self.at, self.until, self.newest = max(self.at, self.newest), None, 0
