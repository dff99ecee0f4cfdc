"""Statuses of Mastodon, and their ids, which hold a time and an order."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import AwareDatetime, BaseModel

from connectors.sdk import unix_ms
from schemas.record import deterministic_id


class Account(BaseModel):
    """The author; a local account does not name its server."""

    acct: str = ""


class Status(BaseModel):
    """https://docs.joinmastodon.org/entities/Status."""

    id: str
    uri: str
    created_at: AwareDatetime
    edited_at: AwareDatetime | None = None
    visibility: str
    content: str
    spoiler_text: str = ""
    language: str | None = None
    reblog: Any = None
    account: Account = Account()

    @cached_property
    def native_id(self) -> str:
        """A hash of the URI, which names the author and is the same on all servers."""
        return deterministic_id(self.uri)

    @cached_property
    def created(self) -> int:
        """Unix time (ms)."""
        return unix_ms(self.created_at)

    @cached_property
    def revision(self) -> int:
        """Unix time (ms) of the last edit."""
        return max(unix_ms(self.edited_at), self.created) if self.edited_at else self.created


def status_id(status: Any) -> str:
    """Return the id of a status, or an empty text if it is not valid."""
    value = status.get("id") if isinstance(status, dict) else None
    return value if isinstance(value, str) else ""


def rank(native_id: str) -> tuple[int, str]:
    """Return the sort key of an id: ids are numbers as text, of which longer ones are higher."""
    return len(native_id), native_id


def id_at(ms: int) -> str:
    """Return the lowest id of a time (Unix, ms): ids hold milliseconds, and 16 more bits."""
    return str(max(0, ms) << 16)


def earlier(native_id: str, ms: int) -> str:
    """Return the lowest id of the time that is ``ms`` milliseconds before an id's."""
    return id_at((int(native_id) >> 16) - ms) if native_id.isdecimal() else native_id
