"""Parsing of feeds, Atom, RSS or JSON Feed, into the entries of ``rss``."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]
import orjson

from connectors.sdk import (
    Fatal,
    HttpResponse,
    Retry,
    classify_response,
    get_objects,
    get_text,
    load_json,
    parse_iso_ms,
)
from connectors.social.rss.dates import parse_date

_END: Final = re.compile(rb"</\s*(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_BEGIN: Final = re.compile(r"<(?![?!])")
_DECLARED: Final = re.compile(rb"""encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_HEAD_BYTES: Final = 65_536
_LONG_AUTHOR: Final = re.compile(
    rb"(<(?:[\w.-]{1,40}:)?(?:author|contributor|creator|email|managingEditor|name|owner|publisher"
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
    ``language``, ``tags``; None if absent. ``undated`` is True if a date was not understood."""
    next: str | None
    """Address of the older entries; may be relative."""
    at: str | None
    """When the feed last changed, according to itself or to the server."""


def classify_feed(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a truncated or invalid feed is retried."""
    problem = classify_response(response)
    if problem is not None or response.status == 304:
        return problem
    if _has_doctype(response.body):  # its entities may expand without bound
        return Fatal(f"reading {response.request_line}: the feed declares a document type")
    if not _is_whole(response.body):
        return Retry(f"reading {response.request_line}: the response is not a complete feed")
    return problem


def _is_json(body: bytes) -> bool:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _has_doctype(body: bytes) -> bool:
    """Return True if there is a document type before the root element."""
    head = body[:_HEAD_BYTES]
    texts = [head.replace(b"\0", b"").decode("latin-1")]  # a NUL next to each letter is UTF-16
    if declared := _DECLARED.search(head):
        with suppress(LookupError, UnicodeError):  # not an encoding of texts
            texts.append(head.decode(declared[1].decode("ascii"), "replace"))
    return any("<!doctype" in _before_root(text).lower() for text in texts)


def _before_root(text: str) -> str:
    """Return what precedes the root element, without comments."""
    parts: list[str] = []
    at = 0
    while (comment := text.find("<!--", at)) >= 0:
        root = _BEGIN.search(text, at)
        if root and root.start() < comment:
            break
        parts.append(text[at:comment])
        end = text.find("-->", comment)
        if end < 0:
            return "".join(parts)
        at = end
    root = _BEGIN.search(text, at)
    return "".join([*parts, text[at : root.start() if root else len(text)]])


def _is_whole(body: bytes) -> bool:
    if not _is_json(body):
        # After the end there may be a cache's comments, of any length.
        return _END.search(body.replace(b"\0", b"")) is not None
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
    changed = _to_iso(response.headers.get("last-modified", ""))
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
    feed, language = parsed.feed, parsed.feed.get("language")
    links = {link.get("rel"): link.get("href") for link in feed.get("links", [])}
    return Feed(
        [_entry(entry, language) for entry in parsed.entries],
        next((links[rel] for rel in _NEXT if links.get(rel)), None),
        _iso_time(feed, "updated", language) or _iso_time(feed, "published", language) or changed,
    )


def _entry(entry: dict[str, Any], language: str | None) -> dict[str, Any]:
    contents = entry.get("content") or [entry.get("summary_detail") or {}]
    published = _iso_time(entry, "published", language)
    updated = _iso_time(entry, "updated", language)
    has_dates = bool(dict.get(entry, "published") or dict.get(entry, "updated"))
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": _text(entry.get("title_detail") or {}),
        "body": _text(contents[0]),
        "published": published,
        "updated": updated,
        "undated": has_dates and not published and not updated,
        "author": entry.get("author"),
        "language": contents[0].get("language") or language,
        "tags": [tag["term"] for tag in entry.get("tags", []) if tag.get("term")],
    }


def _text(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": detail.get("value") or "",
        "html": detail.get("type", "text/plain") != "text/plain",
    }


def _iso_time(parsed: dict[str, Any], name: str, language: Any) -> str | None:
    # dict's own ``get``: feedparser's returns "published" for a missing "updated". Nor are its
    # dates used: it takes 2 p.m. for 2 a.m., and the summer time of London for UTC.
    return _to_iso(dict.get(parsed, name), language)


def _to_iso(text: Any, language: Any = None) -> str | None:
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        return None
    at = parse_date(str(text), language=language if isinstance(language, str) else None)
    return at.astimezone(UTC).isoformat() if at else None


def _json_feed(feed: Any, changed: str | None) -> Feed:
    language = feed.get("language")
    entries = [_json_entry(entry, language) for entry in get_objects(feed, "items")]
    following = feed.get("next_url")
    return Feed(entries, following if isinstance(following, str) else None, changed)


def _json_entry(entry: dict[str, Any], language: Any) -> dict[str, Any]:
    html = entry.get("content_html")
    html = html if isinstance(html, str) else ""
    dates = [entry.get("date_published"), entry.get("date_modified")]
    published, updated = (
        date if parse_iso_ms(date) is not None else _to_iso(date, language) for date in dates
    )
    authors = entry.get("authors") or [entry.get("author")]
    first = authors[0] if isinstance(authors, list) else None
    author = (first.get("name") or first.get("url")) if isinstance(first, dict) else None
    native_id = entry.get("id")
    return {
        "id": str(native_id) if isinstance(native_id, int | float) else native_id,
        "link": entry.get("url"),
        "title": {"value": get_text(entry, "title"), "html": False},
        "body": {
            "value": html or get_text(entry, "content_text") or get_text(entry, "summary"),
            "html": bool(html),
        },
        "published": published,
        "updated": updated,
        "undated": any(dates) and not published and not updated,
        "author": author,
        "language": entry.get("language") or language,
        "tags": entry.get("tags") or [],
    }
