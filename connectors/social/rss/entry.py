"""An entry of a feed as ``rss`` understands it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel

from connectors.sdk import plain_text

_LONGEST_URL: Final = 2_083


class EntryText(BaseModel):
    """A title or a text."""

    value: str
    html: bool

    @property
    def plain(self) -> str:
        """What a reader sees."""
        return plain_text(self.value) if self.html else self.value.strip()


class Entry(BaseModel):
    """One entry, and what of its feed it needs."""

    id: str
    link: str | None = None
    title: EntryText
    body: EntryText
    published: AwareDatetime | None = None
    updated: AwareDatetime | None = None
    feed_at: AwareDatetime | None = None
    """When its feed last changed, where the entry's own times don't tell enough."""
    author: str | None = None
    language: str | None = None
    tags: list[str] = []
    host: str
    """Of the feed: an author's name means somebody there."""

    @property
    def times(self) -> list[datetime]:
        """What is known of its times; the first is when it was written."""
        return [one for one in (self.published, self.updated, self.feed_at) if one]

    @property
    def address(self) -> str | None:
        """Where it can be read: an id is not always an address."""
        link = self.link or ""
        is_one = link.startswith(("http://", "https://")) and len(link) <= _LONGEST_URL
        return link if is_one else None

    @property
    def words(self) -> str:
        """Title and text, unless the text begins with the title."""
        title, body = self.title.plain, self.body.plain
        return body if body.startswith(title) else f"{title}\n{body}".strip()
