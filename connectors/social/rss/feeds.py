"""Feeds as they come, Atom, RSS or JSON Feed, taken apart into entries that ``rss`` understands."""

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

from connectors.sdk import HttpResponse, Retry, classify_response, from_unix

_END: Final = re.compile(rb"</\s*(?:[\w.-]+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_TAIL_BYTES: Final = 4_096  # what follows the end is a cache's remark
_NEXT: Final = ("next", "prev-archive")  # RFC 5005


@dataclass(frozen=True, slots=True)
class Feed:
    """One document of a feed."""

    entries: list[dict[str, Any]]
    """Each with ``id``, ``link``, ``title``, ``body`` and ``published``, ``updated``, ``author``,
    ``language``, ``tags``; what is not there is None."""
    next: str | None
    """Address of the older entries, maybe relative."""
    at: str | None
    """When the whole last changed, as it says or as the server does."""


def classify_feed(answer: HttpResponse) -> Exception | None:
    """What follows from an answer; one that is cut off, or no feed, is tried again."""
    problem = classify_response(answer)
    if problem is None and answer.status != 304 and not _is_whole(answer.body):
        return Retry(f"reading {answer.request_line}: the answer is no whole feed")
    return problem


def _is_json(body: bytes) -> bool:
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def _is_whole(body: bytes) -> bool:
    if not _is_json(body):
        # A NUL beside each letter is UTF-16.
        return _END.search(body[-_TAIL_BYTES:].replace(b"\0", b"")) is not None
    try:
        return isinstance(_loaded(body).get("items"), list)
    except (orjson.JSONDecodeError, AttributeError):
        return False


def _loaded(body: bytes) -> Any:
    return orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))


def read_feed(answer: HttpResponse, location: str) -> Feed:
    """Take a whole feed apart; ``location`` is what its links are relative to.

    Raises ``Retry`` where there is no entry to be found in what is not well-formed.
    """
    changed = _http_date(answer.headers.get("last-modified", ""))
    if _is_json(answer.body):
        return _json_feed(_loaded(answer.body), changed)
    headers = {
        "content-type": answer.headers.get("content-type", "application/xml"),
        "content-location": location,
    }
    try:
        parsed = feedparser.parse(
            io.BytesIO(answer.body),
            response_headers=headers,
            sanitize_html=False,  # no markup is kept anyway
            resolve_relative_uris=False,
        )
    except (ValueError, OverflowError):  # a reference to a character that there is not
        raise Retry(f"reading {answer.request_line}: the feed is not well-formed") from None
    if parsed.bozo and not parsed.entries:
        raise Retry(f"reading {answer.request_line}: the feed is not well-formed")
    feed = parsed.feed
    links = {one.get("rel"): one.get("href") for one in feed.get("links", [])}
    return Feed(
        [_entry(one, feed.get("language")) for one in parsed.entries],
        next((links[rel] for rel in _NEXT if links.get(rel)), None),
        _moment(feed, "updated_parsed") or _moment(feed, "published_parsed") or changed,
    )


def _entry(entry: dict[str, Any], language: str | None) -> dict[str, Any]:
    contents = entry.get("content") or [entry.get("summary_detail") or {}]
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": _text(entry.get("title_detail") or {}),
        "body": _text(contents[0]),
        "published": _moment(entry, "published_parsed"),
        "updated": _moment(entry, "updated_parsed"),
        "author": entry.get("author"),
        "language": contents[0].get("language") or language,
        "tags": [one["term"] for one in entry.get("tags", []) if one.get("term")],
    }


def _text(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "value": detail.get("value") or "",
        "html": detail.get("type", "text/plain") != "text/plain",
    }


def _moment(parsed: dict[str, Any], name: str) -> str | None:
    # dict's own ``get``: feedparser's gives "published" where "updated" is asked for.
    moment: time.struct_time | None = dict.get(parsed, name)
    try:
        return from_unix(calendar.timegm(moment)).isoformat() if moment else None
    except (ValueError, OverflowError):
        return None


def _http_date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).isoformat()
    except ValueError:
        return None


def _json_feed(feed: Any, changed: str | None) -> Feed:
    objects = [one for one in feed["items"] if isinstance(one, dict)]
    entries = [_json_entry(one, feed.get("language")) for one in objects]
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
