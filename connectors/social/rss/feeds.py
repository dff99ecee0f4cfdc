"""Parsing of feeds, Atom, RSS or JSON Feed, into the entries of ``rss``."""

from __future__ import annotations

import calendar
import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]
import orjson

from connectors.sdk import (
    HttpResponse,
    Retry,
    classify_response,
    from_unix,
    get_objects,
    load_json,
)

_END: Final = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_TAIL_BYTES: Final = 4_096  # after the end there may be a cache's comment
_LONG_AUTHOR: Final = re.compile(
    rb"(<(?:[\w.-]+:)?(?:author|contributor|creator|email|managingEditor|name|owner|publisher"
    rb"|webMaster)\b[^<>]*>\s*(?:<!\[CDATA\[)?[^<]{500})[^<]+",
    re.IGNORECASE,
)
"""Feedparser looks for an address in time that grows with the square of a name's length."""
_NEXT: Final = ("next", "prev-archive")  # RFC 5005


@dataclass(frozen=True, slots=True)
class Feed:
    """One document of a feed."""

    entries: list[dict[str, Any]]
    """Each with ``id``, ``link``, ``title``, ``body`` and ``published``, ``updated``, ``author``,
    ``language``, ``tags``; None if absent."""
    next: str | None
    """Address of the older entries; may be relative."""
    at: str | None
    """When the feed last changed, according to itself or to the server."""


def classify_feed(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a truncated or invalid feed is retried."""
    problem = classify_response(response)
    if problem is None and response.status != 304 and not _is_whole(response.body):
        return Retry(f"reading {response.request_line}: the response is not a complete feed")
    return problem


def _is_json(body: bytes) -> bool:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _is_whole(body: bytes) -> bool:
    if not _is_json(body):
        # A NUL next to each letter is UTF-16.
        return _END.search(body[-_TAIL_BYTES:].replace(b"\0", b"")) is not None
    try:
        return isinstance(_parse_json(body).get("items"), list)
    except (orjson.JSONDecodeError, AttributeError):
        return False


def _parse_json(body: bytes) -> Any:
    return load_json(body.removeprefix(b"\xef\xbb\xbf"))


def read_feed(response: HttpResponse, location: str) -> Feed:
    """Return the entries of a feed, whose links are relative to ``location``.

    Raises ``Retry`` for a document that is not well-formed and has no entries.
    """
    changed = _http_date(response.headers.get("last-modified", ""))
    if _is_json(response.body):
        return _json_feed(_parse_json(response.body), changed)
    headers = {
        "content-type": response.headers.get("content-type", "application/xml"),
        "content-location": location,
    }
    try:
        parsed = feedparser.parse(
            io.BytesIO(_LONG_AUTHOR.sub(rb"\1", response.body)),
            response_headers=headers,
            sanitize_html=False,  # markup is dropped in any case
            resolve_relative_uris=False,
        )
    except (ValueError, OverflowError):  # a reference to a character that does not exist
        raise Retry(f"reading {response.request_line}: the feed is not well-formed") from None
    if parsed.bozo and not parsed.entries:
        raise Retry(f"reading {response.request_line}: the feed is not well-formed")
    feed = parsed.feed
    links = {link.get("rel"): link.get("href") for link in feed.get("links", [])}
    return Feed(
        [_entry(entry, feed.get("language")) for entry in parsed.entries],
        next((links[rel] for rel in _NEXT if links.get(rel)), None),
        _iso_time(feed, "updated_parsed") or _iso_time(feed, "published_parsed") or changed,
    )


def _entry(entry: dict[str, Any], language: str | None) -> dict[str, Any]:
    contents = entry.get("content") or [entry.get("summary_detail") or {}]
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": _text(entry.get("title_detail") or {}),
        "body": _text(contents[0]),
        "published": _iso_time(entry, "published_parsed"),
        "updated": _iso_time(entry, "updated_parsed"),
        "author": entry.get("author"),
        "language": contents[0].get("language") or language,
        "tags": [tag["term"] for tag in entry.get("tags", []) if tag.get("term")],
    }


def _text(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": detail.get("value") or "",
        "html": detail.get("type", "text/plain") != "text/plain",
    }


def _iso_time(parsed: dict[str, Any], name: str) -> str | None:
    # dict's own ``get``: feedparser's returns "published" for a missing "updated".
    parts: time.struct_time | None = dict.get(parsed, name)
    try:
        return from_unix(calendar.timegm(parts)).isoformat() if parts else None
    except (ValueError, OverflowError):
        return None


def _http_date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return None


def _json_feed(feed: Any, changed: str | None) -> Feed:
    language = feed.get("language")
    entries = [_json_entry(entry, language) for entry in get_objects(feed, "items")]
    following = feed.get("next_url")
    return Feed(entries, following if isinstance(following, str) else None, changed)


def _json_entry(entry: dict[str, Any], language: Any) -> dict[str, Any]:
    html = entry.get("content_html")
    authors = entry.get("authors") or [entry.get("author")]
    first = authors[0] if isinstance(authors, list) else None
    author = (first.get("name") or first.get("url")) if isinstance(first, dict) else None
    native_id = entry.get("id")
    return {
        "id": str(native_id) if isinstance(native_id, int | float) else native_id,
        "link": entry.get("url"),
        "title": {"value": entry.get("title") or "", "html": False},
        "body": {
            "value": html or entry.get("content_text") or entry.get("summary") or "",
            "html": bool(html),
        },
        "published": entry.get("date_published") or None,
        "updated": entry.get("date_modified") or None,
        "author": author,
        "language": entry.get("language") or language,
        "tags": entry.get("tags") or [],
    }
