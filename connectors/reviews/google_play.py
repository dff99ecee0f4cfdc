"""``google_play``: reviews of an app in one language of Google Play, and replies to them.

Reads what the store's own pages read, as the library google-play-scraper understands it; replies
go through the Play Developer API, https://developers.google.com/android-publisher.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from functools import cache, cached_property
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from connectors.sdk import (
    Answering,
    BackwardPaginator,
    BadRecord,
    Capability,
    GoogleConfig,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Reply,
    Retry,
    classify_response,
    from_unix,
    unix_ms,
)
from schemas.feedback import Family, Feedback
from schemas.measures import Stars

_SCOPE: Final = "https://www.googleapis.com/auth/androidpublisher"
_LONGEST_REPLY: Final = 350
_NOBODY: Final = "A Google user"
"""What stands for the name of whoever has closed the account: no one person."""
_NEWEST_FIRST: Final = 2
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class GooglePlayConfig(GoogleConfig):
    """One app; the credentials are for replies."""

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
        description="Language of the reviews: the store lists those of one at a time.",
    )
    country: str = Field(
        default="us", pattern=r"^[A-Za-z]{2}$", description="Country of the store."
    )
    per_page: int = Field(default=100, ge=1, le=150, description="Reviews a request.")
    base_url: str = Field(default="https://play.google.com", description="Address of the store.")
    api_url: str = Field(
        default="https://androidpublisher.googleapis.com", description="Address of the API."
    )


class _Review(BaseModel):
    reviewId: str = Field(min_length=1)  # noqa: N815 - the library's name
    at: AwareDatetime
    score: int = Field(ge=1, le=5)
    content: str | None = None
    userName: str | None = None  # noqa: N815
    reviewCreatedVersion: str | None = None  # noqa: N815


class _Unanswered(Retry):
    """The store takes the request and answers nothing, as it does with a token that has died."""


class GooglePlay(Polled[GooglePlayConfig], Answering[GooglePlayConfig]):
    """Walks from the newest review back to what is known."""

    name = "google_play"
    title = "Google Play"
    family = Family.REVIEW
    requirements = (
        "the app's package name. For replies also credentials of an account that may reply to "
        "reviews, from the Google Cloud and Play consoles: an OAuth client with a refresh token of "
        "scope androidpublisher, or the key file of a service account."
    )
    limitations = (
        "At most 150 reviews a request, of one language; Google documents no limit of requests "
        "and may end a long history early. Only the time of the last edit is told, deleted reviews "
        "are not. Replies: 350 characters, 2,000 a day and app."
    )
    cursor_description = "the newest time of a review that was seen"
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
        asked: set[str | None] = set()
        while True:
            asked.add(paginator.page)
            try:
                listed, following = self._page(paginator.page)
            except _Unanswered:
                if not resumed:
                    raise
                listed, following = [], None
            if resumed and not listed:  # its token has died meanwhile: from the newest again
                resumed, paginator.page = False, None
                continue
            resumed = False
            news, arrived = paginator.new_items(
                (_at_ms(one), str(_told(one, "reviewId")), one) for one in listed
            )
            paginator.page = None if arrived or following in asked else following
            yield Page([self._item(one) for one in news], paginator.cursor(paginator.page))
            if paginator.page is None:
                return

    def _page(self, token: str | None) -> tuple[list[Any], str | None]:
        """Reviews, and the token of the page that follows; raises ``_Unanswered``."""
        request, config = _library()[0], self.config
        address = request.Formats.Reviews.build(config.language, config.country)
        after = None if token is None else quote(token, safe="")
        form = request.Formats.Reviews.build_body(
            config.app, _NEWEST_FIRST, config.per_page, "null", "null", after
        )
        path = address.removeprefix(request.PLAY_STORE_BASE_URL)
        answer = self._http.request("POST", path, content=form, headers=_FORM)
        listed = _listed(answer) or [None]
        return listed[0] if isinstance(listed[0], list) else [], _token(listed)

    def _item(self, review: Any) -> Item:
        return self.item(
            review, origin=str(_told(review, "reviewId")), payload=orjson.dumps(review)
        )

    def parse(self, item: Item) -> Feedback:
        """Read one review; the developer's answer, which stands in it, is left out."""
        try:
            review = _Review.model_validate(
                {name: _told(item.data, name) for name in _Review.model_fields}
            )
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        version = review.reviewCreatedVersion
        return self.record(
            item,
            native_id=review.reviewId,
            created_at=review.at,
            revision=unix_ms(review.at),
            redated=True,
            text=review.content or "",
            stars=Stars(value=review.score),
            author="" if review.userName in {None, _NOBODY} else review.userName,
            url=f"https://play.google.com/store/apps/details?id={self.config.app}"
            f"&reviewId={quote(review.reviewId, safe='')}",
            attributes={"version": version} if version else {},
        )

    @cached_property
    def _api(self) -> Http:
        return self.http(self.config.api_url, auth=self.config.auth(_SCOPE))

    def build_reply(self, native_id: str, text: str) -> Reply:
        """The request that publishes a reply below a review, or replaces the one there."""
        if self.config.auth(_SCOPE) is None:
            raise BadRecord(
                "replying on google_play: client_id, client_secret and refresh_token are not set, "
                "nor is service_account"
            )
        if not text.strip() or len(text) > _LONGEST_REPLY:
            raise BadRecord(
                f"replying on google_play: a reply has 1 to {_LONGEST_REPLY} characters"
            )
        review = f"{self.config.app}/reviews/{quote(native_id, safe='')}"
        return Reply(
            "POST", f"/androidpublisher/v3/applications/{review}:reply", {"replyText": text}
        )

    def send_reply(self, reply: Reply) -> None:
        """Publish it."""
        self._api.request(reply.method, reply.path, json=reply.json)


@cache
def _library() -> tuple[Any, dict[str, Any]]:
    """google-play-scraper's requests, and its specs of where a review holds what.

    Its ``reviews()`` is not used. It asks one fixed address, copied into its formats when imported;
    takes every failure for the end of the list, which would lose reviews; keeps no cookies, by
    which the store finds a list again; and tells times without their zone.
    """
    # Importing it switches off the checking of certificates for all that uses urllib.
    checked = ssl._create_default_https_context
    try:
        from google_play_scraper.constants import request  # type: ignore[import-untyped]
        from google_play_scraper.constants.element import (  # type: ignore[import-untyped]
            ElementSpec,
            ElementSpecs,
        )
    finally:
        ssl._create_default_https_context = checked
    at = ElementSpec(None, ElementSpecs.Review["at"].data_map, from_unix)
    return request, {**ElementSpecs.Review, "at": at}


def _told(review: Any, name: str) -> Any:
    """A review's value by the library's name for it; None where there is none."""
    return _library()[1][name].extract_content(review)


def _at_ms(review: Any) -> int | None:
    at = _told(review, "at")
    return None if at is None else unix_ms(at)


def _classify(answer: HttpResponse) -> Exception | None:
    problem = None if answer.status == 400 else classify_response(answer)
    if problem is None and _listed(answer) is None:
        return _Unanswered(
            f"reading {answer.request_line}: the answer is no list of reviews", wait=0.0
        )
    return problem


def _listed(answer: HttpResponse) -> list[Any] | None:
    """The list in an answer: reviews first, the next page's token in the last but one."""
    try:
        # A line that is no JSON comes first, and the list is text within a list.
        listed = orjson.loads(orjson.loads(answer.body.partition(b"\n")[2])[0][2])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None
    return listed if isinstance(listed, list) else None


def _token(listed: list[Any]) -> str | None:
    try:
        token = listed[-2][-1]
    except (LookupError, TypeError):
        return None
    return token if isinstance(token, str) and token else None
