"""A post as the AT Protocol holds it, what its identifiers say, and which words it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, StringConstraints

from connectors.sdk import from_unix, parse_iso, unix_ms
from schemas.record import deterministic_id

COLLECTION: Final = "app.bsky.feed.post"
_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_TID: Final = re.compile(f"[234567abcdefghij][{_ALPHABET}]{{12}}")
_FIRST_US: Final = 1_640_995_200_000_000
"""2022: the network's first year. A TID of before is no time, but a name that looks like one."""
_TERM: Final = re.compile(r'"([^"]+)"|(\S+)')
_OPERATOR: Final = re.compile(r"-\S+|\w+:\S+|AND|OR|NOT|\S*[*|()]\S*|\S*\"\S*")

Uri = Annotated[str, StringConstraints(pattern=rf"^at://did:[^/]+/{re.escape(COLLECTION)}/[^/]+$")]


class Record(BaseModel):
    """https://docs.bsky.app/docs/advanced-guides/posts."""

    text: str
    createdAt: AwareDatetime  # noqa: N815 - the network's name
    langs: list[str] | None = None


class Post(BaseModel):
    """A record with its address; ``rev`` is the repository's revision of an update."""

    uri: Uri
    record: Record
    rev: str | None = None

    @property
    def did(self) -> str:
        """Who wrote it."""
        return self.uri.split("/")[2]

    @property
    def key(self) -> str:
        """The record key, a TID with most clients."""
        return self.uri.split("/")[4]

    @property
    def created_at(self) -> datetime:
        """What the author's clock said; not later than the record key does."""
        us = tid_us(self.key)
        return min(self.record.createdAt, from_unix(us / 1e6)) if us else self.record.createdAt

    @property
    def created(self) -> int:
        """Milliseconds since 1970."""
        return unix_ms(self.created_at)

    @property
    def revision(self) -> int:
        """Milliseconds since 1970 of the last update."""
        updated = (tid_us(self.rev) or 0) // 1000
        return max(updated, self.created + 1) if self.rev else self.created


def native_id_of(uri: str) -> str:
    """What a record goes by: a uri names the author's account."""
    return deterministic_id(uri)


def tid_us(tid: Any) -> int | None:
    """Microseconds since 1970 of a timestamp identifier; None for other names.

    https://atproto.com/specs/tid: 64 bits in base 32, the lowest 10 of them no time.
    """
    if not isinstance(tid, str) or not _TID.fullmatch(tid):
        return None
    number = 0
    for letter in tid:
        number = number << 5 | _ALPHABET.index(letter)
    return us if (us := number >> 10) >= _FIRST_US else None


def sorted_at(view: Any) -> int | None:
    """Milliseconds by which a search sorts: the author's time, not later than the service's."""
    try:
        times = parse_iso(view["record"]["createdAt"]), parse_iso(view["indexedAt"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return unix_ms(min(times))


def iso(ms: int) -> str:
    """A time as the search takes it."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def terms(query: str) -> list[re.Pattern[str]]:
    """What finds each word and "phrase" of a query; raises ``ValueError`` for other syntax.

    The search knows operators that nobody can follow without its index.
    """
    found = []
    for phrase, word in _TERM.findall(query):
        if not phrase and _OPERATOR.fullmatch(word):
            raise ValueError('only words and "phrases" can be searched for and listened to')
        words = r"\s+".join(map(re.escape, (phrase or word).split()))
        found.append(re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE))
    if not found:
        raise ValueError("it holds no word")
    return found


def matches(record: Any, wanted: list[re.Pattern[str]], language: str | None) -> bool:
    """Whether a record has every term, and no other languages only."""
    if not isinstance(record, Mapping) or not isinstance(text := record.get("text"), str):
        return False
    if not all(term.search(text) for term in wanted):
        return False
    langs = record.get("langs")
    if language is None or not isinstance(langs, list) or not langs:
        return True
    return any(str(lang).partition("-")[0] == language for lang in langs)
