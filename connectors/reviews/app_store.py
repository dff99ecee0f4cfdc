"""``app_store``: reviews of an app, from the feeds of the App Store's storefronts.

Reads the customer reviews feed as JSON,
``itunes.apple.com/<country>/rss/customerreviews/page=<1 to 10>/id=<app>/sortBy=mostRecent/json``.
Apple does not document it; each value in it is below a ``label``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Generic, TypeVar

import orjson
from pydantic import BaseModel, Field, StringConstraints

from connectors.sdk import (
    BackwardPaginator,
    Capability,
    Http,
    HttpResponse,
    Item,
    Moment,
    NativeId,
    Page,
    Polled,
    Rating,
    Retry,
    SourceConfig,
    classify_response,
    read_moment_ms,
    read_places,
    share_memory,
    to_stars,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_FEED_PARTS: Final = frozenset({"author", "entry", "id", "link", "title", "updated"})
_LAST_PAGE: Final = 10
_MAX_REQUESTS: Final = 3
"""Requests for a page before it is taken to be empty."""
_THROTTLED_S: Final = 120.0
_NUMBER: Final = re.compile(r"/page=(\d+)/")
_REVIEWER: Final = re.compile(r"/id(\d+)")

Country = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
T = TypeVar("T")


class AppStoreConfig(SourceConfig):
    """One app, in some storefronts."""

    app: Annotated[
        str,
        Field(
            pattern=r"^\d+$", description="Number of the app, which follows `id` in its address."
        ),
    ]
    countries: tuple[Country, ...] = Field(
        default=("us",), min_length=1, description="Storefronts, as two lower-case letters each."
    )
    base_url: str = Field(default="https://itunes.apple.com", description="Address of the feeds.")


class _Label(BaseModel, Generic[T]):
    label: T


_NOTHING: Final = _Label[str](label="")


class _Author(BaseModel):
    name: _Label[str] = _NOTHING
    uri: _Label[str] = _NOTHING


class _Review(BaseModel):
    id: _Label[NativeId]
    updated: _Label[Moment] | None = None
    rating: _Label[Rating] | None = Field(default=None, alias="im:rating")
    version: _Label[str] = Field(default=_NOTHING, alias="im:version")
    title: _Label[str] = _NOTHING
    content: _Label[str] = _NOTHING
    author: _Author = _Author()


@dataclass(frozen=True, slots=True)
class _Feed:
    reviews: list[Any]
    last: int | None
    """The last page, if the feed names it."""
    etag: str


class AppStore(Polled[AppStoreConfig]):
    """Reads each storefront from the newest review back to what is known there."""

    name = "app_store"
    title = "App Store"
    family = Family.REVIEW
    requirements = "the app's number, from its address in the App Store; no account is needed."
    limitations = (
        "The newest 500 reviews per storefront, in 10 pages of 50. Only the time of the last edit "
        "is returned; deletes and the developer's replies are not. Apple documents no rate limit; "
        "at most 5 requests per second are made. A feed is sometimes empty: the next run reads it "
        "again. A review without a time has that of its first reading, and says so."
    )
    cursor_description = (
        "for each storefront, hashes of the newest reviews, and the ETag of its first page"
    )
    capabilities = frozenset({Capability.EDITS})
    example = """\
app = "1234567890"
countries = ["gb", "ie"]
site = "Patient app"
"""

    @cached_property
    def _http(self) -> Http:
        return self.http(self.config.base_url, per_second=5, classify=_classify)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what is newer than the cursor's, storefront by storefront."""
        states: dict[str, Any] = orjson.loads(cursor) if cursor else {}
        yield from read_places(
            (country, self._read_pages(country, states))
            for country in dict.fromkeys(self.config.countries)
        )

    def _read_pages(self, country: str, states: dict[str, Any]) -> Iterator[Page]:
        before = states.get(country, {})
        for items, state, is_first in self._read_storefront(country, before):
            if items or state != states.get(country):
                states[country] = state
                yield Page(items, orjson.dumps(states).decode(), is_history=is_first)
        if country not in states:  # Apple shows empty feeds to some servers, without an error
            notes = [f"{country}: the feed has never held a review"]
            yield Page([], orjson.dumps(states).decode(), notes=notes)

    def _read_storefront(
        self, country: str, state: dict[str, Any]
    ) -> Iterator[tuple[list[Item], dict[str, Any], bool]]:
        """Yield the items of one storefront's pages, the state that follows, and if all is new."""
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            state.get("walk"),
            now=self.context.now(),
            remember=share_memory(len(self.config.countries)),
        )
        etag, promised = state.get("etag", ""), True
        while True:
            number = int(paginator.page or 1)
            # An unchanged first page ends the run, but not while a pass is under way.
            feed = self._read_page(country, number, etag if paginator.page is None else "")
            if feed is None or (number == 1 and not feed.reviews):
                return
            if number == 1:
                etag = feed.etag
            new = paginator.new_items(
                (read_moment_ms(_label(review, "updated")), _id(review), review)
                for review in feed.reviews
            )
            # A promised page that is empty may have been lost: the next run starts over, but only
            # once, since the promise may be wrong.
            lost = not feed.reviews and promised and not state.get("again")
            is_last = not feed.reviews or number >= min(feed.last or _LAST_PAGE, _LAST_PAGE)
            promised = feed.last is not None
            text = paginator.advance(None if is_last and not lost else str(number + 1))
            if lost:
                paginator.page, text = "1", paginator.cursor("1")
            after = {"walk": text, "etag": etag}
            if lost or (state.get("again") and paginator.page is not None):
                after["again"] = True
            yield [self._item(review) for review in new], after, paginator.is_first
            if lost or paginator.page is None:
                return

    def _read_page(self, country: str, number: int, etag: str) -> _Feed | None:
        """Return a page of a storefront, or None if its ETag is still this one."""
        path = f"/{country}/rss/customerreviews/page={number}/id={self.config.app}"
        feed = _Feed([], None, "")
        for _ in range(_MAX_REQUESTS):
            response = self._http.request(
                "GET",
                f"{path}/sortBy=mostRecent/json",
                headers={"If-None-Match": etag} if etag else {},
            )
            if response.status == 304:
                return None
            document = response.json()["feed"]
            feed = _Feed(_reviews(document), _last_page_number(document), _etag(response))
            if feed.reviews:
                break
        return feed

    def _item(self, review: Any) -> Item:
        return self.item(review, origin=_id(review))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review: title and text are one comment.

        It holds nothing of the storefront, since one review is listed in several.
        """
        review = self.validate(_Review, item.data, words=("content",))
        reviewer = _REVIEWER.search(review.author.uri.label)
        updated = review.updated.label if review.updated else None
        version = review.version.label
        text = "\n".join(filter(None, (review.title.label, review.content.label)))
        return self.record(
            item,
            native_id=review.id.label,
            created_at=updated,
            revision=unix_ms(updated) if updated else None,
            redated=True,
            text=text,
            stars=to_stars(review.rating.label if review.rating else None, text, self.name),
            author=reviewer[1] if reviewer else review.author.name.label,
            url=f"https://apps.apple.com/app/id{self.config.app}",
            attributes={"version": version} if version else {},
        )


def _classify(response: HttpResponse) -> Exception | None:
    if response.status == 403:  # without credentials, it means too many requests
        return Retry(f"requesting {response.request_line}: status 403", wait=_THROTTLED_S)
    problem = classify_response(response)
    if problem is None and response.status != 304:
        try:
            if not response.json()["feed"].keys() & _FEED_PARTS:
                raise TypeError
        except Retry as truncated:
            return truncated
        except (KeyError, TypeError, AttributeError):
            return Retry(f"reading {response.request_line}: the response is not a feed")
    return problem


def _etag(response: HttpResponse) -> str:
    """Return a response's ETag, if a request can have it: headers are in ASCII."""
    etag = response.headers.get("etag", "")
    return etag if etag.isascii() else ""


def _reviews(feed: dict[str, Any]) -> list[Any]:
    """Return a feed's reviews: a single one is not in a list, and the app may be an entry too."""
    entries = feed.get("entry") or []
    entries = entries if isinstance(entries, list) else [entries]
    return [entry for entry in entries if not (isinstance(entry, dict) and "im:name" in entry)]


def _last_page_number(feed: dict[str, Any]) -> int | None:
    links = feed.get("link")
    for link in links if isinstance(links, list) else [links]:
        attributes = link.get("attributes") if isinstance(link, dict) else None
        if isinstance(attributes, dict) and attributes.get("rel") == "last":
            match = _NUMBER.search(str(attributes.get("href")))
            return int(match[1]) if match else None
    return None


def _id(review: Any) -> str:
    return str(_label(review, "id") or "")


def _label(review: Any, name: str) -> Any:
    try:
        return review[name]["label"]
    except (KeyError, TypeError, IndexError):
        return None
