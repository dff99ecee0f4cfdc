"""Identity of a feed's entries: an id, a link, or a hash of their content."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from connectors.social.rss.entry import names_person
from schemas.record import deterministic_id

_WORLDWIDE: Final = re.compile(r"(https?://|tag:|urn:)", re.IGNORECASE)
_MAX_ID_CHARACTERS: Final = 499
_MAX_SHARED: Final = 100
_MAX_CONTENTS: Final = 100
_BY_HEAD: Final = 1
_BY_CONTENT: Final = 2


@dataclass(slots=True)
class FeedState:
    """Progress in a feed."""

    seen: dict[str, str] = field(default_factory=dict)
    """Short hashes of entries' ids and of their contents, in the order of their last reading."""
    whole: bool = False
    """True once its older pages have been read up to what is known."""
    asks: dict[str, str] = field(default_factory=dict)
    """Headers that ask for the feed only if it has changed."""
    shared: dict[str, int] = field(default_factory=dict)
    """Hashes of ids that several entries have, and what tells these apart."""
    contents: dict[str, str] = field(default_factory=dict)
    """Hashes of the contents of the last document's dated entries, with those of their ids."""
    ids_change: bool = False
    """True once the feed has given new ids to entries that are the same: they mean nothing."""


def identify_entries(
    key: str, entries: Sequence[dict[str, Any]], state: FeedState
) -> list[tuple[str, dict[str, Any]]]:
    """Return the entries of a document with their native ids; ``key`` is the feed's.

    An id that several entries have does not tell them apart, now or in later documents; nor does
    one that is another one in each document.
    """
    state.ids_change = state.ids_change or _have_changed(entries, state.contents)
    if state.ids_change:
        entries = [{**entry, "id": None} for entry in entries]
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        groups[_own_id(entry)].append(entry)
    for own_id, group in groups.items():
        level = _find_level(group)
        shared_key = _hash_own_id(own_id)
        if level > state.shared.get(shared_key, 0) and len(state.shared) < _MAX_SHARED:
            state.shared[shared_key] = level
    return [(_identify(key, entry, state), entry) for entry in entries]


def describe_contents(entries: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return hashes of the contents of entries, each with that of the entry's id.

    Only of entries with a date and a link that no other one has: without these, two entries may be
    the same, and two people's.
    """
    links = Counter(str(entry.get("link") or "") for entry in entries)
    certain = [
        entry
        for entry in entries
        if links[str(entry.get("link") or "")] == 1
        and entry.get("link")
        and (entry.get("published") or entry.get("updated"))
    ]
    return {hash_content(entry): _hash_own_id(_own_id(entry)) for entry in certain[:_MAX_CONTENTS]}


def hash_content(entry: dict[str, Any]) -> str:
    """Return a hash of all that an entry has but for its id."""
    parts = {name: value for name, value in entry.items() if name not in {"id", "undated"}}
    return deterministic_id(orjson.dumps(parts).decode())[:12]


def _have_changed(entries: Sequence[dict[str, Any]], before: dict[str, str]) -> bool:
    """Return True if all entries that were in the document before, two at least, have other ids."""
    now = describe_contents(entries)
    common = before.keys() & now.keys()
    return len(common) > 1 and all(before[content] != now[content] for content in common)


def _find_level(group: list[dict[str, Any]]) -> int:
    if len({_describe_head(entry) for entry in group}) > 1:
        return _BY_HEAD
    return _BY_CONTENT if len({orjson.dumps(entry) for entry in group}) > 1 else 0


def _identify(key: str, entry: dict[str, Any], state: FeedState) -> str:
    own_id = _own_id(entry)
    level = state.shared.get(_hash_own_id(own_id), 0)
    if level == _BY_CONTENT or not own_id:
        return f"{key}:{deterministic_id(orjson.dumps(entry).decode())}"
    if level == _BY_HEAD:
        return f"{key}:{deterministic_id(_describe_head(entry))}"
    if len(own_id) > _MAX_ID_CHARACTERS or names_person(own_id):
        return f"{key}:{deterministic_id(own_id)}"
    return own_id if _WORLDWIDE.match(own_id) else f"{key}:{own_id}"


def _own_id(entry: dict[str, Any]) -> str:
    for name in ("id", "link"):
        value = entry.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _describe_head(entry: dict[str, Any]) -> str:
    parts = [entry.get(name) for name in ("id", "link", "title", "published")]
    return orjson.dumps(parts).decode()


def _hash_own_id(own_id: str) -> str:
    return deterministic_id(own_id)[:12]
