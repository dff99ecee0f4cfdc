"""JSON Feed, https://www.jsonfeed.org/version/1.1/."""

from __future__ import annotations

from typing import Any, Final

from connectors.sdk import get_objects, get_text, parse_iso_ms
from connectors.social.rss.document import Feed, to_iso
from connectors.social.rss.entry import EntryText

_TEXTS: Final = ("content_html", "content_text", "summary")


def read_json_feed(feed: Any, changed: str | None) -> Feed:
    """Return the entries of a document; ``changed`` is when the server says that it changed."""
    language = feed.get("language")
    entries = [_read_entry(entry, language) for entry in get_objects(feed, "items")]
    following = feed.get("next_url")
    following = following if isinstance(following, str) else None
    return Feed(entries, following, changed, len(feed["items"]) - len(entries))


def _read_entry(entry: dict[str, Any], language: Any) -> dict[str, Any]:
    dates = [entry.get("date_published"), entry.get("date_modified")]
    published, updated = (
        date if parse_iso_ms(date) is not None else to_iso(date, language) for date in dates
    )
    authors = entry.get("authors") or [entry.get("author")]
    first = authors[0] if isinstance(authors, list) else None
    author = (first.get("name") or first.get("url")) if isinstance(first, dict) else None
    native_id = entry.get("id")
    return {
        "id": str(native_id) if isinstance(native_id, int | float) else native_id,
        "link": entry.get("url"),
        "title": {"value": get_text(entry, "title"), "html": False},
        "body": _choose_body(entry),
        "published": published,
        "updated": updated,
        "undated": any(dates) and not published and not updated,
        "author": author,
        "language": entry.get("language") or language,
        "tags": entry.get("tags") or [],
    }


def _choose_body(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the first text with words; if there is none, one that is not text, to be refused."""
    values = [(entry.get(name), name == "content_html") for name in _TEXTS]
    texts = [
        {"value": str(value), "html": html}
        for value, html in values
        if isinstance(value, str | int | float)
    ]
    odd = [{"value": value, "html": False} for value, _ in values if isinstance(value, dict | list)]
    readable = [text for text in texts if EntryText.model_validate(text).plain]
    return next(iter([*readable, *odd]), {"value": "", "html": False})
