"""``yelp``: the few review excerpts that Yelp publishes per business.

Speaks Yelp's Places API, formerly Fusion, https://docs.developer.yelp.com.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, Field, SecretStr, StringConstraints

from connectors.sdk import (
    Bearer,
    Capability,
    Http,
    HttpResponse,
    Item,
    NativeId,
    Page,
    Polled,
    Rating,
    Retry,
    SourceConfig,
    classify_response,
    read_places,
    require_list,
    retry_after_seconds,
    to_stars,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_TIME_ZONE: Final = "America/Los_Angeles"
"""From Yelp's documentation: "the time that the review was created in PST"."""

_MAX_LANGUAGES: Final = 20
_TAG: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")

Business = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class YelpConfig(SourceConfig):
    """Some businesses."""

    businesses: Annotated[
        tuple[Business, ...],
        Field(
            min_length=1, description="Ids or aliases: the last part of a business page's address."
        ),
    ]
    api_key: Annotated[SecretStr, Field(description="API key of the application.")]
    locale: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,3}_[A-Z]{2}$",
        description="Language and country of the reviews, such as en_GB; Yelp's default is en_US.",
    )
    base_url: str = Field(default="https://api.yelp.com", description="Address of the API.")


class _User(BaseModel):
    id: str = ""


class _Review(BaseModel):
    id: NativeId
    rating: Rating | None = None
    text: str | None = None
    time_created: datetime | None = None
    url: str | None = None
    user: _User | None = None


class _Excerpt(BaseModel):
    business: str
    review: _Review


class Yelp(Polled[YelpConfig]):
    """Reads all excerpts of each business in every run."""

    name = "yelp"
    title = "Yelp"
    family = Family.REVIEW
    requirements = (
        "an API key of an application from yelp.com/developers, on a plan that includes reviews."
    )
    limitations = (
        "The newest 3 excerpts per business, truncated by Yelp; no history, edits or deletes. One "
        "request per business and run; 300 requests per day (UTC) on the Starter plan. Nothing is "
        "returned for a business without recommended reviews."
    )
    cursor_description = (
        "the last business that was read: the next run begins after it, and reads all"
    )
    capabilities = frozenset({Capability.SAMPLED})
    example = """\
businesses = ["eastgate-medical-center-springfield"]
api_key = { env = "YELP_API_KEY" }
every = "1d"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        return self.http(
            config.base_url,
            auth=Bearer(config.api_key),
            per_second=5,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read each business, beginning after the cursor's."""
        businesses = list(dict.fromkeys(self.config.businesses))
        begin = businesses.index(cursor) + 1 if cursor in businesses else 0
        params = {"sort_by": "newest"}
        if self.config.locale is not None:
            params["locale"] = self.config.locale
        yield from read_places(
            (business, self._read_business(business, params))
            # All of them, so that one that always fails does not keep the others from being read.
            for business in [*businesses[begin:], *businesses[:begin]]
        )

    def _read_business(self, business: str, params: dict[str, str]) -> Iterator[Page]:
        path = f"/v3/businesses/{quote(business, safe='')}/reviews"
        response = self._http.request("GET", path, params=params)
        if response.status == 403:  # it has no recommended reviews
            yield Page([], business)
            return
        document = response.json()
        reviews = require_list(document, "reviews", path)
        notes = [] if reviews else _describe_others(business, document)
        yield Page([self._item(business, review) for review in reviews], business, notes=notes)

    def _item(self, business: str, review: Any) -> Item:
        origin = review.get("id") if isinstance(review, dict) else None
        return self.item(
            {"business": business, "review": review},
            origin=str(origin),
            payload=orjson.dumps(review),
        )

    def parse(self, item: Item) -> Feedback:
        """Return the record of an excerpt; its site defaults to the business."""
        excerpt = self.validate(_Excerpt, item.data, words=("text",))
        review, text = excerpt.review, excerpt.review.text or ""
        created = review.time_created
        if created is not None and created.tzinfo is None:
            created = created.replace(tzinfo=ZoneInfo(_TIME_ZONE))
        return self.record(
            item,
            native_id=review.id,
            created_at=created,
            revision=unix_ms(created) if created else None,
            text=text,
            stars=to_stars(review.rating, text, self.name),
            site=self.config.site or excerpt.business,
            author=review.user.id if review.user else "",
            url=review.url,
            attributes={"business": excerpt.business},
        )


def _describe_others(business: str, document: Any) -> list[str]:
    """Return a note if a business has reviews, but only in languages that were not asked for."""
    total = document.get("total")
    if not isinstance(total, int) or total < 1:
        return []
    languages = document.get("possible_languages")
    languages = languages[:_MAX_LANGUAGES] if isinstance(languages, list) else []
    named = ", ".join(language for language in map(str, languages) if _TAG.fullmatch(language))
    others = f"; there are some in: {named}" if named else ""
    return [f"{business}: {total:,} reviews, none in the language of `locale`{others}"]


def _classify(response: HttpResponse) -> Exception | None:
    code = _error_code(response) if response.status in {403, 429} else None
    if code == "BUSINESS_UNAVAILABLE":  # it has no recommended reviews
        return None
    if code == "ACCESS_LIMIT_REACHED":
        reset = response.headers.get("ratelimit-resettime", "")
        return Retry(
            f"requesting {response.request_line}: the daily limit of requests is reached",
            wait=retry_after_seconds({"retry-after": reset}),
        )
    problem = classify_response(response)
    if problem is None:
        try:
            response.json()
        except Retry as truncated:
            return truncated
    return problem


def _error_code(response: HttpResponse) -> object:
    try:
        return response.json()["error"]["code"]
    except (Retry, KeyError, TypeError):
        return None
