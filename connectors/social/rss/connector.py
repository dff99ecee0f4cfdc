"""``rss``: entries of feeds: Atom, RSS, JSON Feed.

Each feed is asked for only if it has changed; what of it has been read is remembered by a hash of
each entry, so that an entry is brought when it is new and when its words or times have changed.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
import orjson
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator

from connectors.sdk import (
    BadRecord,
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    unix_ms,
)
from connectors.social.rss.entry import Entry
from connectors.social.rss.feeds import classify_feed, read_feed
from schemas.feedback import Family, Feedback

_MOST_SEEN: Final = 10_000  # entries in a cursor, shared out among the feeds
_WORLDWIDE: Final = re.compile(r"(https?://|tag:|urn:)", re.IGNORECASE)


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
            description="Addresses of the feeds, a list or text with spaces between them. They "
            "may hold keys: no message shows more than host and path.",
        ),
    ]

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: list[SecretStr]) -> list[SecretStr]:
        for number, url in enumerate(urls, 1):
            try:
                address = httpx.URL(url.get_secret_value())
            except httpx.InvalidURL:
                address = httpx.URL("")
            if address.scheme not in {"http", "https"} or not address.host:
                raise ValueError(f"address {number} is no http or https address")
        return urls


@dataclass(slots=True)
class _Read:
    """What has been read of a feed."""

    seen: dict[str, str] = field(default_factory=dict)
    """Short hashes of entries' ids, and of their contents; those seen last come last."""
    whole: bool = False
    """Whether its older pages have been followed to what is known."""
    asks: dict[str, str] = field(default_factory=dict)
    """Headers that ask for it only if it has changed."""


class Rss(Polled[RssConfig]):
    """Reads the feeds one after the other; one that fails does not keep the others back."""

    name = "rss"
    title = "RSS and Atom feeds"
    family = Family.SOCIAL
    requirements = "the addresses of the feeds."
    limitations = (
        "A feed shows its latest entries only, and older pages where it links to them "
        "(RFC 5005). An entry without a time gets its feed's; a feed that has none either goes "
        "to the dead letters. What has left a feed may be old or deleted: nothing tells. "
        "Ids and addresses are the feed's own, even where they name an author."
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
        """Read what the feeds hold and the cursor does not know."""
        known = orjson.loads(cursor) if cursor else {}
        urls = {_short(url.get_secret_value(), 12): url for url in self.config.urls}
        read = {key: _Read(**known.get(key, {})) for key in urls}
        failed: list[Retry | Fatal] = []
        for key, url in urls.items():
            try:
                for items in self._news(key, httpx.URL(url.get_secret_value()), read[key]):
                    text = orjson.dumps({one: asdict(state) for one, state in read.items()})
                    yield Page(items, text.decode())
            except (Retry, Fatal) as error:
                failed.append(error)
        if failed:
            raise next((one for one in failed if isinstance(one, Fatal)), failed[0])

    def _news(self, key: str, url: httpx.URL, read: _Read) -> Iterator[list[Item]]:
        """Each page's new entries, where there are any or the state has changed."""
        visited: set[httpx.URL] = set()
        page: httpx.URL | None = url
        asks: dict[str, str] = {}
        while page is not None:
            visited.add(page)
            answer = self._asked(page, read.asks if page == url and read.whole else {})
            if answer.status == 304:
                return
            asks = _asks(answer) if page == url else asks
            place = f"{page.scheme}://{page.netloc.decode()}{page.path}"
            feed = read_feed(answer, place)
            found = [self._fresh(key, page.host, one, feed.at, read) for one in feed.entries]
            items = [one for one in found if one is not None]
            page = _following(page, feed.next, visited) if items or not read.whole else None
            before = (read.whole, read.asks)
            read.whole, read.asks = page is None, {} if page else asks
            if items or before != (read.whole, read.asks):
                yield items

    def _asked(self, url: httpx.URL, headers: dict[str, str]) -> HttpResponse:
        path = url.raw_path.partition(b"?")[0].decode("ascii")
        params = url.params.multi_items() or None
        return self._http(url).request("GET", path, params=params, headers=headers)

    def _fresh(
        self, key: str, host: str, entry: dict[str, Any], feed_at: str | None, read: _Read
    ) -> Item | None:
        """The entry's item, if it is new or has changed."""
        own_id = entry["id"] or entry["link"]
        named = isinstance(own_id, str) and own_id.strip()
        native_id = _native_id(key, own_id.strip()) if named else None
        content = orjson.dumps(entry)
        short, print_of_it = _short(native_id or content, 8), _short(content, 4)
        before = read.seen.pop(short, None)
        read.seen[short] = print_of_it
        while len(read.seen) > _MOST_SEEN // len(self.config.urls):
            del read.seen[next(iter(read.seen))]
        if before == print_of_it:
            return None
        timeless = not entry["published"] and not entry["updated"]
        data = {**entry, "id": native_id, "host": host}
        if timeless or before is not None:
            data["feed_at"] = feed_at  # of an edit the entry itself may tell no time
        return self.item(data, origin=native_id or "no id", payload=content)

    def parse(self, item: Item) -> Feedback:
        """Read one entry: title and text are one comment, unless the text begins with the title."""
        try:
            entry = Entry.model_validate(item.data)
            words = entry.words
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        if not entry.times:
            raise BadRecord(f"parsing {self.name}: neither the entry nor its feed has a time")
        if not words:
            raise Skip
        return self.record(
            item,
            native_id=entry.id,
            created_at=entry.times[0],
            revision=unix_ms(max(entry.times)),
            redated=entry.published is None,
            text=words,
            author=f"{entry.host}/{entry.author}" if entry.author else "",
            language=entry.language if entry.language and len(entry.language) <= 35 else None,
            url=entry.address,
            attributes={"tags": ", ".join(entry.tags[:10])} if entry.tags else None,
        )


def _native_id(key: str, own_id: str) -> str:
    """An id that no other feed has: most are addresses, some only numbers."""
    return own_id if _WORLDWIDE.match(own_id) else f"{key}:{own_id}"


def _short(value: str | bytes, length: int) -> str:
    digest = hashlib.sha256(value.encode() if isinstance(value, str) else value).digest()
    return urlsafe_b64encode(digest).decode()[:length]


def _asks(answer: HttpResponse) -> dict[str, str]:
    told = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
    return {ask: answer.headers[name] for ask, name in told.items() if name in answer.headers}


def _following(page: httpx.URL, link: str | None, visited: set[httpx.URL]) -> httpx.URL | None:
    """The next page, if it is of the same server: a feed must not send us elsewhere."""
    if link is None:
        return None
    try:
        following = page.join(link)
    except httpx.InvalidURL:
        return None
    here = (page.scheme, page.host, page.port)
    if (following.scheme, following.host, following.port) != here:
        return None
    following = following.copy_with(userinfo=page.userinfo, fragment=None)
    return None if following in visited else following
