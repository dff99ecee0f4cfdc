"""``yelp``: the few excerpts of reviews that Yelp shows of a business.

Speaks Yelp's Places API, formerly Fusion, https://docs.developer.yelp.com.
"""

from __future__ import annotations

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
    Page,
    Polled,
    Retry,
    SourceConfig,
    classify_response,
    retry_after_seconds,
    unix_ms,
)
from schemas.feedback import Family, Feedback
from schemas.measures import Stars

_YELPS_CLOCK: Final = "America/Los_Angeles"
"""Yelp's documentation: the time that the review was created in PST."""

Business = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class YelpConfig(SourceConfig):
    """Some businesses."""

    businesses: Annotated[
        tuple[Business, ...],
        Field(min_length=1, description="Ids or aliases: how the address of a page on Yelp ends."),
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
    id: str = Field(min_length=1)
    rating: int = Field(ge=1, le=5)
    text: str | None = None
    time_created: datetime
    url: str | None = None
    user: _User | None = None


class _Excerpt(BaseModel):
    business: str
    review: _Review


class Yelp(Polled[YelpConfig]):
    """Reads what is shown of each business, all of it at every run."""

    name = "yelp"
    title = "Yelp"
    family = Family.REVIEW
    requirements = (
        "an API key of an application made at yelp.com/developers, of a plan with the reviews."
    )
    limitations = (
        "3 excerpts a business, the newest ones, cut short by Yelp; no history, no edits, no "
        "deletes. One request a business and run; 300 requests a day on the Starter plan, until "
        "midnight UTC. Of a business without recommended reviews Yelp tells nothing."
    )
    cursor_description = (
        "the business that was read last: an interrupted run goes on behind it, any other begins "
        "again"
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
        """Read every business; where a run was interrupted, those behind the cursor's."""
        businesses = list(dict.fromkeys(self.config.businesses))
        begin = businesses.index(cursor) + 1 if cursor in businesses else 0
        params = {"sort_by": "newest"}
        if self.config.locale is not None:
            params["locale"] = self.config.locale
        for business in businesses[begin % len(businesses) :]:
            document = self._http.get_json(
                f"/v3/businesses/{quote(business, safe='')}/reviews", params=params
            )
            reviews = document.get("reviews") if isinstance(document, dict) else None
            listed = reviews if isinstance(reviews, list) else []
            yield Page([self._item(business, one) for one in listed], business)

    def _item(self, business: str, review: Any) -> Item:
        origin = review.get("id") if isinstance(review, dict) else None
        return self.item(
            {"business": business, "review": review},
            origin=str(origin),
            payload=orjson.dumps(review),
        )

    def parse(self, item: Item) -> Feedback:
        """Read one excerpt; the business is its site where the settings name none."""
        excerpt = self.validate(_Excerpt, item.data)
        review = excerpt.review
        created = review.time_created
        created = created if created.tzinfo else created.replace(tzinfo=ZoneInfo(_YELPS_CLOCK))
        return self.record(
            item,
            native_id=review.id,
            created_at=created,
            revision=unix_ms(created),
            text=review.text or "",
            stars=Stars(value=review.rating),
            site=self.config.site or excerpt.business,
            author=review.user.id if review.user else "",
            url=review.url,
            attributes={"business": excerpt.business},
        )


def _classify(answer: HttpResponse) -> Exception | None:
    code = _code(answer) if answer.status in {403, 429} else None
    if code == "BUSINESS_UNAVAILABLE":  # it has no review that Yelp recommends
        return None
    if code == "ACCESS_LIMIT_REACHED":
        reset = answer.headers.get("ratelimit-resettime", "")
        return Retry(
            f"requesting {answer.request_line}: the day's requests are used up",
            wait=retry_after_seconds({"retry-after": reset}),
        )
    return classify_response(answer)


def _code(answer: HttpResponse) -> object:
    try:
        return answer.json()["error"]["code"]
    except (Retry, KeyError, TypeError):
        return None
