"""Sources of networks that return posts of one kind, and where posts are edited or deleted.

Such a source reads up to the newest post, remembers the newest posts, and checks once a day whether
they have changed. Its cursor holds its position and what it remembers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, Self, TypeVar

import orjson
from pydantic import Field

from connectors.sdk.base import Item, Page
from connectors.sdk.recent_posts import Deletion, SeenPosts, deletion_record
from connectors.sdk.source import SourceConfig, Streamed, type_argument
from connectors.sdk.timestamps import unix_ms
from schemas.feedback import Feedback

_DAY_MS: Final = 86_400_000
UNCHECKED: Final = "deletes of some posts were not looked for: the service returned odd ones"
"""The note of a recheck whose response does not tell which posts exist."""


class RecheckedConfig(SourceConfig):
    """Settings of how far back posts are read."""

    days: int = Field(default=7, ge=0, description="Days that the first run reads back.")
    overlap_minutes: int = Field(
        default=60,
        ge=0,
        description="Minutes that each run reads again, for posts that arrive late.",
    )
    remember: int = Field(
        default=500,
        ge=0,
        le=2_000,
        description="Newest posts that are checked for edits and deletes.",
    )


@dataclass(slots=True)
class RecheckedCursor(ABC):
    """Position and memory; each network adds the positions in its own lists."""

    checked: int
    """When edits and deletes were last checked (Unix time, ms)."""
    memory: SeenPosts

    @classmethod
    @abstractmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """Return the added fields of a cursor that begins at ``ms`` (Unix time)."""

    @classmethod
    def resume(cls, cursor: str | None, *, days: int, remember: int, now: datetime) -> Self:
        """Return the state that a cursor stands for; None: ``days`` ago."""
        if cursor is None:
            ms = unix_ms(now)
            return cls(ms, SeenPosts(remember), **cls.initial(ms - days * _DAY_MS))
        state = orjson.loads(cursor)
        return cls(memory=SeenPosts.load(remember, state.pop("posts")), **state)

    def text(self) -> str:
        """Return the cursor."""
        state = {item.name: getattr(self, item.name) for item in fields(self)}
        state["posts"] = state.pop("memory").dump()
        return orjson.dumps(state).decode()


RecheckedConfigT = TypeVar("RecheckedConfigT", bound=RecheckedConfig)
CursorT = TypeVar("CursorT", bound=RecheckedCursor)


class RecheckedSource(Streamed[RecheckedConfigT], Generic[RecheckedConfigT, CursorT]):
    """Reads new posts, and once a day checks those it remembers."""

    Cursor: ClassVar[type[RecheckedCursor]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cursor = type_argument(cls, RecheckedCursor)  # type: ignore[type-abstract]
        if cursor is not None:
            cls.Cursor = cursor

    def resume(self, cursor: str | None) -> CursorT:
        """Return the state that a cursor stands for."""
        days, remember, now = self.config.days, self.config.remember, self.context.now()
        state: Any = self.Cursor.resume(cursor, days=days, remember=remember, now=now)
        resumed: CursorT = state
        return resumed

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the posts that follow the cursor; once a day, check those it remembers."""
        now = unix_ms(self.context.now())
        state = self.resume(cursor)
        yield from self.walk(state)
        if now - state.checked >= _DAY_MS:
            yield from self.recheck(state)
            state.checked = now
        yield Page([], state.text())

    def look_back_ms(self, state: CursorT) -> int:
        """Return how far before its position a reading begins, for posts that arrive late.

        That is a day, or less if the memory is full: a forgotten post would be read again.
        """
        times = [post.created for post in state.memory.posts.values() if post.revision]
        is_full = len(times) >= state.memory.size
        back = max(times) - min(times) if is_full and times else _DAY_MS
        back = back if times else 0  # a first reading begins where the settings say
        return max(min(back, _DAY_MS), self.config.overlap_minutes * 60_000)

    @abstractmethod
    def walk(self, state: CursorT) -> Iterator[Page]:
        """Yield the posts that are not known, and advance ``state`` with them."""

    @abstractmethod
    def recheck(self, state: CursorT) -> Iterator[Page]:
        """Yield the edits and deletes of the remembered posts."""

    def parse(self, item: Item) -> Feedback:
        """Return the record of a post or of its deletion."""
        if isinstance(item.data, Deletion):
            return deletion_record(self, item, item.data)
        return self.parse_post(item)

    @abstractmethod
    def parse_post(self, item: Item) -> Feedback:
        """Return the record of a post, as :meth:`parse` does."""
