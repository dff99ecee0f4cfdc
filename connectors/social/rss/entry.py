"""Entries of feeds, in the form that ``rss`` parses."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel

from connectors.sdk import plain_text

_MAX_URL_CHARACTERS: Final = 2_083


class EntryText(BaseModel):
    """A title or a text."""

    value: str
    html: bool

    @property
    def plain(self) -> str:
        """The visible text."""
        return plain_text(self.value) if self.html else self.value.strip()


class Entry(BaseModel):
    """One entry, with the fields of its feed that it needs."""

    id: str
    link: str | None = None
    title: EntryText
    body: EntryText
    published: AwareDatetime | None = None
    updated: AwareDatetime | None = None
    feed_at: AwareDatetime | None = None
    """When its feed last changed, if the entry's own times are not enough."""
    author: str | None = None
    language: str | None = None
    tags: list[str] = []
    host: str
    """The feed's host: an author's name is unique there only."""

    @property
    def times(self) -> list[datetime]:
        """The known times; the first is when it was written."""
        return [time for time in (self.published, self.updated, self.feed_at) if time]

    @property
    def address(self) -> str | None:
        """Its web address, if it has one: an id is not always an address."""
        link = self.link or ""
        is_address = link.startswith(("http://", "https://")) and len(link) <= _MAX_URL_CHARACTERS
        return link if is_address else None

    @property
    def words(self) -> str:
        """Title and text, unless the text begins with the title."""
        title, body = self.title.plain, self.body.plain
        return body if body.startswith(title) else f"{title}\n{body}".strip()
