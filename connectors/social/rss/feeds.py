"""Parsing of feeds, Atom, RSS or JSON Feed, into the entries of ``rss``."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]
import orjson
from feedparser import mixin

from connectors.sdk import (
    Fatal,
    HttpResponse,
    Retry,
    classify_response,
    load_json,
)
from connectors.social.rss.document import Feed, to_iso
from connectors.social.rss.entry import EntryText
from connectors.social.rss.json_feed import read_json_feed

_END: Final = re.compile(rb"</\s*(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_BEGIN: Final = re.compile(r"<(?![?!])")
_DECLARED: Final = re.compile(rb"""encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_HEAD_BYTES: Final = 65_536
_ENTRY: Final = re.compile(rb"<(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s>])")
_NETSCAPE: Final = re.compile(
    rb"""<!DOCTYPE\s+rss\s+PUBLIC\s+(["'])-//Netscape Communications//DTD RSS 0\.91//EN\1"""
    rb"""\s+(["'])[^"'<>\[\]]{1,200}\2\s*>""",
    re.IGNORECASE,
)
"""The document type that RSS 0.91 prescribes; it declares no entities of its own."""
_MAX_NAME_CHARACTERS: Final = 500
_NEXT: Final = ("next", "prev-archive")  # RFC 5005


def classify_feed(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a truncated or invalid feed is retried."""
    problem = classify_response(response)
    if problem is not None or response.status == 304:
        return problem
    if _has_doctype(
        _NETSCAPE.sub(b"", response.body[:_HEAD_BYTES])
    ):  # its entities may expand without bound
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
    changed = to_iso(response.headers.get("last-modified", ""))
    if _is_json(response.body):
        return read_json_feed(_parse_json(response.body), changed)
    headers = {
        "content-type": response.headers.get("content-type", "application/xml"),
        "content-location": location,
    }
    body = _NETSCAPE.sub(b"", response.body[:_HEAD_BYTES]) + response.body[_HEAD_BYTES:]
    try:
        parsed = _load_parser().parse(
            io.BytesIO(body),
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
        max(0, len(_ENTRY.findall(body)) - len(parsed.entries)) if parsed.bozo else 0,
    )


@cache
def _load_parser() -> Any:
    """Return feedparser, which looks for an address in an author's name.

    The time for that grows with the square of the name's length.
    """
    search = mixin._FeedParserMixin._sync_author_detail

    def search_in_start(parser: Any, key: str = "author") -> None:
        context = parser._get_context()
        if isinstance(name := context.get(key), str):
            context[key] = name[:_MAX_NAME_CHARACTERS]
        search(parser, key)

    mixin._FeedParserMixin._sync_author_detail = search_in_start
    return feedparser


def _entry(entry: dict[str, Any], language: str | None) -> dict[str, Any]:
    contents = [*(entry.get("content") or []), entry.get("summary_detail") or {}]
    body = next(filter(_has_words, contents), contents[0])
    published = _iso_time(entry, "published", language)
    updated = _iso_time(entry, "updated", language)
    has_dates = bool(dict.get(entry, "published") or dict.get(entry, "updated"))
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": _text(entry.get("title_detail") or {}),
        "body": _text(body),
        "published": published,
        "updated": updated,
        "undated": has_dates and not published and not updated,
        "author": entry.get("author"),
        "language": body.get("language") or entry.get("language") or language,
        "tags": [tag["term"] for tag in entry.get("tags", []) if tag.get("term")],
    }


def _has_words(detail: Mapping[str, Any]) -> bool:
    """Return True for a text that a reader sees something of."""
    kind = str(detail.get("type") or "text/plain")
    if not kind.startswith("text/") and not kind.endswith(("html+xml", "/xml", "+xml")):
        return False
    return bool(EntryText(**_text(detail)).plain)


def _text(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": detail.get("value") or "",
        "html": detail.get("type", "text/plain") != "text/plain",
    }


def _iso_time(parsed: dict[str, Any], name: str, language: Any) -> str | None:
    # dict's own ``get``: feedparser's returns "published" for a missing "updated". Nor are its
    # dates used: it takes 2 p.m. for 2 a.m., and the summer time of London for UTC.
    return to_iso(dict.get(parsed, name), language)
