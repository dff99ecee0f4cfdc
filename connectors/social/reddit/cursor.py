"""Where ``reddit`` goes on: its lists one after the other, then what it has read lately."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Self

import orjson

_MOST_REMEMBERED = 1_000
_DAY_MS = 24 * 60 * 60 * 1000
_SLACK_MS = 60 * 60 * 1000  # the service's clock and caches may be behind


@dataclass(slots=True)
class RedditCursor:
    """A round through the lists, and once a day through what was read."""

    walks: dict[str, str] = field(default_factory=dict)
    """Each list's walk."""
    todo: list[str] = field(default_factory=list)
    """Lists that this round has still to walk; a run that ends in the middle goes on with them."""
    recent: dict[str, int] = field(default_factory=dict)
    """Names of the newest things that were read, with their times in milliseconds."""
    queue: list[str] = field(default_factory=list)
    """Names that this round has still to look up again."""
    checked: int = 0
    """When the last look-up began, in milliseconds."""
    before: int = 0
    """When the one before it began: an edit since then is news."""

    @classmethod
    def resume(
        cls, cursor: str | None, *, lists: list[str], now: datetime, recheck: timedelta
    ) -> Self:
        """The round that a cursor stands in, or the next one where that has ended."""
        ms = int(now.timestamp() * 1000)
        if cursor is None:
            return cls(todo=lists, checked=ms, before=ms)
        state = cls(**orjson.loads(cursor))
        state.todo = [name for name in state.todo if name in lists]
        if not state.todo and not state.queue:
            state.todo = lists
            state._begin_check(ms, ms - int(recheck.total_seconds() * 1000))
        return state

    def _begin_check(self, ms: int, furthest: int) -> None:
        self.recent = {name: at for name, at in self.recent.items() if at >= furthest}
        if self.recent and ms - self.checked >= _DAY_MS:
            self.queue = list(self.recent)
            self.before, self.checked = self.checked, ms

    def walked(self, name: str, walk: str, *, arrived: bool) -> None:
        """Keep a list's walk; ``arrived``: the round has done with it."""
        self.walks[name] = walk
        if arrived:
            self.todo = [other for other in self.todo if other != name]

    def remember(self, things: Iterable[tuple[str, int | None]]) -> None:
        """Take names and times in milliseconds into what is looked up again."""
        self.recent.update((name, at) for name, at in things if at is not None)
        if len(self.recent) > _MOST_REMEMBERED:
            newest = nlargest(_MOST_REMEMBERED, self.recent.items(), key=lambda one: one[1])
            self.recent = dict(newest)

    def changed(self, name: str, edited_ms: int, gone: bool) -> bool:
        """Whether a thing that was looked up is news; what is gone is forgotten."""
        if gone:
            self.recent.pop(name, None)
        return gone or edited_ms >= self.before - _SLACK_MS

    def text(self) -> str:
        """The cursor."""
        return orjson.dumps(asdict(self)).decode()
