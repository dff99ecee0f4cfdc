"""How far a hashtag's timeline was read.

Only ``fetch`` moves the position: the stream may have had a gap that nobody saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import orjson

from connectors._moments import milliseconds
from connectors.social._mastodon_status import id_at
from connectors.social._memory import Memory

DAY_MS = 86_400_000


@dataclass(slots=True)
class MastodonCursor:
    """A position, and the posts before it that are remembered."""

    id: str
    """The last status that was read."""
    arrived: bool
    """Whether that was the newest there was."""
    checked: int
    """When edits and deletes were last looked for, in milliseconds since 1970."""
    memory: Memory

    @classmethod
    def resume(cls, cursor: str | None, *, days: int, remember: int, now: datetime) -> Self:
        """What a cursor stands for; None: so many days ago."""
        if cursor is None:
            ms = milliseconds(now)
            return cls(id_at(ms - days * DAY_MS), False, ms, Memory(remember))
        state = orjson.loads(cursor)
        memory = Memory.load(remember, state.pop("posts"))
        return cls(**state, memory=memory)

    def text(self) -> str:
        """The cursor."""
        state = {"id": self.id, "arrived": self.arrived, "checked": self.checked}
        return orjson.dumps({**state, "posts": self.memory.dump()}).decode()
