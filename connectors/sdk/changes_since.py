"""Walks through what changed since a moment, for services that can be asked for just that.

The pages may come in any order, so the moment is moved only when a walk has seen them all. It
stays a minute behind the newest: a service may show something a little later than it says. What
was seen in that minute is kept by its id, and is no news when it is met again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeVar

import orjson

from connectors.sdk.errors import Fatal, Unauthorized
from connectors.sdk.timestamps import unix_ms

T = TypeVar("T")

_SETTLING_MS: Final = 60_000
_MOST_IDS: Final = 500


@dataclass(slots=True)
class ChangesSince:
    """What is asked for, and what of it is known."""

    now: int
    """In milliseconds since 1970, as all times here."""
    moment: int | None = None
    """What to ask for: everything since then; None: everything there is."""
    known: dict[str, int] = field(default_factory=dict)
    """Times by their ids, of what earlier walks have seen at that moment or later."""
    newest: int | None = None
    recent: dict[str, int] = field(default_factory=dict)
    """As ``known``, of this walk."""
    page: str | None = None
    """The service's token of the next page; None: the first."""
    resumed: bool = False
    """Whether that token is from an earlier run, and may have expired."""

    @classmethod
    def resume(cls, cursor: str | None, *, now: datetime) -> Self:
        """The walk that a cursor stands for; None: through everything."""
        state = {} if cursor is None else orjson.loads(cursor)
        known = dict(state.get("known", {}))
        page = state.get("page")
        return cls(
            unix_ms(now),
            state.get("since"),
            known,
            state.get("newest"),
            dict(state.get("recent", known)),
            page,
            page is not None,
        )

    @property
    def since_iso(self) -> str | None:
        """The moment as ISO 8601 in UTC, with milliseconds."""
        return None if self.moment is None else iso_utc(self.moment)

    def request(self, request: Callable[[str | None], T]) -> T:
        """What a request for the next page answers; a token that has expired begins anew."""
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
        """The unknown among (time, id, item). What has no time is news: ``parse`` refuses it."""
        found: list[T] = []
        for at, native_id, item in items:
            if at is None or self.known.get(native_id) != at:
                found.append(item)
            if at is not None:
                self.newest = at if self.newest is None else max(at, self.newest)
                self.recent[native_id] = at
        self._forget()
        return found

    def advance(self, page: str | None) -> str:
        """The cursor behind this page; ``page`` None: it was the last.

        Raises ``Fatal`` where the service gives the same page again.
        """
        if page is not None and page == self.page:
            raise Fatal("reading pages: the service gives the same page again")
        self.page = page
        if page is None:
            return self.complete(self.moment)
        state = {"since": self.moment, "known": self.known, "page": page}
        return _text({**state, "newest": self.newest, "recent": self.recent})

    def complete(self, at_least: int | None) -> str:
        """The cursor behind a walk that has seen everything; it never asks for an earlier time."""
        settled = self._settled()
        self.moment = max((one for one in (at_least, settled) if one is not None), default=None)
        self.known = {
            native_id: at
            for native_id, at in self.recent.items()
            if self.moment is None or at >= self.moment
        }
        return _text({"since": self.moment, "known": self.known})

    def _settled(self) -> int | None:
        return None if self.newest is None else min(self.newest, self.now) - _SETTLING_MS

    def _forget(self) -> None:
        settled = self._settled()
        if settled is None:
            return
        kept = [(at, native_id) for native_id, at in self.recent.items() if at >= settled]
        self.recent = {native_id: at for at, native_id in sorted(kept)[-_MOST_IDS:]}


def iso_utc(moment: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(state: dict[str, Any]) -> str:
    return orjson.dumps(state).decode()
