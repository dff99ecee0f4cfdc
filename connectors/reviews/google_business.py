"""``google_business``: Google reviews of the organization's own locations, and replies to them.

Speaks the Google Business Profile API, version 4,
https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import quote

import orjson
from pydantic import (
    BaseModel,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from connectors.sdk import (
    Answering,
    BackwardPaginator,
    BadRecord,
    Capability,
    Fatal,
    GoogleConfig,
    Http,
    HttpResponse,
    Item,
    Moment,
    NativeId,
    Page,
    Polled,
    Reply,
    Skip,
    classify_response,
    get_text,
    read_moment_ms,
    read_places,
    require_list,
    require_object,
    share_memory,
    unix_ms,
)
from schemas.feedback import Family, Feedback, Name
from schemas.measures import Stars

_SCOPE: Final = "https://www.googleapis.com/auth/business.manage"
_MAX_REPLY_BYTES: Final = 4_096
_STARS: Final = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_SUMMARY: Final = {"averageRating", "totalReviewCount", "nextPageToken"}
_TRANSLATED: Final = "(Translated by Google)"
_ORIGINAL: Final = re.compile(r"(?:^|\s)\(Original\)\s")

_Rating = Literal["ONE", "TWO", "THREE", "FOUR", "FIVE", "STAR_RATING_UNSPECIFIED"]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


class GoogleBusinessConfig(GoogleConfig):
    """The locations of one account."""

    account: Annotated[_Id, Field(description="Id of the account that owns the locations.")]
    locations: Annotated[
        dict[_Id, Name],
        Field(min_length=1, description="Site of each location, by location id."),
    ]
    recheck_days: int = Field(
        default=30,
        ge=0,
        description="Days of reviews that one run per day reads again, since the service's pages "
        "may omit some.",
    )
    per_page: int = Field(default=50, ge=1, le=50, description="Reviews per request.")
    base_url: str = Field(
        default="https://mybusiness.googleapis.com", description="Address of the API."
    )

    @field_validator("site")
    @classmethod
    def _reject_site(cls, site: str | None) -> str | None:
        if site is not None:
            raise ValueError("each location has its own in `locations`")
        return site

    @model_validator(mode="after")
    def _require_credentials(self) -> Self:
        if self.auth(_SCOPE) is None:
            raise ValueError(
                "credentials are client_id, client_secret and refresh_token, or a service_account"
            )
        return self


class _Reviewer(BaseModel):
    displayName: str | None = None  # noqa: N815 - the service's name
    isAnonymous: bool = False  # noqa: N815

    @property
    def author(self) -> str:
        return "" if self.isAnonymous else self.displayName or ""


class _Review(BaseModel):
    reviewId: NativeId  # noqa: N815
    starRating: _Rating | None = None  # noqa: N815
    comment: str | None = None
    createTime: Moment | None = None  # noqa: N815
    updateTime: Moment | None = None  # noqa: N815
    reviewer: _Reviewer | None = None
    reviewReply: dict[str, Any] | None = None  # noqa: N815


class _LocatedReview(BaseModel):
    location: _Id
    review: _Review


class GoogleBusiness(Polled[GoogleBusinessConfig], Answering[GoogleBusinessConfig]):
    """Reads each location from the review that changed last back to what is known."""

    name = "google_business"
    title = "Google Business Profile"
    family = Family.REVIEW
    requirements = (
        "a Google Cloud project with access to the Business Profile APIs, an OAuth 2.0 client of "
        "it, and a refresh token with the scope business.manage of a user who manages the "
        "locations, which must be verified; or a service account that manages them or, with "
        "delegation by Google Workspace, acts for a user who does (`act_as`)."
    )
    limitations = (
        "300 requests per minute. Edits are returned like new reviews; deletes are not reported. "
        "Pages after the first may omit reviews, so those that changed in the last `recheck_days` "
        "are read again once per day. Reviewers have no id: two of the same name count as one "
        "author."
    )
    cursor_description = "for each location, hashes of the newest reviews with their `updateTime`"
    capabilities = frozenset({Capability.EDITS})
    example = """\
account = "104711081500000000000"
client_id = "0815.apps.googleusercontent.com"
client_secret = { env = "GOOGLE_CLIENT_SECRET" }
refresh_token = { env = "GOOGLE_REFRESH_TOKEN" }
locations = { "1234567890" = "Eastgate", "2345678901" = "Westgate" }
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        return self.http(
            config.base_url, auth=config.auth(_SCOPE), per_second=5, classify=_classify
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what changed since the cursor, location by location, the newest first."""
        known: dict[str, str] = {} if cursor is None else orjson.loads(cursor)
        cursors = {
            location: known[location] for location in self.config.locations if location in known
        }
        yield from read_places(
            (location, self._read_location(location, cursors)) for location in self.config.locations
        )

    def _read_location(self, location: str, cursors: dict[str, str]) -> Iterator[Page]:
        before = cursors.get(location)
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            before,
            now=self.context.now(),
            recheck=timedelta(days=self.config.recheck_days),
            remember=share_memory(len(self.config.locations)),
        )
        while True:
            answer = self._list_page(location, paginator)
            new = paginator.new_items(
                (_updated_ms(review), get_text(review, "reviewId"), review)
                for review in _reviews(answer, location)
            )
            text = paginator.advance(get_text(answer, "nextPageToken") or None)
            if new or text != cursors.get(location):
                cursors[location] = text
                items = [self._item(location, review) for review in new]
                yield Page(items, orjson.dumps(cursors).decode(), is_history=paginator.is_first)
            if paginator.page is None:
                return

    def _list_page(self, location: str, paginator: BackwardPaginator[Any]) -> Any:
        """Return the next page, or the first one if the page's token has expired."""
        params: dict[str, Any] = {"pageSize": self.config.per_page, "orderBy": "updateTime desc"}
        path = f"/v4/{self._parent(location)}/reviews"
        if paginator.page is not None:
            try:
                return self._http.get_json(path, params={**params, "pageToken": paginator.page})
            except _InvalidRequest:
                paginator.page = None
        return self._http.get_json(path, params=params)

    def _parent(self, location: str) -> str:
        return f"accounts/{self.config.account}/locations/{location}"

    def _item(self, location: str, review: Any) -> Item:
        data = {"location": location, "review": review}
        return self.item(
            data, origin=f"{location}/{get_text(review, 'reviewId')}", payload=orjson.dumps(data)
        )

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review, in the reviewer's words, not in Google's translation."""
        located = self.validate(_LocatedReview, item.data, words=("comment",))
        review = located.review
        text, stars = original(review.comment or ""), _STARS.get(review.starRating or "")
        if not text and stars is None:
            raise Skip()
        created = review.createTime or review.updateTime
        return self.record(
            item,
            native_id=f"{located.location}/{review.reviewId}",
            created_at=created,
            revision=unix_ms(max(review.updateTime or created, created)) if created else None,
            text=text,
            stars=None if stars is None else Stars(value=stars),
            author=review.reviewer.author if review.reviewer else "",
            site=self.config.locations.get(located.location),
            attributes={"answered": "yes" if review.reviewReply else "no"},
        )

    def build_reply(self, native_id: str, text: str) -> Reply:
        """Return the request that publishes a reply to a review, or replaces it."""
        location, _, review = native_id.partition("/")
        if location not in self.config.locations or not review.strip("."):
            raise BadRecord(
                f"replying on {self.name}: the review is not of a location of this instance"
            )
        if not text.strip() or len(text.encode()) > _MAX_REPLY_BYTES:
            raise BadRecord(f"replying on {self.name}: a reply has 1 to {_MAX_REPLY_BYTES:,} bytes")
        path = f"/v4/{self._parent(location)}/reviews/{quote(review, safe='')}/reply"
        return Reply("PUT", path, {"comment": text})

    def send_reply(self, reply: Reply) -> None:
        """Publish a reply."""
        self._http.request(reply.method, reply.path, json=reply.json)


class _InvalidRequest(Fatal):
    """The service no longer accepts the parameters of a request."""


def _classify(response: HttpResponse) -> Exception | None:
    if response.status == 400:
        return _InvalidRequest(f"requesting {response.request_line}: status 400")
    return classify_response(response)


def original(comment: str) -> str:
    """Return the reviewer's words: Google puts its translation before or after them."""
    before, marker, after = comment.partition(_TRANSLATED)
    if not marker:
        return comment.strip()
    if before.strip():
        return before.strip().removeprefix("(Original)").strip()
    return _ORIGINAL.split(after, maxsplit=1)[-1].strip()


def _reviews(answer: Any, location: str) -> list[Any]:
    """Return a page's reviews; the list is absent if it is empty. Raises ``Retry``."""
    where = f"google_business {location}"
    if "reviews" in require_object(answer, where) or not answer.keys() <= _SUMMARY:
        return require_list(answer, "reviews", where)
    return []


def _updated_ms(review: Any) -> int | None:
    return read_moment_ms(get_text(review, "updateTime") or get_text(review, "createTime"))
