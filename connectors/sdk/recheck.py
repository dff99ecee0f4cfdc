"""Networks that show all posts of one kind, and where posts are edited or deleted.

A source of this kind walks to the newest post, remembers the newest it brought, and once a day
looks whether they are still what they were. Its cursor says how far it came, and what it remembers.
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


class RecheckedConfig(SourceConfig):
    """How far back is looked."""

    days: int = Field(default=7, ge=0, description="How far back the first run goes.")
    overlap_minutes: int = Field(
        default=60, ge=0, description="How far back each run looks for posts that came late."
    )
    remember: int = Field(
        default=500, ge=0, le=2_000, description="Newest posts to watch for edits and deletes."
    )


@dataclass(slots=True)
class RecheckedCursor(ABC):
    """What each network adds is how far its own lists were read."""

    checked: int
    """When edits and deletes were last looked for, in milliseconds since 1970."""
    memory: SeenPosts

    @classmethod
    @abstractmethod
    def initial(cls, ms: int) -> dict[str, Any]:
        """What is added, where nothing was read yet and what is later than ``ms`` is to be."""

    @classmethod
    def resume(cls, cursor: str | None, *, days: int, remember: int, now: datetime) -> Self:
        """What a cursor stands for; None: so many days ago."""
        if cursor is None:
            ms = unix_ms(now)
            return cls(ms, SeenPosts(remember), **cls.initial(ms - days * _DAY_MS))
        state = orjson.loads(cursor)
        return cls(memory=SeenPosts.load(remember, state.pop("posts")), **state)

    def text(self) -> str:
        """The cursor."""
        state = {one.name: getattr(self, one.name) for one in fields(self)}
        state["posts"] = state.pop("memory").dump()
        return orjson.dumps(state).decode()


RecheckedConfigT = TypeVar("RecheckedConfigT", bound=RecheckedConfig)
CursorT = TypeVar("CursorT", bound=RecheckedCursor)


class RecheckedSource(Streamed[RecheckedConfigT], Generic[RecheckedConfigT, CursorT]):
    """Catches up, and once a day looks again at what is remembered."""

    Cursor: ClassVar[type[RecheckedCursor]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cursor = type_argument(cls, RecheckedCursor)  # type: ignore[type-abstract]
        if cursor is not None:
            cls.Cursor = cursor

    def resume(self, cursor: str | None) -> CursorT:
        """Where to go on."""
        days, remember, now = self.config.days, self.config.remember, self.context.now()
        found: Any = self.Cursor.resume(cursor, days=days, remember=remember, now=now)
        resumed: CursorT = found
        return resumed

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the posts that follow the cursor; once a day, look again at those remembered."""
        now = unix_ms(self.context.now())
        state = self.resume(cursor)
        yield from self.walk(state)
        if now - state.checked >= _DAY_MS:
            yield from self.recheck(state)
            state.checked = now
        yield Page([], state.text())

    @abstractmethod
    def walk(self, state: CursorT) -> Iterator[Page]:
        """The posts that are not known; ``state`` moves with them."""

    @abstractmethod
    def recheck(self, state: CursorT) -> Iterator[Page]:
        """What has become of the posts in the cursor's memory."""

    def parse(self, item: Item) -> Feedback:
        """Return the record of a post or of its deletion."""
        if isinstance(item.data, Deletion):
            return deletion_record(self, item, item.data)
        return self.parse_post(item)

    @abstractmethod
    def parse_post(self, item: Item) -> Feedback:
        """Return the record of a post, as :meth:`parse` does."""
