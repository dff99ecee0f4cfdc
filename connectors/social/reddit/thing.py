"""What Reddit's listings hold."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, StringConstraints

from connectors.sdk import from_unix, unix_ms

_PERMALINK: Final = re.compile(r"/\w+/[^/]+/comments/(\w+)(?:/[^/]*(?:/(\w+))?)?/?$")
_GONE: Final = re.compile(r"\[\s*(deleted|removed)( by \w+)?\s*\]", re.IGNORECASE)


class Thing(BaseModel):
    """A post (``t3``) or a comment (``t1``)."""

    name: Annotated[str, StringConstraints(pattern=r"^t[13]_[0-9a-z]+$")]
    created_utc: float
    edited: float | bool = False
    author: str | None = None
    title: str = ""
    selftext: str = ""
    body: str = ""
    subreddit: str = ""
    permalink: str = ""
    removed_by_category: str | None = None
    crosspost_parent: str | None = None

    @property
    def words(self) -> str:
        """Title and text, or the comment."""
        return "\n".join(part.strip() for part in (self.title, self.selftext, self.body) if part)

    @property
    def url(self) -> str | None:
        """Where it can be read, without its title, and without the name of who has a profile."""
        found = _PERMALINK.match(self.permalink)
        if found is None:
            return None
        post, comment = found.groups()
        return f"https://www.reddit.com/comments/{post}" + (f"/_/{comment}" if comment else "")

    @property
    def place(self) -> str:
        """The subreddit; a profile is none, and bears a name."""
        return "" if self.subreddit.startswith("u_") else self.subreddit

    @property
    def gone(self) -> bool:
        """Whether its author, a moderator or Reddit has taken it away."""
        written = (self.title, self.selftext, self.body)
        return self.removed_by_category is not None or any(map(_GONE.fullmatch, written))

    @property
    def edited_at(self) -> datetime:
        """1970 where it was not edited; some old edits are told of without their time."""
        return from_unix(0.0 if isinstance(self.edited, bool) else self.edited)


def data_of(listed: Any) -> Any:
    """The thing in a listing's wrapping."""
    return listed.get("data") if isinstance(listed, dict) else None


def name_of(listed: Any) -> str:
    """Its name, which no other thing has."""
    data = data_of(listed)
    return str(data.get("name")) if isinstance(data, dict) else ""


def created_ms(listed: Any) -> int | None:
    """Its time in milliseconds; None where there is none to be read."""
    try:
        return unix_ms(from_unix(data_of(listed)["created_utc"]))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
