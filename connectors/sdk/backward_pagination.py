"""Pagination from the newest item back to what is known, for lists with the newest first.

Until a pass has arrived there, its cursor remembers its target: a run that was interrupted resumes
the pass, and the next pass reads what was added meanwhile. An item is known if it is older than the
newest item of the last pass, or one of its items of that same millisecond.

If edits do not move an item to the top, one pass per day goes further back and returns everything
again; the revisions of the records tell what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Self, TypeVar

import orjson

T = TypeVar("T")

_MAX_IDS = 500
_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(slots=True)
class HighWaterMark:
    """The newest time (Unix, ms) that was read, and the ids of its items."""

    at: int = -1
    ids: list[str] = field(default_factory=list)

    def knows(self, at: int, native_id: str) -> bool:
        """Return True if an item was read before."""
        return at < self.at or (at == self.at and native_id in self.ids)

    def see(self, at: int, native_id: str) -> None:
        """Raise the mark to an item."""
        if at > self.at:
            self.at, self.ids = at, [native_id]
        elif at == self.at and native_id not in self.ids and len(self.ids) < _MAX_IDS:
            self.ids.append(native_id)


@dataclass(slots=True)
class BackwardPaginator(Generic[T]):
    """Progress of a pass."""

    known: HighWaterMark = field(default_factory=HighWaterMark)
    newest: HighWaterMark = field(default_factory=HighWaterMark)
    page: str | None = None
    """The service's token of the next page; None: the first."""
    deep: int = 0
    """When a pass last covered all of ``recheck`` (Unix time, ms)."""

    @classmethod
    def resume(
        cls, cursor: str | None, *, now: datetime, recheck: timedelta = timedelta(0)
    ) -> Self:
        """Return the pass that a cursor stands for; None: through the whole list.

        ``recheck`` is how far one pass per day goes back for edits.
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
            oldest = ms - int(recheck.total_seconds() * 1000)
            return cls(HighWaterMark(min(known.at, oldest)), newest, None, ms)
        return cls(known, newest, None, deep)

    def new_items(self, items: Iterable[tuple[int | None, str, T]]) -> tuple[list[T], bool]:
        """Return the new items among a page's (time in ms, id, item), and True on arrival.

        An item without a readable time is always new: ``parse`` rejects it.
        """
        new: list[T] = []
        reached = False
        for at, native_id, item in items:
            if at is None:
                new.append(item)
                continue
            if self.known.knows(at, native_id):
                reached = reached or at < self.known.at
                continue
            self.newest.see(at, native_id)
            new.append(item)
        return new, reached

    def cursor(self, next_page: str | None) -> str:
        """Return the cursor that follows a page; ``next_page`` is None if the pass has arrived."""
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
