"""Incremental reading, for services that can be asked for what changed since a time.

The pages may come in any order, so that time moves only when all of them have been read. It stays
some hours behind the newest change, and behind the beginning of the reading: a service may show a
change later than its time says, and on a page that was read already. Changes of these hours are
remembered by their ids, so that they are not returned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self, TypeVar

import orjson

from connectors.sdk.errors import Fatal, Unauthorized
from connectors.sdk.timestamps import iso_utc, unix_ms

T = TypeVar("T")

_SETTLING_MS: Final = 6 * 3_600_000
_MAX_IDS: Final = 1_000
_MAX_STALE_PAGES: Final = 3
"""Consecutive pages that are empty or repeat what the run has read: the service has no end."""


@dataclass(slots=True)
class ChangesSince:
    """Progress of an incremental reading. All times are Unix times (ms)."""

    started: int
    """When the reading began, maybe in an earlier run."""
    moment: int | None = None
    """Read the changes since then; None: all."""
    known: dict[str, int] = field(default_factory=dict)
    """Times by id of the changes at that time or later that were read before."""
    newest: int | None = None
    recent: dict[str, int] = field(default_factory=dict)
    """The next value of ``known``."""
    page: str | None = None
    """The service's token of the next page; None: the first."""
    resumed: bool = False
    """True if that token is from an earlier run and may have expired."""
    _met: set[tuple[int | None, str]] = field(default_factory=set)
    _stale_pages: int = 0

    @classmethod
    def resume(cls, cursor: str | None, *, now: datetime) -> Self:
        """Return the reading that a cursor stands for; None: of everything."""
        state = {} if cursor is None else orjson.loads(cursor)
        known = dict(state.get("known", {}))
        page = state.get("page")
        return cls(
            state.get("started", unix_ms(now)),
            state.get("since"),
            known,
            state.get("newest"),
            dict(state.get("recent", known)),
            page,
            page is not None,
        )

    @property
    def since_iso(self) -> str | None:
        """``moment`` as ISO 8601 in UTC, with milliseconds."""
        return None if self.moment is None else iso_utc(self.moment)

    def request(self, request: Callable[[str | None], T]) -> T:
        """Call ``request`` with the next page's token; with None if an old token has expired."""
        resumed, self.resumed = self.resumed, False
        try:
            return request(self.page)
        except Unauthorized:
            raise
        except Fatal:
            if not resumed:
                raise
            self.page = None
            return request(None)

    def new_items(self, items: Iterable[tuple[int | None, str, T]]) -> list[T]:
        """Return the new items among (time, id, item).

        An item without a time is new: ``parse`` rejects it.
        """
        new: list[T] = []
        met_before = len(self._met)
        for at, native_id, item in items:
            self._met.add((at, native_id))
            if at is None or self.known.get(native_id) != at:
                new.append(item)
            if at is not None:
                self.newest = at if self.newest is None else max(at, self.newest)
                self.recent[native_id] = at
        self._evict()
        self._stale_pages = 0 if len(self._met) > met_before else self._stale_pages + 1
        return new

    def advance(self, page: str | None) -> str:
        """Return the cursor that follows a page; ``page`` is the next one's token, if any.

        Raises ``Fatal`` if the service returns the same page twice.
        """
        is_stale = self._stale_pages >= _MAX_STALE_PAGES
        if page is not None and (page == self.page or is_stale):
            raise Fatal("reading pages: the service returned the same page twice")
        self.page = page
        if page is None:
            return self.complete(self.moment)
        state = {"since": self.moment, "known": self.known, "page": page, "started": self.started}
        return _text({**state, "newest": self.newest, "recent": self.recent})

    def complete(self, at_least: int | None) -> str:
        """Return the cursor that follows the last page; its time is never before ``at_least``."""
        settled = self._settled_ms()
        if settled is not None and len(self.recent) >= _MAX_IDS:  # do not read what was forgotten
            settled = max(settled, min(self.recent.values()))
        self.moment = max((ms for ms in (at_least, settled) if ms is not None), default=None)
        self.known = {
            native_id: at
            for native_id, at in self.recent.items()
            if self.moment is None or at >= self.moment
        }
        return _text({"since": self.moment, "known": self.known})

    def _settled_ms(self) -> int | None:
        return None if self.newest is None else min(self.newest, self.started) - _SETTLING_MS

    def _evict(self) -> None:
        settled = self._settled_ms()
        if settled is None:
            return
        kept = [(at, native_id) for native_id, at in self.recent.items() if at >= settled]
        self.recent = {native_id: at for at, native_id in sorted(kept)[-_MAX_IDS:]}


def _text(state: dict[str, Any]) -> str:
    return orjson.dumps(state).decode()
