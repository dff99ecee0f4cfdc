"""``app_store_connect``: reviews of an app, from the developer's own account, and replies to them.

Speaks the App Store Connect API,
https://developer.apple.com/documentation/appstoreconnectapi/get-v1-apps-_id_-customerreviews and
https://developer.apple.com/documentation/appstoreconnectapi/post-v1-customerreviewresponses; its
limits are in https://developer.apple.com/documentation/appstoreconnectapi/identifying-rate-limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
from pydantic import AwareDatetime, BaseModel, Field, SecretStr, StringConstraints

from connectors.reviews.app_store_connect.api_token import ApiKey
from connectors.sdk import (
    Answering,
    BackwardPaginator,
    BadRecord,
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Reply,
    Retry,
    Skip,
    SourceConfig,
    Unauthorized,
    classify_response,
    get_object,
    get_objects,
    get_text,
    parse_iso_ms,
    require_list,
    unix_ms,
)
from schemas.feedback import Family, Feedback
from schemas.measures import Stars

_MAX_REPLY_CHARACTERS: Final = 5_970
_REPLIES: Final = "customerReviewResponses"
_REVIEW_ID: Final = re.compile(r"[A-Za-z0-9-]{1,100}")
_CODE: Final = re.compile(r"[A-Z_.]{1,100}")
_HOUR_IS_USED_UP: Final = re.compile(r"user-hour-rem:\s*0\b")
_HOUR_WAIT_S: Final = 900.0
"""The hour is a rolling one: some requests are possible again after a part of it."""

Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class AppStoreConnectConfig(SourceConfig):
    """One app, in all territories or in some."""

    app: Annotated[
        str,
        Field(
            pattern=r"^\d+$", description="Number of the app, which follows `id` in its address."
        ),
    ]
    key_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="Id of the API key.")]
    issuer_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="Id of the team's issuer; none: the key is an individual key.",
    )
    private_key: Annotated[
        SecretStr, Field(description="Content of the API key's file, AuthKey_….p8.")
    ]
    territories: tuple[Territory, ...] = Field(
        default=(),
        description="Territories of the reviews, as three capital letters each; none: all.",
    )
    recheck_days: int = Field(
        default=30,
        ge=0,
        description="Days of reviews that are read again once per day, for edits and replies.",
    )
    per_page: int = Field(default=100, ge=1, le=200, description="Reviews per request.")
    base_url: str = Field(
        default="https://api.appstoreconnect.apple.com", description="Address of the API."
    )


class _Attributes(BaseModel):
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    title: str | None = None
    body: str | None = None
    reviewerNickname: str | None = None  # noqa: N815 - the service's name
    createdDate: AwareDatetime | None = None  # noqa: N815
    territory: str | None = None


class _Review(BaseModel):
    id: Annotated[str, StringConstraints(min_length=1)]
    attributes: _Attributes


class _AnsweredReview(BaseModel):
    review: _Review
    is_answered: bool = False


class AppStoreConnect(Polled[AppStoreConnectConfig], Answering[AppStoreConnectConfig]):
    """Reads from the newest review back to what is known."""

    name = "app_store_connect"
    title = "App Store Connect"
    family = Family.REVIEW
    requirements = (
        "an API key of App Store Connect, from Users and Access under Integrations, with a role "
        "that may read reviews and reply to them, such as Customer Support; its file can be "
        "downloaded only once."
    )
    limitations = (
        "3,500 requests per hour or so. The time of an edit is not returned, so reviews of the "
        "last `recheck_days` are read again once per day, for edits and replies; deletes are not "
        "reported, and neither is the version of the app. `app_store` returns the same reviews "
        "under other ids: use one of them. Replies: 5,970 characters; they appear after some time."
    )
    cursor_description = "hashes of the newest reviews with their `createdDate`"
    capabilities = frozenset({Capability.EDITS})
    example = """\
app = "1234567890"
key_id = "2X9R4HXF34"
issuer_id = "57246542-96fe-1a63-e053-0824d011072a"
private_key = { env = "APP_STORE_CONNECT_KEY" }
site = "Patient app"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        auth = ApiKey(config.key_id, config.issuer_id, config.private_key)
        return self.http(config.base_url, auth=auth, per_second=4, classify=_classify)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the reviews that are newer than the cursor's, the newest first."""
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            cursor,
            now=self.context.now(),
            recheck=timedelta(days=self.config.recheck_days),
        )
        while True:
            document = self._list_page(paginator)
            answered = _list_answered(document)
            new = paginator.new_items(
                (_created_ms(review), get_text(review, "id"), review)
                for review in require_list(document, "data", self._path)
            )
            text = paginator.advance(_next_page(document))
            yield Page([self._item(review, answered) for review in new], text)
            if paginator.page is None:
                return

    @property
    def _path(self) -> str:
        return f"/v1/apps/{self.config.app}/customerReviews"

    def _list_page(self, paginator: BackwardPaginator[Any]) -> Any:
        """Return the next page, or the first one if the page's token is no longer accepted."""
        config = self.config
        params: dict[str, Any] = {
            "sort": "-createdDate",
            "include": "response",
            "limit": config.per_page,
        }
        if config.territories:
            params["filter[territory]"] = ",".join(config.territories)
        if paginator.page is not None:
            try:
                return self._http.get_json(self._path, params={**params, "cursor": paginator.page})
            except _InvalidRequest:
                paginator.page = None
        return self._http.get_json(self._path, params=params)

    def _item(self, review: Any, answered: set[str]) -> Item:
        review_id = get_text(review, "id")
        is_answered = review_id in answered or bool(_reply_reference(review))
        return self.item({"review": review, "is_answered": is_answered}, origin=review_id)

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review: title and body are one comment."""
        answered = self.validate(_AnsweredReview, item.data, words=("body",))
        review = answered.review
        details, created = review.attributes, review.attributes.createdDate
        text = "\n".join(part for part in (details.title, details.body) if part)
        if not text.strip() and details.rating is None:
            raise Skip()
        attributes = {"answered": "yes" if answered.is_answered else "no"}
        if details.territory:
            attributes["territory"] = details.territory
        return self.record(
            item,
            native_id=review.id,
            created_at=created,
            revision=unix_ms(created) if created else None,
            redated=True,
            text=text,
            stars=None if details.rating is None else Stars(value=details.rating),
            author=details.reviewerNickname or "",
            url=f"https://apps.apple.com/app/id{self.config.app}",
            attributes=attributes,
        )

    def build_reply(self, native_id: str, text: str) -> Reply:
        """Return the request that publishes a reply to a review, or replaces it."""
        if not _REVIEW_ID.fullmatch(native_id):
            raise BadRecord(f"replying on {self.name}: this is not the id of a review")
        if not text.strip() or len(text) > _MAX_REPLY_CHARACTERS:
            raise BadRecord(
                f"replying on {self.name}: a reply has 1 to {_MAX_REPLY_CHARACTERS:,} characters"
            )
        review = {"data": {"type": "customerReviews", "id": native_id}}
        data = {
            "type": _REPLIES,
            "attributes": {"responseBody": text},
            "relationships": {"review": review},
        }
        return Reply("POST", f"/v1/{_REPLIES}", {"data": data})

    def send_reply(self, reply: Reply) -> None:
        """Publish a reply."""
        self._http.request(reply.method, reply.path, json=reply.json)


class _InvalidRequest(Fatal):
    """The service no longer accepts the parameters of a request."""


def _classify(response: HttpResponse) -> Exception | None:
    problem = classify_response(response)
    if response.status == 400:
        return _InvalidRequest(f"requesting {response.request_line}: status 400")
    if response.status == 403:  # a role that lacks a permission, or an agreement to be signed
        return Unauthorized(f"{problem}{_describe_code(response)}")
    if response.status == 429 and "retry-after" not in response.headers:
        used_up = _HOUR_IS_USED_UP.search(response.headers.get("x-rate-limit", ""))
        return Retry(str(problem), wait=_HOUR_WAIT_S) if used_up else problem
    return problem


def _describe_code(response: HttpResponse) -> str:
    """Return the code of an error, such as FORBIDDEN.REQUIRED_AGREEMENTS_MISSING_OR_EXPIRED."""
    try:
        code = str(response.json()["errors"][0]["code"])
    except (Retry, LookupError, TypeError):
        return ""
    return f", {code}" if _CODE.fullmatch(code) else ""


def _created_ms(review: Any) -> int | None:
    return parse_iso_ms(get_text(get_object(review, "attributes"), "createdDate"))


def _next_page(document: Any) -> str | None:
    """Return the cursor in the address of the next page, which itself is not requested.

    Raises ``Retry`` if there is an address without one: it is not the end of the list.
    """
    address = get_text(get_object(document, "links"), "next")
    try:
        cursor = httpx.URL(address).params.get("cursor") if address else None
    except httpx.InvalidURL:
        cursor = None
    cursor = cursor or get_text(get_object(document, "meta", "paging"), "nextCursor")
    if address and not cursor:
        raise Retry("reading customerReviews: the address of the next page has no cursor")
    return cursor or None


def _list_answered(document: Any) -> set[str]:
    """Return the ids of the reviews that the replies in a page are to."""
    return {
        get_text(get_object(reply, "relationships", "review", "data"), "id")
        for reply in get_objects(document, "included")
        if get_text(reply, "type") == _REPLIES
    }


def _reply_reference(review: Any) -> str:
    return get_text(get_object(review, "relationships", "response", "data"), "id")
