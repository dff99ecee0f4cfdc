"""Posts and comments of Reddit, which its API calls things."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from typing import Annotated, Any, Final

from pydantic import BaseModel, StringConstraints

from connectors.sdk import Moment, from_unix, read_moment, read_moment_ms

_PERMALINK: Final = re.compile(r"/\w+/[^/]+/comments/(\w+)(?:/[^/]*(?:/(\w+))?)?/?$")
_INVISIBLE: Final = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))
_BLANK_LINES: Final = re.compile(r"\n[^\S\n]*\n\s*\n")
_DELETED_TEXT: Final = re.compile(r"\[\s*(deleted|removed)( by \w+)?\s*\]", re.IGNORECASE)


class Parent(BaseModel):
    """The post that a crosspost repeats."""

    title: str = ""


class _Option(BaseModel):
    text: str = ""


class _Poll(BaseModel):
    options: list[_Option] = []


class _Picture(BaseModel):
    caption: str | None = None


class _Gallery(BaseModel):
    items: list[_Picture] = []


WORDS: Final = frozenset({"title", "selftext", "body"})
"""The fields of a post or comment without which it is not the author's."""


class Thing(BaseModel):
    """A post (``t3``) or a comment (``t1``)."""

    name: Annotated[str, StringConstraints(pattern=r"^t[13]_[0-9a-z]+$")]
    created_utc: Moment | None = None
    edited: Any = False
    author: str | None = None
    title: str = ""
    selftext: str = ""
    body: str = ""
    subreddit: str = ""
    permalink: str = ""
    removed_by_category: str | None = None
    crosspost_parent: str | None = None
    crosspost_parent_list: list[Parent] = []
    link_title: str = ""
    """A comment's post."""
    poll_data: _Poll | None = None
    gallery_data: _Gallery | None = None

    @property
    def text(self) -> str:
        """Title and text, or the comment, as a reader sees them; options and captions as well."""
        options = self.poll_data.options if self.poll_data else []
        pictures = self.gallery_data.items if self.gallery_data else []
        beside = [*(option.text for option in options), *(each.caption or "" for each in pictures)]
        parts = [_to_visible(part) for part in (self.title, self.selftext, self.body, *beside)]
        return "\n".join(part for part in parts if part)

    @property
    def context(self) -> str | None:
        """The title of the post that a comment is about, or that a crosspost repeats."""
        titles = (self.link_title, *(parent.title for parent in self.crosspost_parent_list))
        return next(filter(None, map(_to_visible, titles)), None)

    @property
    def repeats_its_parent(self) -> bool:
        """True if it is a crosspost without words of its own."""
        if self.crosspost_parent is None:
            return False
        titles = {_to_visible(parent.title) for parent in self.crosspost_parent_list}
        return not _to_visible(self.selftext) and _to_visible(self.title) in {*titles, ""}

    @property
    def url(self) -> str | None:
        """Its web address, without its title and without the name of a profile."""
        match = _PERMALINK.match(self.permalink)
        if match is None:
            return None
        post, comment = match.groups()
        return f"https://www.reddit.com/comments/{post}" + (f"/_/{comment}" if comment else "")

    @property
    def public_subreddit(self) -> str:
        """The subreddit; empty for a profile, which names a person."""
        return "" if self.subreddit.startswith("u_") else self.subreddit

    @property
    def is_deleted(self) -> bool:
        """True if its author, a moderator or Reddit has removed it."""
        texts = (self.title, self.selftext, self.body)
        return bool(self.removed_by_category) or any(map(_DELETED_TEXT.fullmatch, texts))

    @property
    def edited_at(self) -> datetime:
        """Time of the last edit; 1970 if it was not edited, or for old edits without a time."""
        return read_moment(self.edited) or from_unix(0.0)


def _to_visible(text: str) -> str:
    """Return a text without entities, and without the invisible letters that editors insert."""
    visible = unescape(text).translate(_INVISIBLE)
    return _BLANK_LINES.sub("\n\n", visible).strip()


def get_data(entry: Any) -> Any:
    """Return the post or comment in an entry of a listing."""
    return entry.get("data") if isinstance(entry, dict) else None


def get_name(entry: Any) -> str:
    """Return the unique name of the post or comment in an entry."""
    data = get_data(entry)
    return str(data.get("name")) if isinstance(data, dict) else ""


def created_ms(entry: Any) -> int | None:
    """Return the time of the post or comment in an entry (Unix, ms), or None if unreadable."""
    try:
        return read_moment_ms(get_data(entry)["created_utc"])
    except (KeyError, TypeError):
        return None
