"""``google_play``: reviews of an app in one language of Google Play, and replies to them.

Reads what the store's own pages read, with the formats of the library google-play-scraper. Replies
use the Play Developer API, https://developers.google.com/android-publisher.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from pydantic import BaseModel, Field

from connectors.sdk import (
    Answering,
    BackwardPaginator,
    BadRecord,
    Capability,
    GoogleConfig,
    Http,
    HttpResponse,
    Item,
    Moment,
    NativeId,
    Page,
    Polled,
    Rating,
    Reply,
    Retry,
    classify_response,
    load_json,
    read_moment_ms,
    to_stars,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_SCOPE: Final = "https://www.googleapis.com/auth/androidpublisher"
_MAX_REPLY_CHARACTERS: Final = 350
_ANONYMOUS: Final = re.compile(r"\bgoogle", re.IGNORECASE)
"""A closed account is "A Google user" in the list's language, which identifies no author.

In all languages it has that word, which names of people do not."""
_NEWEST_FIRST: Final = 2
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class GooglePlayConfig(GoogleConfig):
    """One app; credentials are needed for replies only."""

    app: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)+$",
            description="Package name, such as org.example.patient.",
        ),
    ]
    language: str = Field(
        default="en",
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,4})?$",
        description="Language of the reviews: the store lists one language at a time.",
    )
    country: str = Field(
        default="us", pattern=r"^[A-Za-z]{2}$", description="Country of the store."
    )
    per_page: int = Field(default=100, ge=1, le=150, description="Reviews per request.")
    base_url: str = Field(default="https://play.google.com", description="Address of the store.")
    api_url: str = Field(
        default="https://androidpublisher.googleapis.com", description="Address of the API."
    )


class _Review(BaseModel):
    reviewId: NativeId  # noqa: N815 - the library's name
    at: Moment | None = None
    score: Rating | None = None
    content: str | None = None
    userName: str | None = None  # noqa: N815
    reviewCreatedVersion: str | None = None  # noqa: N815
    replyContent: str | None = None  # noqa: N815


class _NoListing(Retry):
    """The response has no list, as for a page token that has expired."""


class GooglePlay(Polled[GooglePlayConfig], Answering[GooglePlayConfig]):
    """Reads from the newest review back to what is known."""

    name = "google_play"
    title = "Google Play"
    family = Family.REVIEW
    requirements = (
        "the app's package name. For replies also credentials of an account that may reply to "
        "reviews, from the Google Cloud and Play consoles: an OAuth client with a refresh token "
        "for the scope androidpublisher, or the key file of a service account."
    )
    limitations = (
        "At most 150 reviews per request, in one language. Google documents no rate limit, and may "
        "truncate a long history. Only the time of the last edit is returned; deletes are not "
        "reported. Replies: 350 characters, 2,000 per day and app."
    )
    cursor_description = "hashes of the newest reviews with their times"
    capabilities = frozenset({Capability.EDITS})
    example = """\
app = "org.example.patient"
language = "en"
country = "gb"
"""

    @cached_property
    def _http(self) -> Http:
        return self.http(self.config.base_url, per_second=5, classify=_classify)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the reviews that are newer than the cursor's, the newest first."""
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(cursor, now=self.context.now())
        resumed = paginator.page is not None
        while True:
            try:
                reviews, following = self._list_page(paginator.page)
            except _NoListing:
                if not resumed:
                    raise
                reviews, following = [], None
            if resumed and not reviews:  # its token has expired: start from the newest again
                resumed, paginator.page = False, None
                continue
            resumed = False
            new = paginator.new_items((_at_ms(review), _id(review), review) for review in reviews)
            text = paginator.advance(following)
            yield Page([self._item(review) for review in new], text)
            if paginator.page is None:
                return

    def _list_page(self, token: str | None) -> tuple[list[Any], str | None]:
        """Return reviews, and the token of the next page. Raises ``_NoListing``."""
        request, config = _library()[0], self.config
        address = request.Formats.Reviews.build(config.language, config.country)
        after = None if token is None else quote(token, safe="")
        form = request.Formats.Reviews.build_body(
            config.app, _NEWEST_FIRST, config.per_page, "null", "null", after
        )
        path = address.removeprefix(request.PLAY_STORE_BASE_URL)
        answer = self._http.request("POST", path, content=form, headers=_FORM)
        listing = _parse_listing(answer) or [None]
        return listing[0] if isinstance(listing[0], list) else [], _next_token(listing)

    def _item(self, review: Any) -> Item:
        return self.item(review, origin=_id(review), payload=orjson.dumps(review))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review, without the developer's reply that it contains."""
        fields = {name: _get_field(item.data, name) for name in _Review.model_fields}
        review = self.validate(_Review, fields, words=("content",))
        version, text = review.reviewCreatedVersion, review.content or ""
        attributes = {"answered": "yes" if review.replyContent else "no"}
        if version:
            attributes["version"] = version
        return self.record(
            item,
            native_id=review.reviewId,
            created_at=review.at,
            revision=unix_ms(review.at) if review.at else None,
            redated=True,
            text=text,
            stars=to_stars(review.score, text, self.name),
            author="" if _is_anonymous(review.userName) else str(review.userName),
            url=f"https://play.google.com/store/apps/details?id={self.config.app}"
            f"&reviewId={quote(review.reviewId, safe='')}",
            attributes=attributes,
        )

    @cached_property
    def _api(self) -> Http:
        return self.http(self.config.api_url, auth=self.config.auth(_SCOPE))

    def build_reply(self, native_id: str, text: str) -> Reply:
        """Return the request that publishes a reply to a review, or replaces it."""
        if self.config.auth(_SCOPE) is None:
            raise BadRecord(
                "replying on google_play: client_id, client_secret and refresh_token are not set, "
                "nor is service_account"
            )
        if not text.strip() or len(text) > _MAX_REPLY_CHARACTERS:
            raise BadRecord(
                f"replying on google_play: a reply has 1 to {_MAX_REPLY_CHARACTERS} characters"
            )
        review = f"{self.config.app}/reviews/{quote(native_id, safe='')}"
        return Reply(
            "POST", f"/androidpublisher/v3/applications/{review}:reply", {"replyText": text}
        )

    def send_reply(self, reply: Reply) -> None:
        """Publish a reply."""
        self._api.request(reply.method, reply.path, json=reply.json)


@cache
def _library() -> tuple[Any, dict[str, Any]]:
    """Return google-play-scraper's requests, and its paths to the fields of a review.

    Its ``reviews()`` is not used. It requests one fixed address, copied into its formats at import;
    treats any failure as the end of the list, which would lose reviews; keeps no cookies, by which
    the store recognizes a list; and returns times without a zone.
    """
    # Importing it disables the verification of certificates for all users of urllib.
    verified = ssl._create_default_https_context
    try:
        from google_play_scraper.constants import element, request  # type: ignore[import-untyped]
    finally:
        ssl._create_default_https_context = verified
    at = element.ElementSpec(None, element.ElementSpecs.Review["at"].data_map)
    return request, {**element.ElementSpecs.Review, "at": at}


def _get_field(review: Any, name: str) -> Any:
    """Return a review's field by the library's name for it, or None if it is absent."""
    return _library()[1][name].extract_content(review)


def _is_anonymous(name: str | None) -> bool:
    return not name or _ANONYMOUS.search(name) is not None


def _id(review: Any) -> str:
    return str(_get_field(review, "reviewId") or "")


def _at_ms(review: Any) -> int | None:
    at = _get_field(review, "at")
    return read_moment_ms(at)


def _classify(response: HttpResponse) -> Exception | None:
    problem = None if response.status == 400 else classify_response(response)
    if problem is None and _parse_listing(response) is None:
        return _NoListing(
            f"reading {response.request_line}: the response is not a list of reviews", wait=0.0
        )
    return problem


def _parse_listing(response: HttpResponse) -> list[Any] | None:
    """Return the list in a response: reviews first, the next page's token in the last but one."""
    try:
        # The first line is not JSON, and the list is text within a list.
        listing = load_json(load_json(response.body.partition(b"\n")[2])[0][2])
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return None
    return listing if isinstance(listing, list) else None


def _next_token(listing: list[Any]) -> str | None:
    try:
        token = listing[-2][-1]
    except (LookupError, TypeError):
        return None
    return token if isinstance(token, str) and token else None
