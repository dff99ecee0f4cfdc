"""``x``: posts that a search finds.

Speaks recent search of the X API v2, https://docs.x.com/x-api/posts/search/introduction. A post's
id holds its time; an edit is a post with an id of its own, which names those before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from connectors.sdk import (
    BackwardPaginator,
    Bearer,
    Capability,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    classify_response,
    from_unix,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_FIELDS: Final = "author_id,created_at,edit_history_tweet_ids,lang,note_tweet"
_EPOCH_MS: Final = 1_288_834_974_657
_REACH: Final = timedelta(days=7) - timedelta(hours=1)  # an older since_id is refused
_UNTIL_CAP_S: Final = 6 * 3_600.0
_NO_LANGUAGE: Final = frozenset({"art", "qam", "qct", "qht", "qme", "qst", "und", "zxx"})


class XConfig(SourceConfig):
    """One search."""

    query: str = Field(
        min_length=1,
        description="What to search for, in X's search language; `-from:name` leaves out posts of "
        "your own account. Reposts are always left out.",
    )
    bearer_token: Annotated[SecretStr, Field(description="Bearer token of the app.")]
    per_page: int = Field(default=100, ge=10, le=100, description="Posts a request.")
    base_url: str = Field(default="https://api.x.com", description="Address of the API.")


_Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{16,19}$")]


class _Note(BaseModel):
    text: str


class _Post(BaseModel):
    id: _Id
    text: str
    author_id: str = ""
    lang: str | None = None
    edit_history_tweet_ids: list[_Id] = []
    note_tweet: _Note | None = None
    """The whole of a long post, of which ``text`` is the beginning."""


class X(Polled[XConfig]):
    """Walks from the newest post back to what is known."""

    name = "x"
    title = "X"
    family = Family.SOCIAL
    requirements = (
        "the bearer token of an app in X's developer console, with a plan that covers the posts "
        "read: each of them counts."
    )
    limitations = (
        "450 requests in 15 minutes, up to 100 posts each, and the plan's cap of posts. Only the "
        "last 7 days can be searched: what came while nobody asked for longer is lost. An edit "
        "is brought; a deleted post is not told of."
    )
    cursor_description = "the highest post id that was seen (`since_id`)"
    capabilities = frozenset({Capability.EDITS})
    example = """\
query = '("Eastgate Hospital" OR @eastgatehosp) -from:eastgatehosp'
bearer_token = { env = "X_BEARER_TOKEN" }
every = "1h"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        # The limit is counted over 15 minutes, which a run of some pages does not fill.
        return self.http(
            config.base_url,
            auth=Bearer(config.bearer_token),
            per_second=5,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the posts that are newer than the cursor's, the newest first."""
        now = self.context.now()
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(cursor, now=now)
        if not _reachable(paginator.newest.at, now):
            paginator.page = None  # its search began too long ago to be gone on with
        while True:
            answer = self._found(paginator, now)
            news, reached = paginator.new_items(
                (_number(one), str(one.get("id")), one) for one in answer.get("data", [])
            )
            paginator.page = None if reached else answer.get("meta", {}).get("next_token")
            yield Page([self._item(one) for one in news], paginator.cursor(paginator.page))
            if paginator.page is None:
                return

    def _found(self, paginator: BackwardPaginator[Any], now: datetime) -> Any:
        params: dict[str, Any] = {
            "query": f"({self.config.query}) -is:retweet",
            "max_results": self.config.per_page,
            "tweet.fields": _FIELDS,
        }
        if _reachable(paginator.known.at, now):
            params["since_id"] = str(paginator.known.at)
        if paginator.page is not None:
            params["next_token"] = paginator.page
        return self._http.get_json("/2/tweets/search/recent", params=params)

    def _item(self, post: Any) -> Item:
        return self.item(post, origin=str(post.get("id")))

    def parse(self, item: Item) -> Feedback:
        """Read one post; an edited one goes by its first id."""
        post = self.validate(_Post, item.data)
        text = post.note_tweet.text if post.note_tweet else post.text
        if not text.strip():
            raise Skip
        first = min([post.id, *post.edit_history_tweet_ids], key=int)
        return self.record(
            item,
            native_id=first,
            created_at=_moment(int(first)),
            revision=unix_ms(_moment(int(post.id))),
            text=text,
            language=None if post.lang in _NO_LANGUAGE else post.lang,
            author=post.author_id,
            url=f"https://x.com/i/web/status/{post.id}",
        )


def _moment(post_id: int) -> datetime:
    """The time that an id holds: milliseconds since X's epoch above its lowest 22 bits."""
    return from_unix(((post_id >> 22) + _EPOCH_MS) / 1000)


def _reachable(post_id: int, now: datetime) -> bool:
    return post_id > 0 and now.astimezone(UTC) - _moment(post_id) < _REACH


def _number(post: Any) -> int | None:
    try:
        return int(post["id"])
    except (KeyError, TypeError, ValueError):
        return None


def _classify(answer: HttpResponse) -> Exception | None:
    """What a status means; a plan's cap says nothing of when it ends."""
    if answer.status == 429 and b"usage-capped" in answer.body:
        said = f"requesting {answer.request_line}: the plan's cap of posts is reached"
        return Retry(said, wait=_UNTIL_CAP_S)
    return classify_response(answer)
