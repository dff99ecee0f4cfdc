"""Entries of feeds, in the form that ``rss`` parses."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Final

from pydantic import AwareDatetime, BaseModel

from connectors.sdk import AnyMoment, plain_text
from schemas.feedback import EARLIEST_YEAR

_MAX_URL_CHARACTERS: Final = 2_083
_PERSON: Final = re.compile(
    r"/@[^/?#]|/(?:u|users?|authors?|profiles?|people|members?)/[^/?#]|[?&](?:user|author)=|"
    r"^acct:|[^/@\s]@[\w-]+\.\w",
    re.IGNORECASE,
)


_ESCAPED_TAG: Final = re.compile(
    r"</?(?:a|b|blockquote|br|div|em|h[1-6]|i|img|li|ol|p|span|strong|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{2,7}|#[xX][0-9a-fA-F]{2,6});")


def names_person(address: str) -> bool:
    """Return True if a part of an address is a person's name, as in ``/@jo/1`` or ``/user/jo``."""
    return _PERSON.search(address) is not None


class EntryText(BaseModel):
    """A title or a text."""

    value: str
    html: bool

    @property
    def plain(self) -> str:
        """The visible text, also of what was escaped once more than it should have been."""
        text = plain_text(self.value) if self.html else self.value.strip()
        if self.html and "<" not in self.value and _ESCAPED_TAG.search(text):
            text = plain_text(text)
        return _REFERENCE.sub(lambda match: unescape(match[0]), text)


class Entry(BaseModel):
    """One entry, with the fields of its feed that it needs."""

    id: str
    link: str | None = None
    title: EntryText
    body: EntryText
    published: AnyMoment | None = None
    updated: AnyMoment | None = None
    feed_at: AwareDatetime | None = None
    """When its feed last changed, if the entry's own times are not enough."""
    author: str | None = None
    language: str | None = None
    tags: list[str] = []
    host: str
    """The feed's host: an author's name is unique there only."""
    undated: bool = False
    """True if it has a date that was not understood."""

    def list_times(self, latest: datetime) -> list[datetime]:
        """Return the plausible times up to ``latest``; the first is when it was written."""
        times = (self.published, self.updated, self.feed_at)
        return [time for time in times if time and time.year >= EARLIEST_YEAR and time <= latest]

    @property
    def is_dated(self) -> bool:
        """True if it has a time of its own, and not only its feed's."""
        return self.published is not None or self.updated is not None

    @property
    def address(self) -> str | None:
        """Its web address, if it has one that names no person: an id is not always an address."""
        link = self.link or ""
        is_address = link.startswith(("http://", "https://")) and len(link) <= _MAX_URL_CHARACTERS
        return link if is_address and not names_person(link) else None

    @property
    def words(self) -> str:
        """Title and text, unless the text begins with the title."""
        title, body = self.title.plain, self.body.plain
        return body if body.startswith(title) else f"{title}\n{body}".strip()
