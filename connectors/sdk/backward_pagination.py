"""Walks from the newest back to what is known, for services that list the newest first.

Until a walk has arrived, its cursor remembers where it was going: a run that ends in the middle
goes on there, and what came meanwhile is met by the next walk. An item counts as known when it is
older than the newest of the last walk, or is one of those of the very same moment.

Where edits do not come to the top, a walk a day goes back further and brings everything again:
the records' revisions tell what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Self, TypeVar

import orjson

T = TypeVar("T")

_MOST_IDS = 500
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(slots=True)
class HighWaterMark:
    """The newest that was seen: its time in milliseconds, and the ids of that very moment."""

    at: int = -1
    ids: list[str] = field(default_factory=list)

    def knows(self, at: int, native_id: str) -> bool:
        """Whether an item is no news."""
        return at < self.at or (at == self.at and native_id in self.ids)

    def see(self, at: int, native_id: str) -> None:
        """Take an item into account."""
        if at > self.at:
            self.at, self.ids = at, [native_id]
        elif at == self.at and native_id not in self.ids and len(self.ids) < _MOST_IDS:
            self.ids.append(native_id)


@dataclass(slots=True)
class BackwardPaginator(Generic[T]):
    """Where a walk goes on, and where it ends."""

    known: HighWaterMark = field(default_factory=HighWaterMark)
    newest: HighWaterMark = field(default_factory=HighWaterMark)
    page: str | None = None
    """The service's token of the next page; None: the first."""
    deep: int = 0
    """When a walk last went back all of its ``recheck``, in milliseconds."""

    @classmethod
    def resume(
        cls, cursor: str | None, *, now: datetime, recheck: timedelta = timedelta(0)
    ) -> Self:
        """The walk that a cursor stands for; None: through everything there is.

        ``recheck``: how far a walk a day goes back for edits.
        """
        ms = int(now.timestamp() * 1000)
        if cursor is None:
            return cls(deep=ms)
        state = orjson.loads(cursor)
        known, deep = HighWaterMark(*state["known"]), int(state.get("deep", 0))
        if "newest" in state:
            return cls(known, HighWaterMark(*state["newest"]), state.get("page"), deep)
        newest = HighWaterMark(known.at, [*known.ids])
        if recheck and ms - deep >= _DAY_MS:
            furthest = ms - int(recheck.total_seconds() * 1000)
            return cls(HighWaterMark(min(known.at, furthest)), newest, None, ms)
        return cls(known, newest, None, deep)

    def new_items(self, items: Iterable[tuple[int | None, str, T]]) -> tuple[list[T], bool]:
        """The unknown among a page's (time in ms, id, item), and whether the known was reached.

        What has no time that can be read is always news: ``parse`` says what is wrong with it.
        """
        found: list[T] = []
        reached = False
        for at, native_id, item in items:
            if at is None:
                found.append(item)
                continue
            if self.known.knows(at, native_id):
                reached = reached or at < self.known.at
                continue
            self.newest.see(at, native_id)
            found.append(item)
        return found, reached

    def cursor(self, next_page: str | None) -> str:
        """The cursor behind a page; ``next_page`` None: the walk has arrived."""
        if next_page is None:
            return _text({"known": _pair(self.newest), "deep": self.deep})
        return _text(
            {
                "known": _pair(self.known),
                "newest": _pair(self.newest),
                "page": next_page,
                "deep": self.deep,
            }
        )


def _pair(mark: HighWaterMark) -> list[object]:
    return [mark.at, mark.ids]


def _text(state: dict[str, object]) -> str:
    return orjson.dumps(state).decode()
