"""A status as Mastodon tells it, and what its id says: the moment, and the order."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from pydantic import AwareDatetime, BaseModel

from connectors.sdk import unix_ms
from schemas.record import deterministic_id


class Account(BaseModel):
    """Who wrote it; local accounts come without their server."""

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
        """The same for every server that knows the post; its URI names the author."""
        return deterministic_id(self.uri)

    @cached_property
    def created(self) -> int:
        """Milliseconds since 1970."""
        return unix_ms(self.created_at)

    @cached_property
    def revision(self) -> int:
        """Milliseconds since 1970 of the last edit."""
        return max(unix_ms(self.edited_at), self.created) if self.edited_at else self.created


def id_of(status: Any) -> str:
    """The id of what should be a status; empty where there is none."""
    found = status.get("id") if isinstance(status, dict) else None
    return found if isinstance(found, str) else ""


def rank(status_id: str) -> tuple[int, str]:
    """What ids are ordered by: they are numbers as text, longer ones are higher."""
    return len(status_id), status_id


def id_at(ms: int) -> str:
    """The lowest id of a moment: ids hold milliseconds, and 16 bits that tell posts apart."""
    return str(max(0, ms) << 16)


def earlier(status_id: str, ms: int) -> str:
    """The lowest id of the moment so many milliseconds before."""
    return id_at((int(status_id) >> 16) - ms) if status_id.isdecimal() else status_id
