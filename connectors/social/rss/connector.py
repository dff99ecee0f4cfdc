"""``rss``: entries of feeds: Atom, RSS, JSON Feed.

Each feed is requested only if it has changed. The entries that were read are remembered by hashes,
so that an entry is returned when it is new and when its text or times have changed.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Container, Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
import orjson
from pydantic import BeforeValidator, Field, SecretStr, field_validator

from connectors.sdk import (
    FIRST_SEEN,
    Capability,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Skip,
    SourceConfig,
    read_places,
    unix_ms,
)
from connectors.social.rss.entry import Entry
from connectors.social.rss.feeds import classify_feed, read_feed
from connectors.social.rss.identity import (
    FeedState,
    describe_contents,
    hash_content,
    identify_entries,
)
from schemas.feedback import Family, Feedback

_MAX_PAGES: Final = 100
_MAX_AHEAD: Final = timedelta(hours=23)  # a date that is later is an event's, or wrong
_MAX_SEEN: Final = 10_000  # entries in a cursor, divided among the feeds


def _split(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


class RssConfig(SourceConfig):
    """Some feeds."""

    urls: Annotated[
        list[SecretStr],
        BeforeValidator(_split),
        Field(
            min_length=1,
            max_length=50,
            description="Addresses of the feeds: a list, or text with spaces between them. They "
            "may hold keys: messages show host and path only.",
        ),
    ]

    @field_validator("urls")
    @classmethod
    def _require_http(cls, urls: list[SecretStr]) -> list[SecretStr]:
        for number, url in enumerate(urls, 1):
            try:
                address = httpx.URL(url.get_secret_value())
            except httpx.InvalidURL:
                address = httpx.URL("")
            if address.scheme not in {"http", "https"} or not address.host:
                raise ValueError(f"address {number} is not an http or https address")
        return urls


class Rss(Polled[RssConfig]):
    """Reads the feeds one after the other; the failure of one does not stop the others."""

    name = "rss"
    title = "RSS and Atom feeds"
    family = Family.SOCIAL
    requirements = "the addresses of the feeds."
    limitations = (
        "A feed holds its latest entries only, and older pages if it links to them (RFC 5005), of "
        "which 100 are read. An entry without a time that can be read has its feed's, or that of "
        "its first reading, and says so. Dates without a zone are in UTC. An entry that is no "
        "longer in a feed may be old or deleted: feeds do not say. Ids are the feed's own, or "
        "hashes if they are too long, name an author or are not unique, or the links if a feed "
        "gives entries new ids; addresses that name an author are left out. Feeds that declare a "
        "document type other than that of RSS 0.91 are refused."
    )
    cursor_description = "hashes of the entries that were read, and the feeds' ETags"
    capabilities = frozenset({Capability.EDITS})
    example = """\
urls = ["https://news.example.org/eastgate/feed.atom", "https://blog.example.org/rss.xml"]
organization = "Eastgate Hospitals"
"""

    @cached_property
    def _clients(self) -> dict[str, Http]:
        return {}

    def _http(self, url: httpx.URL) -> Http:
        origin = str(url.copy_with(raw_path=b"/", fragment=None))
        if origin not in self._clients:
            self._clients[origin] = self.http(origin, per_second=5, classify=classify_feed)
        return self._clients[origin]

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the entries that the cursor does not know."""
        known = orjson.loads(cursor) if cursor else {}
        secrets = {_short_hash(url.get_secret_value(), 12): url for url in self.config.urls}
        urls = {key: httpx.URL(url.get_secret_value()) for key, url in secrets.items()}
        states = {key: FeedState(**known.get(key, {})) for key in urls}
        yield from read_places(
            (f"{url.host}{url.path}", self._read_pages(key, url, states))
            for key, url in urls.items()
        )

    def _read_pages(self, key: str, url: httpx.URL, states: dict[str, FeedState]) -> Iterator[Page]:
        is_history, place, notes = not states[key].whole, f"{url.host}{url.path}", list[str]()
        for items in self._read_feed(key, url, states[key], notes):
            yield Page(items, _dump(states), is_history=is_history)
        if not states[key].seen:
            notes.append("the feed has never held an entry")
        if notes:
            yield Page([], _dump(states), notes=[f"{place}: {note}" for note in notes])

    def _read_feed(
        self, key: str, url: httpx.URL, state: FeedState, notes: list[str]
    ) -> Iterator[list[Item]]:
        """Yield each page's new entries, if it has any or the state has changed."""
        visited: set[httpx.URL] = set()
        met: set[str] = set()
        page: httpx.URL | None = url
        conditions: dict[str, str] = {}
        while page is not None:
            visited.add(page)
            response = self._request(page, state.asks if page == url and state.whole else {})
            if response.status == 304:
                return
            conditions = _conditional_headers(response) if page == url else conditions
            place = f"{page.scheme}://{page.netloc.decode()}{page.path}"
            feed = read_feed(response, place)
            self.left_out.update({"entry": feed.lost} if feed.lost else {})
            known = state.contents
            entries = identify_entries(key, feed.entries, state)
            changes = (
                self._changed_item(native_id, page.host, entry, feed.at, state, known)
                for native_id, entry in entries
            )
            items = [item for item in changes if item is not None]
            if page == url:
                state.contents = describe_contents(feed.entries)
            ids = {native_id for native_id, _ in entries}
            # Some sites link to older pages without end, or return the same one for every number.
            has_news = not ids <= met if not state.whole else bool(items)
            is_bounded = len(visited) < _MAX_PAGES
            following = _next_page(page, feed.next, visited) if has_news and is_bounded else None
            if has_news and not state.whole and feed.next and following is None:
                if not is_bounded:
                    notes.append(f"pages behind the first {_MAX_PAGES} are not read")
                elif _leads_elsewhere(page, feed.next):
                    notes.append("older pages are on another server, and are not read")
            page = following
            met |= ids
            before = (state.whole, state.asks, known)
            state.whole, state.asks = page is None, {} if page else conditions
            if items or before != (state.whole, state.asks, state.contents):
                yield items

    def _request(self, url: httpx.URL, headers: dict[str, str]) -> HttpResponse:
        path = url.raw_path.partition(b"?")[0].decode("ascii")
        params = url.params.multi_items() or None
        return self._http(url).request("GET", path, params=params, headers=headers)

    def _changed_item(
        self,
        native_id: str,
        host: str,
        entry: dict[str, Any],
        feed_at: str | None,
        state: FeedState,
        contents: Container[str],
    ) -> Item | None:
        """Return an entry's item if it is new or has changed."""
        content = orjson.dumps({name: entry[name] for name in entry if name != "undated"})
        short_id, fingerprint = _short_hash(native_id, 8), _short_hash(content, 4)
        before = state.seen.pop(short_id, None)
        state.seen[short_id] = fingerprint
        while len(state.seen) > _MAX_SEEN // len(self.config.urls):
            del state.seen[next(iter(state.seen))]
        if before == fingerprint or (before is None and hash_content(entry) in contents):
            return None  # as it was, or as it was under another id
        has_no_time = not entry["published"] and not entry["updated"]
        data = {**entry, "id": native_id, "host": host}
        if has_no_time or before is not None:
            data["feed_at"] = feed_at  # the entry itself may not have the time of an edit
        return self.item(data, origin=native_id, payload=content)

    def parse(self, item: Item) -> Feedback:
        """Return the record of an entry: title and text, unless the text begins with the title."""
        entry = self.validate(Entry, item.data, words=("title", "body"))
        words = entry.words
        if not words:
            raise Skip
        latest = item.collected_at + _MAX_AHEAD
        times = entry.list_times(latest) or [item.collected_at]
        attributes = {"tags": ", ".join(entry.tags[:10])} if entry.tags else {}
        if times[0] not in {entry.published, entry.updated}:
            attributes["date"] = "its feed's" if times[0] == entry.feed_at else FIRST_SEEN
            if entry.undated or entry.is_dated:
                self.left_out["date"] += 1
        return self.record(
            item,
            native_id=entry.id,
            created_at=times[0],
            revision=unix_ms(max(times)),
            redated=True,  # publishers move an entry's date when they update it
            text=words,
            author=f"{entry.host}/{entry.author}" if entry.author else "",
            language=entry.language,
            url=entry.address,
            attributes=attributes,
        )


def _dump(states: dict[str, FeedState]) -> str:
    return orjson.dumps({key: asdict(state) for key, state in states.items()}).decode()


def _short_hash(value: str | bytes, length: int) -> str:
    digest = hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()
    return urlsafe_b64encode(digest).decode()[:length]


def _conditional_headers(response: HttpResponse) -> dict[str, str]:
    validators = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    return {
        condition: response.headers[name]
        for condition, name in validators.items()
        if name in response.headers and response.headers[name].isascii()
    }


def _next_page(page: httpx.URL, link: str | None, visited: set[httpx.URL]) -> httpx.URL | None:
    """Return the next page if it is on the same server: a feed must not redirect requests."""
    if link is None or _leads_elsewhere(page, link):
        return None
    following = page.join(link).copy_with(userinfo=page.userinfo, fragment=None)
    return None if following in visited else following


def _leads_elsewhere(page: httpx.URL, link: str) -> bool:
    """Return True for a link to another server; https instead of http is the same one."""
    try:
        following = page.join(link)
    except httpx.InvalidURL:
        return True
    is_upgrade = (page.scheme, following.scheme) == ("http", "https") and page.port is None
    is_same_scheme = following.scheme == page.scheme or is_upgrade
    return not is_same_scheme or (following.host, following.port) != (page.host, page.port)
