"""``trustpilot``: reviews of a business unit, and replies to them.

Speaks the Business Units API, https://developers.trustpilot.com.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, SecretStr

from connectors.sdk import (
    Answering,
    BackwardPaginator,
    BadRecord,
    Capability,
    Http,
    Item,
    Moment,
    NativeId,
    OAuth2,
    Page,
    Polled,
    Rating,
    Reply,
    SourceConfig,
    get_objects,
    get_text,
    read_moment_ms,
    require_list,
    to_stars,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_TOKEN_PATH: Final = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105


class TrustpilotConfig(SourceConfig):
    """One business unit."""

    business_unit: Annotated[str, Field(min_length=1, description="Id of the business unit.")]
    api_key: Annotated[SecretStr, Field(description="API key of the application.")]
    api_secret: Annotated[SecretStr, Field(description="Secret of the application.")]
    reply_as: str | None = Field(
        default=None, description="Id of the business user who publishes replies."
    )
    recheck_days: int = Field(
        default=30, ge=0, description="Days of reviews that are checked for edits once per day."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Reviews per request.")
    base_url: str = Field(default="https://api.trustpilot.com", description="Address of the API.")


class _Consumer(BaseModel):
    id: str = ""


class _Location(BaseModel):
    name: str | None = None


class _Review(BaseModel):
    id: NativeId
    stars: Rating | None = None
    title: str | None = None
    text: str | None = None
    language: str | None = None
    createdAt: Moment | None = None  # noqa: N815 - the service's name
    updatedAt: Moment | None = None  # noqa: N815
    isVerified: bool | None = None  # noqa: N815
    consumer: _Consumer | None = None
    location: _Location | None = None
    companyReply: dict[str, Any] | None = None  # noqa: N815


class Trustpilot(Polled[TrustpilotConfig], Answering[TrustpilotConfig]):
    """Reads from the newest review back to what is known."""

    name = "trustpilot"
    title = "Trustpilot"
    family = Family.REVIEW
    requirements = "an API key with its secret, from the Trustpilot Business account."
    limitations = (
        "833 requests per 5 minutes and 10,000 per hour. Edits of the last `recheck_days` are "
        "found once per day; deletes are not reported."
    )
    cursor_description = "hashes of the newest reviews with their `createdAt`"
    capabilities = frozenset({Capability.EDITS})
    example = """\
business_unit = "46d6a890000064000500e0c3"
api_key = { env = "TRUSTPILOT_API_KEY" }
api_secret = { env = "TRUSTPILOT_API_SECRET" }
site = "Eastgate"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        auth = OAuth2(
            config.base_url + _TOKEN_PATH,
            {"grant_type": "client_credentials"},
            basic=(config.api_key.get_secret_value(), config.api_secret.get_secret_value()),
        )
        return self.http(config.base_url, auth=auth, per_second=2.5)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the reviews that are newer than the cursor's, the newest first."""
        config = self.config
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            cursor, now=self.context.now(), recheck=timedelta(days=config.recheck_days)
        )
        path = f"/v1/private/business-units/{config.business_unit}/reviews"
        while True:
            number = int(paginator.page or 1)
            params = {"orderBy": "createdat.desc", "page": number, "perPage": config.per_page}
            document = self._http.get_json(path, params=params)
            reviews = require_list(document, "reviews", path)
            new = paginator.new_items(
                (read_moment_ms(get_text(review, "createdAt")), get_text(review, "id"), review)
                for review in reviews
            )
            # Pages may be short in the middle of the list, or empty if they link to a next one.
            has_more = bool(reviews) or _links_to_next(document)
            text = paginator.advance(str(number + 1) if has_more else None)
            yield Page([self._item(review) for review in new], text)
            if paginator.page is None:
                return

    def _item(self, review: Any) -> Item:
        return self.item(review, origin=get_text(review, "id"))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review: title and text are one comment."""
        review = self.validate(_Review, item.data, words=("text",))
        created = review.createdAt or review.updatedAt
        text = "\n".join(part for part in (review.title, review.text) if part)
        return self.record(
            item,
            native_id=review.id,
            created_at=created,
            revision=unix_ms(max(review.updatedAt or created, created)) if created else None,
            text=text,
            stars=to_stars(review.stars, text, self.name),
            language=review.language,
            author=review.consumer.id if review.consumer else "",
            site=self.config.site or (review.location.name if review.location else None) or None,
            url=f"https://www.trustpilot.com/reviews/{review.id}",
            attributes=_attributes(review),
        )

    def build_reply(self, native_id: str, text: str) -> Reply:
        """Return the request that publishes a reply to a review."""
        if self.config.reply_as is None:
            raise BadRecord("replying on trustpilot: reply_as is not set")
        if not native_id.isalnum():
            raise BadRecord("replying on trustpilot: this is not the id of a review")
        if not text.strip():
            raise BadRecord("replying on trustpilot: the reply is empty")
        body = {"authorBusinessUserId": self.config.reply_as, "message": text}
        return Reply("POST", f"/v1/private/reviews/{native_id}/reply", body)

    def send_reply(self, reply: Reply) -> None:
        """Publish a reply."""
        self._http.request(reply.method, reply.path, json=reply.json)


def _links_to_next(document: Any) -> bool:
    return any(get_text(link, "rel") == "next-page" for link in get_objects(document, "links"))


def _attributes(review: _Review) -> dict[str, str]:
    attributes = {}
    if review.isVerified is not None:
        attributes["verified"] = "yes" if review.isVerified else "no"
    if "companyReply" in review.model_fields_set:
        attributes["answered"] = "yes" if review.companyReply else "no"
    return attributes
