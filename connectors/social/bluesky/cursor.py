"""The cursor of ``bluesky``: positions in the search and in Jetstream.

They are independent: the search finds posts that matching by words in the stream missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sdk import RecheckedCursor


@dataclass(slots=True)
class BlueskyCursor(RecheckedCursor):
    """Times are Unix times (ms), except for ``live``."""

    at: int
    """All posts before that time have been searched."""
    until: int | None
    """A search under way continues before that time; None: from now."""
    newest: int
    """Time of the newest post in the search under way."""
    live: int
    """Time of Jetstream's last event (Unix, µs); 0 before the first."""

    @classmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """Return the fields of a cursor for which all earlier posts have been searched."""
        return {"at": ms, "until": None, "newest": 0, "live": 0}

    def continue_before(self, ms: int) -> bool:
        """Continue with posts that are not newer; return False without progress."""
        is_progress = self.until is None or ms + 1 < self.until
        if is_progress:
            self.until = ms + 1  # posts of the same millisecond are returned again
        return is_progress

    def complete(self) -> None:
        """Finish the search: it has arrived at what is known."""
        self.at, self.until, self.newest = max(self.at, self.newest), None, 0
