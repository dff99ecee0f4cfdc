"""Pagination from the newest item back to what is known, for lists with the newest first.

Services show items late, put an old one on top, return fewer than were asked for, and repeat
pages. So a pass does not end at the first known item: it ends after a whole page without news that
reaches ``look_back`` below the newest known item, or where the list ends. Ids tell what is known.
Once per day a pass goes further back.

Until a pass has arrived, its cursor remembers its target: a run that was interrupted resumes the
pass, and the next pass reads what was added meanwhile.

If edits do not move an item to the top, the daily pass returns the items of ``recheck`` again; the
revisions of the records tell what is new.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Self, TypeVar

import orjson

from connectors.sdk.item_memory import MAX_ITEMS, ItemMemory, hash_id
from connectors.sdk.moments import MAX_AHEAD
from connectors.sdk.timestamps import unix_ms

T = TypeVar("T")

_LOOK_BACK: Final = timedelta(days=2)
"""Reviews are shown up to a day after they were written, posts when a moderator approves them."""
_DAILY_LOOK_BACK: Final = timedelta(days=14)
_DAY_MS: Final = 24 * 60 * 60 * 1000
_MAX_STALE_PAGES: Final = 3
"""Consecutive pages that are empty, or repeat what this run has met, before a pass ends."""


@dataclass(slots=True)
class BackwardPaginator(Generic[T]):
    """Progress of a pass. Times are Unix times (ms)."""

    memory: ItemMemory
    known_at: int
    """The newest time when the pass began; -1 if nothing had been read."""
    until: int
    """How far back the pass goes; -1: to the end of the list."""
    page: str | None
    """The service's token of the next page; None: the first, or the pass has arrived."""
    deep: int
    """When the last daily pass began."""
    again: int | None
    """Items since then are returned again; None: none are."""
    is_first: bool
    """True until a pass has arrived: what it returns is history."""
    _latest: int = 2**63
    """A later time cannot be an item's: it would count all others as known."""
    _met: set[str] = field(default_factory=set)
    _requested: set[str | None] = field(default_factory=set)
    _begun: str | None = None
    """The cursor that the pass began with."""
    _had_news: bool = False
    _stale_pages: int = 0
    _has_news: bool = False
    _last_at: int | None = None
    """Time of the page's last item."""

    @classmethod
    def resume(
        cls,
        cursor: str | None,
        *,
        now: datetime,
        recheck: timedelta = timedelta(0),
        look_back: timedelta | None = None,
        remember: int = MAX_ITEMS,
    ) -> Self:
        """Return the pass that a cursor stands for; None: through the whole list.

        ``recheck`` is how far one pass per day goes back for edits, and ``look_back`` how far each
        pass goes back for what is shown late; by default two days, and two weeks once per day.
        """
        paginator = cls._resume(cursor, unix_ms(now), recheck, look_back, remember)
        paginator._begun, paginator._latest = cursor, unix_ms(now + MAX_AHEAD)
        paginator.memory.settled_at = paginator.known_at
        return paginator

    @classmethod
    def _resume(
        cls,
        cursor: str | None,
        ms: int,
        recheck: timedelta,
        look_back: timedelta | None,
        remember: int,
    ) -> Self:
        if cursor is None:
            return cls(ItemMemory(remember), -1, -1, None, ms, None, True)
        state = orjson.loads(cursor)
        deep = int(state.get("deep", 0))
        memory = ItemMemory.load(state.get("known", state), remember)
        if "newest" in state:
            return cls._resume_mark(state, memory, deep)
        known_at = state.get("at", memory.newest_at)
        if "page" in state:
            until, again, is_first = state["until"], state.get("again"), "first" in state
            return cls(memory, known_at, until, state["page"], deep, again, is_first)
        daily = ms - deep >= _DAY_MS
        again = ms - _in_ms(recheck) if recheck and daily else None
        back = look_back or (_DAILY_LOOK_BACK if daily else _LOOK_BACK)
        until = known_at - _in_ms(back) if again is None else min(known_at - _in_ms(back), again)
        until = -1 if known_at < 0 else max(0, until)
        return cls(memory, known_at, until, None, ms if daily else deep, again, False)

    @classmethod
    def _resume_mark(cls, state: dict[str, Any], memory: ItemMemory, deep: int) -> Self:
        """Return the interrupted pass of an earlier version, which held marks instead of ids."""
        known_at, _ = state["known"]
        newest_at, ids = state["newest"]
        for native_id in ids:
            memory.add(newest_at, native_id)
        # The other items that it has read are not remembered: once it has arrived, they are known.
        memory.forgotten = max(memory.forgotten, newest_at - 1)
        return cls(memory, known_at, known_at, state.get("page"), deep, None, known_at < 0)

    def new_items(self, items: Iterable[tuple[int | None, str, T]]) -> list[T]:
        """Return the new items among a page's (time in ms, id, item).

        An item without a time that can be is new once, by its id or, without one, by its content.
        """
        new: list[T] = []
        met_before, self._last_at = len(self._met), None
        for named_at, own_id, item in items:
            at = None if named_at is None or named_at > self._latest else named_at
            native_id = own_id or describe_item(item)
            key = hash_id(f"{at}/{native_id}")
            self._last_at = self._last_at if at is None else at
            if key in self._met:
                continue
            self._met.add(key)
            is_again = at is not None and self.again is not None and at >= self.again
            if is_again or not self.memory.knows(at, native_id):
                new.append(item)
                self.memory.add(self.memory.newest_at if at is None else at, native_id)
        self._has_news = bool(new)
        self._stale_pages = 0 if len(self._met) > met_before else self._stale_pages + 1
        return new

    def advance(self, following: str | None) -> str:
        """Return the cursor that follows a page.

        ``following`` is the service's token of the next page, or None if the list ends. ``page``
        is None afterwards if the pass has arrived.
        """
        self._requested.add(self.page)
        is_settled = (
            not self._has_news and self._last_at is not None and self._last_at <= self.until
        )
        is_stale = self._stale_pages >= _MAX_STALE_PAGES
        has_more = bool(following) and following not in self._requested
        self.page = following if has_more and not is_settled and not is_stale else None
        self._had_news = self._had_news or self._has_news
        if self.page is not None and not self._had_news and self._begun is not None:
            return self._begun  # nothing to resume: the next run looks back again
        return self.cursor(self.page)

    def cursor(self, next_page: str | None) -> str:
        """Return the cursor that follows a page; ``next_page`` is None if the pass has arrived."""
        if next_page is None:
            self.memory.settle()
            return orjson.dumps({**self.memory.dump(), "deep": self.deep}).decode()
        state = {**self.memory.dump(), "at": self.known_at, "until": self.until, "deep": self.deep}
        state["page"] = next_page
        if self.again is not None:
            state["again"] = self.again
        if self.is_first:
            state["first"] = True
        return orjson.dumps(state).decode()


def describe_item(item: Any) -> str:
    """Return a text that is the same for the same item."""
    try:
        return orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return repr(item)


def _in_ms(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)
