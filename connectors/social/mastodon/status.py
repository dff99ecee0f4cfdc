"""Statuses of Mastodon, and their ids, which hold a time and an order."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BaseModel, StringConstraints

from connectors.sdk import Moment, NativeId, plain_text, read_moment, unix_ms
from schemas.record import deterministic_id

_QUOTE_LINK: Final = re.compile(r'<p class="quote-inline">.{0,2000}?</p>', re.DOTALL)
"""The address of a quoted post, for servers without quotes; it names that post's author."""


_MAX_DIGITS: Final = 20
"""Of a number of 64 bits."""


class Account(BaseModel):
    """The author; a local account does not name its server."""

    acct: str = ""


class _Option(BaseModel):
    title: str = ""


class _Poll(BaseModel):
    options: list[_Option] = []


class _Attachment(BaseModel):
    description: str | None = None


class _Quoted(BaseModel):
    content: str = ""


class _Quote(BaseModel):
    quoted_status: _Quoted | None = None


WORDS: Final = ("content", "spoiler_text")
"""The fields of a status without which it is not the author's."""


class Status(BaseModel):
    """https://docs.joinmastodon.org/entities/Status."""

    id: NativeId
    uri: Annotated[str, StringConstraints(min_length=1)]
    created_at: Moment | None = None
    edited_at: Moment | None = None
    visibility: str
    content: str = ""
    spoiler_text: str = ""
    language: str | None = None
    reblog: Any = None
    account: Account = Account()
    poll: _Poll | None = None
    media_attachments: list[_Attachment] = []
    quote: _Quote | None = None

    @property
    def text(self) -> str:
        """All that is the author's: warning, text, options of a poll, descriptions of pictures."""
        options = self.poll.options if self.poll else []
        parts = [
            self.spoiler_text,
            plain_text(_QUOTE_LINK.sub("", self.content)),
            *(option.title for option in options),
            *(attachment.description or "" for attachment in self.media_attachments),
        ]
        return "\n".join(part.strip() for part in parts if part.strip())

    @property
    def context(self) -> str | None:
        """The text of the post that it quotes."""
        quoted = self.quote.quoted_status if self.quote else None
        return plain_text(quoted.content) or None if quoted else None

    @property
    def written_at(self) -> datetime | None:
        """Its time, otherwise that in its id, if it has one."""
        is_snowflake = self.id.isdecimal() and len(self.id) <= _MAX_DIGITS
        if self.created_at is not None or not is_snowflake:
            return self.created_at
        return read_moment((int(self.id) >> 16) // 1000)

    @cached_property
    def native_id(self) -> str:
        """A hash of the URI, which names the author and is the same on all servers."""
        return deterministic_id(self.uri)

    @cached_property
    def created(self) -> int:
        """Unix time (ms); 0 if it is unknown."""
        return unix_ms(self.written_at) if self.written_at else 0

    @cached_property
    def revision(self) -> int:
        """Unix time (ms) of the last edit."""
        return max(unix_ms(self.edited_at) if self.edited_at else 1, self.created)


def status_id(status: Any) -> str:
    """Return the id of a status, or an empty text if it is not valid."""
    value = status.get("id") if isinstance(status, dict) else None
    is_id = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_id else ""


def rank(native_id: str) -> tuple[int, str]:
    """Return the sort key of an id: ids are numbers as text, of which longer ones are higher."""
    return len(native_id), native_id


def id_at(ms: int) -> str:
    """Return the lowest id of a time (Unix, ms): ids hold milliseconds, and 16 more bits."""
    return str(max(0, ms) << 16)


def earlier(native_id: str, ms: int) -> str:
    """Return the lowest id of the time that is ``ms`` milliseconds before an id's."""
    return id_at((int(native_id) >> 16) - ms) if native_id.isdecimal() else native_id
