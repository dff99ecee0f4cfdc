"""The cursor of ``reddit``: a pass through each of its lists, and a check of what it read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Self

import orjson

_MAX_REMEMBERED = 1_000
_DAY_MS = 24 * 60 * 60 * 1000
_SLACK_MS = 60 * 60 * 1000  # the service's clock and caches may lag


@dataclass(slots=True)
class RedditCursor:
    """Progress in the lists, and once per day in what was read."""

    walks: dict[str, str] = field(default_factory=dict)
    """Cursor of each list's pass."""
    recent: dict[str, int] = field(default_factory=dict)
    """Names of the newest posts and comments that were read, with their Unix times (ms)."""
    queue: list[str] = field(default_factory=list)
    """Names that are still to be checked."""
    checked: int = 0
    """When the last check began (Unix time, ms)."""
    before: int = 0
    """When the check before it began: an edit since then is new."""

    @classmethod
    def resume(cls, cursor: str | None, *, now: datetime, recheck: timedelta) -> Self:
        """Return the state that a cursor stands for, with a new check if one is due."""
        ms = int(now.timestamp() * 1000)
        if cursor is None:
            return cls(checked=ms, before=ms)
        fields = orjson.loads(cursor)
        fields.pop("todo", None)  # of earlier versions, which read the lists one after the other
        state = cls(**fields)
        if not state.queue:
            state._begin_check(ms, ms - int(recheck.total_seconds() * 1000))
        return state

    def _begin_check(self, ms: int, oldest: int) -> None:
        self.recent = {name: at for name, at in self.recent.items() if at >= oldest}
        if self.recent and ms - self.checked >= _DAY_MS:
            self.queue = list(self.recent)
            self.before, self.checked = self.checked, ms

    def remember(self, things: Iterable[tuple[str, int | None]]) -> None:
        """Remember names and times (Unix, ms) for the next check."""
        self.recent.update((name, at) for name, at in things if at is not None)
        if len(self.recent) > _MAX_REMEMBERED:
            newest = nlargest(_MAX_REMEMBERED, self.recent.items(), key=lambda pair: pair[1])
            self.recent = dict(newest)

    def is_changed(self, name: str, edited_ms: int, deleted: bool) -> bool:
        """Return True if a post has changed since the last check; forget a deleted one."""
        if deleted:
            self.recent.pop(name, None)
        return deleted or edited_ms >= self.before - _SLACK_MS

    def text(self) -> str:
        """Return the cursor."""
        return orjson.dumps(asdict(self)).decode()
