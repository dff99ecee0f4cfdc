"""How far a search and Jetstream were read, as one cursor.

Both keep their own marks: the search brings what the stream's plain words did not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson

from connectors._moments import milliseconds
from connectors.social._memory import Memory

DAY_MS = 86_400_000


@dataclass(slots=True)
class BlueskyCursor:
    """Times are milliseconds since 1970, but ``live``."""

    at: int
    """Everything before has been searched."""
    until: int | None
    """A search under way goes on before; None: from now."""
    newest: int
    """The newest that the search under way has met."""
    live: int
    """Jetstream's last microsecond; 0: it was never heard."""
    checked: int
    """When deletes were last looked for."""
    memory: Memory

    @classmethod
    def resume(cls, cursor: str | None, *, days: int, remember: int, now: datetime) -> Self:
        """What a cursor stands for; None: so many days ago."""
        if cursor is None:
            ms = milliseconds(now)
            return cls(ms - days * DAY_MS, None, 0, 0, ms, Memory(remember))
        state = orjson.loads(cursor)
        memory = Memory.load(remember, state.pop("posts"))
        return cls(**state, memory=memory)

    def text(self) -> str:
        """The cursor."""
        search = {"at": self.at, "until": self.until, "newest": self.newest}
        rest = {"live": self.live, "checked": self.checked, "posts": self.memory.dump()}
        return orjson.dumps({**search, **rest}).decode()

    def go_before(self, ms: int) -> bool:
        """Go on with what is not newer, and whether that is any less than before."""
        less = self.until is None or ms + 1 < self.until
        if less:
            self.until = ms + 1  # what is of the same millisecond is met again
        return less

    def arrive(self) -> None:
        """The search has met what is known."""
        self.at, self.until, self.newest = max(self.at, self.newest), None, 0
