"""Posts of the AT Protocol, their identifiers, and matching by words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AwareDatetime, BaseModel, StringConstraints, model_validator

from connectors.sdk import (
    from_unix,
    get_object,
    get_objects,
    get_text,
    parse_iso_ms,
    unix_ms,
)
from schemas.feedback import EARLIEST_YEAR
from schemas.record import deterministic_id

COLLECTION: Final = "app.bsky.feed.post"
_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_TID: Final = re.compile(f"[234567abcdefghij][{_ALPHABET}]{{12}}")
_FIRST_US: Final = 1_640_995_200_000_000
"""2022, the network's first year: an earlier TID is a name that only looks like a time."""
_TERM: Final = re.compile(r'"([^"]+)"|(\S+)')
_OPERATOR: Final = re.compile(r"-\S+|\w+:\S+|AND|OR|NOT|\S*[*|()]\S*|\S*\"\S*")

Uri = Annotated[str, StringConstraints(pattern=rf"^at://did:[^/]+/{re.escape(COLLECTION)}/[^/]+$")]


class Record(BaseModel):
    """https://docs.bsky.app/docs/advanced-guides/posts."""

    text: str = ""
    createdAt: AwareDatetime | None = None  # noqa: N815 - the network's name
    langs: list[str] | None = None
    embed: Any = None

    @property
    def words(self) -> str:
        """Text and descriptions of pictures; the title of a link that stands alone."""
        media = get_object(self.embed, "media") or get_object(self.embed)
        pictures = [get_text(picture, "alt") for picture in get_objects(media, "images")]
        parts = [self.text, *pictures, get_text(media, "alt")]
        words = "\n".join(part.strip() for part in parts if part.strip())
        return words or get_text(get_object(media, "external"), "title").strip()


class Post(BaseModel):
    """A record with its address; ``rev`` is the repository's revision of an update."""

    uri: Uri
    record: Record
    rev: str | None = None
    embed: Any = None
    """What the post shows, as the search returns it."""
    indexedAt: AwareDatetime | None = None  # noqa: N815

    @model_validator(mode="after")
    def _require_time(self) -> Self:
        if self.record.createdAt is None and self.indexedAt is None and tid_us(self.key) is None:
            raise ValueError("it has no time")
        return self

    @property
    def context(self) -> str | None:
        """The text of the post that it quotes, alone or beside pictures."""
        quoted = get_object(self.embed, "record")
        quoted = get_object(quoted, "record") or quoted
        return get_text(get_object(quoted, "value"), "text").strip() or None

    @property
    def did(self) -> str:
        """The author's account."""
        return self.uri.split("/")[2]

    @property
    def key(self) -> str:
        """The record key, which is a TID for most clients."""
        return self.uri.split("/")[4]

    @property
    def created_at(self) -> datetime:
        """The time of the author's clock, but not later than that of the record key."""
        us = tid_us(self.key)
        of_key = from_unix(us / 1e6) if us else None
        times = [
            time
            for time in (self.record.createdAt, of_key)
            if time is not None and time.year >= EARLIEST_YEAR  # some clients write 0001-01-01
        ]
        return min(times) if times else self.indexedAt or from_unix(0)

    @property
    def created(self) -> int:
        """Unix time (ms)."""
        return unix_ms(self.created_at)

    @property
    def revision(self) -> int:
        """Unix time (ms) of the last update."""
        updated = (tid_us(self.rev) or 0) // 1000
        return max(updated, self.created + 1) if self.rev else self.created


def hash_uri(uri: str) -> str:
    """Return the native id of a post, whose URI names the author's account."""
    return deterministic_id(uri)


def tid_us(tid: Any) -> int | None:
    """Return the Unix time (µs) in a timestamp identifier; None for other names.

    https://atproto.com/specs/tid: 64 bits in base 32, without the lowest 10.
    """
    if not isinstance(tid, str) or not _TID.fullmatch(tid):
        return None
    number = 0
    for letter in tid:
        number = number << 5 | _ALPHABET.index(letter)
    return us if (us := number >> 10) >= _FIRST_US else None


def sort_time_ms(view: Any) -> int | None:
    """Return a post's time in searches (Unix, ms): the author's, or the service's if earlier."""
    times = [
        parse_iso_ms(get_object(view, "record").get("createdAt")),
        parse_iso_ms(get_object(view).get("indexedAt")),
    ]
    return min((ms for ms in times if ms is not None), default=None)


def terms(query: str) -> list[re.Pattern[str]]:
    """Return a pattern per word and "phrase" of a query. Raises ``ValueError`` for other syntax.

    The search also has operators, which cannot be evaluated without its index.
    """
    patterns = []
    for phrase, word in _TERM.findall(query):
        if not phrase and _OPERATOR.fullmatch(word):
            raise ValueError('only words and "phrases" can be matched')
        words = r"\s+".join(map(re.escape, (phrase or word).split()))
        patterns.append(re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE))
    if not patterns:
        raise ValueError("it has no words")
    return patterns


def matches(record: Any, patterns: list[re.Pattern[str]], language: str | None) -> bool:
    """Return True if a record has all terms, and the language if it names any."""
    if not isinstance(record, Mapping) or not isinstance(text := record.get("text"), str):
        return False
    if not all(term.search(text) for term in patterns):
        return False
    langs = record.get("langs")
    if language is None or not isinstance(langs, list) or not langs:
        return True
    return any(str(lang).partition("-")[0] == language for lang in langs)
