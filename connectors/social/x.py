"""``x``: posts that match a search.

Speaks recent search of the X API v2, https://docs.x.com/x-api/posts/search/introduction. A post's
id holds its time; an edit is a post with a new id, which names the earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from html import unescape
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, Field, SecretStr, StringConstraints

from connectors.sdk import (
    BackwardPaginator,
    Bearer,
    Capability,
    Http,
    HttpResponse,
    Item,
    NativeId,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    classify_response,
    from_unix,
    get_object,
    get_objects,
    get_text,
    require_list,
    require_object,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_PATH: Final = "/2/tweets/search/recent"
_FIELDS: Final = {
    "tweet.fields": "attachments,author_id,created_at,edit_history_tweet_ids,lang,note_tweet",
    "expansions": "attachments.media_keys,attachments.poll_ids",
    "media.fields": "alt_text",
    "poll.fields": "options",
}
_EPOCH_MS: Final = 1_288_834_974_657
_REACH: Final = timedelta(days=7) - timedelta(hours=1)  # an older since_id is refused
_LOOK_BACK: Final = timedelta(hours=6)
"""For posts that the search finds late; X counts a post once per day, however often it is read."""
_UNTIL_CAP_S: Final = 6 * 3_600.0
_NO_LANGUAGE: Final = frozenset({"art", "qam", "qct", "qht", "qme", "qst", "und", "zxx"})


class XConfig(SourceConfig):
    """One search."""

    query: str = Field(
        min_length=1,
        description="Search, in X's query language; `-from:name` excludes posts of your own "
        "account. Reposts are always excluded.",
    )
    bearer_token: Annotated[SecretStr, Field(description="Bearer token of the app.")]
    per_page: int = Field(default=100, ge=10, le=100, description="Posts per request.")
    base_url: str = Field(default="https://api.x.com", description="Address of the API.")


_Id = Annotated[NativeId, StringConstraints(pattern=r"^[0-9]{16,19}$")]


class _Note(BaseModel):
    text: str = ""


class _Option(BaseModel):
    label: str = ""


class _Poll(BaseModel):
    options: list[_Option] = []


class _Media(BaseModel):
    alt_text: str | None = None


class _Post(BaseModel):
    id: _Id
    text: str = ""
    author_id: NativeId | None = None
    lang: str | None = None
    edit_history_tweet_ids: list[_Id] = []
    note_tweet: _Note | None = None
    """The full text of a long post, of which ``text`` is the beginning."""
    polls: list[_Poll] = []
    media: list[_Media] = []

    @property
    def words(self) -> str:
        """Text, options of a poll and descriptions of pictures."""
        note = self.note_tweet.text if self.note_tweet else ""
        options = [option.label for poll in self.polls for option in poll.options]
        pictures = [medium.alt_text or "" for medium in self.media]
        parts = [note if note.strip() else self.text, *options, *pictures]
        return "\n".join(unescape(part) for part in parts if part.strip())


class X(Polled[XConfig]):
    """Reads from the newest post back to what is known."""

    name = "x"
    title = "X"
    family = Family.SOCIAL
    requirements = (
        "the bearer token of an app in X's developer console, on a plan that covers the posts "
        "read: each of them counts."
    )
    limitations = (
        "450 requests per 15 minutes, up to 100 posts each, and the plan's cap of posts. Only the "
        "last 7 days can be searched: posts are lost if no run succeeds for longer. Edits are "
        "returned; deletes are not reported. Posts that a post quotes or answers are not read."
    )
    cursor_description = "hashes of the newest posts with their times"
    capabilities = frozenset({Capability.EDITS})
    example = """\
query = '("Eastgate Hospital" OR @eastgatehosp) -from:eastgatehosp'
bearer_token = { env = "X_BEARER_TOKEN" }
every = "1h"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        # The limit is per 15 minutes, and a run of a few pages does not reach it.
        return self.http(
            config.base_url,
            auth=Bearer(config.bearer_token),
            per_second=5,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the posts that are newer than the cursor's, the newest first."""
        now = self.context.now()
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            _read_cursor(cursor), now=now, look_back=_LOOK_BACK
        )
        if not _is_searchable(paginator.memory.newest_at, now):
            paginator.page = None  # that search began too long ago to be resumed
        while True:
            answer = self._search(paginator, now)
            new = paginator.new_items(
                (_written_ms(post), get_text(post, "id"), post) for post in _posts(answer)
            )
            new = [_with_attachments(post, get_object(answer, "includes")) for post in new]
            token = get_text(get_object(answer, "meta"), "next_token")
            yield Page([self._item(post) for post in new], paginator.advance(token or None))
            if paginator.page is None:
                return

    def _search(self, paginator: BackwardPaginator[Any], now: datetime) -> Any:
        params: dict[str, Any] = {
            "query": f"({self.config.query}) -is:retweet",
            "max_results": self.config.per_page,
            **_FIELDS,
        }
        since = paginator.until
        if _is_searchable(since, now):
            params["since_id"] = str((since - _EPOCH_MS) << 22)
        if paginator.page is not None:
            params["next_token"] = paginator.page
        return self._http.get_json(_PATH, params=params)

    def _item(self, post: Any) -> Item:
        return self.item(post, origin=get_text(post, "id"))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a post; an edited one has its first id."""
        post = self.validate(_Post, item.data, words=("text",))
        text = post.words
        if not text.strip():
            raise Skip
        first = min([post.id, *post.edit_history_tweet_ids], key=int)
        return self.record(
            item,
            native_id=first,
            created_at=_parse_id_time(int(first)),
            revision=unix_ms(_parse_id_time(int(post.id))),
            text=text,
            language=None if post.lang in _NO_LANGUAGE else post.lang,
            author=post.author_id or "",
            url=f"https://x.com/i/web/status/{post.id}",
        )


def _parse_id_time(post_id: int) -> datetime:
    """Return the time in an id: milliseconds since X's epoch, above the lowest 22 bits."""
    return from_unix(((post_id >> 22) + _EPOCH_MS) / 1000)


def _is_searchable(ms: int, now: datetime) -> bool:
    """Return True if a search may begin at a Unix time (ms)."""
    return ms > 0 and unix_ms(now) - ms < _REACH.total_seconds() * 1000


def _written_ms(post: Any) -> int | None:
    try:
        return unix_ms(_parse_id_time(int(post["id"])))
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None


def _posts(answer: Any) -> list[Any]:
    """Return a page's posts; the list is absent if it is empty. Raises ``Retry``."""
    document = require_object(answer, _PATH)
    if "data" not in document and get_text(get_object(document, "meta"), "result_count") == "0":
        return []
    return require_list(document, "data", _PATH)


def _with_attachments(post: Any, includes: dict[str, Any]) -> Any:
    """Return a post with its polls and pictures, which are beside the posts of a page."""
    attachments = get_object(post, "attachments")
    attached: dict[str, Any] = {}
    for name, key, ids in (("polls", "id", "poll_ids"), ("media", "media_key", "media_keys")):
        wanted = attachments.get(ids)
        if isinstance(wanted, list):
            parts = get_objects(includes, name)
            attached[name] = [part for part in parts if part.get(key) in wanted]
    return {**post, **attached} if attached else post


def _read_cursor(cursor: str | None) -> str | None:
    """Return a cursor whose times are Unix times (ms): earlier versions had ids instead."""
    state = {} if cursor is None else orjson.loads(cursor)
    for name in ("known", "newest"):
        if name in state and state[name][0] > 0:
            state[name][0] = unix_ms(_parse_id_time(state[name][0]))
    return orjson.dumps(state).decode() if cursor is not None else None


def _classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a plan's cap does not say when it ends."""
    if response.status == 402 or b"CreditsDepleted" in response.body:
        message = f"requesting {response.request_line}: the credits of the account are used up"
        return Retry(message, wait=_UNTIL_CAP_S)
    if response.status == 429 and b"usage-capped" in response.body:
        message = f"requesting {response.request_line}: the plan's cap of posts is reached"
        return Retry(message, wait=_UNTIL_CAP_S)
    return classify_response(response)
