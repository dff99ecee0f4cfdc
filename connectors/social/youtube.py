"""``youtube``: comments on a video, or on all videos of a channel.

Speaks the YouTube Data API v3, https://developers.google.com/youtube/v3/docs/commentThreads/list.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final, Self

import orjson
from pydantic import BaseModel, Field, SecretStr, model_validator

from connectors.sdk import (
    BackwardPaginator,
    BadRecord,
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    Moment,
    NativeId,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    Unauthorized,
    classify_response,
    describe_item,
    get_object,
    get_text,
    read_moment_ms,
    require_list,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_PATH: Final = "/youtube/v3/commentThreads"
_REPLIES_PATH: Final = "/youtube/v3/comments"
_MAX_REPLY_PAGES: Final = 20
_UNTIL_QUOTA_S: Final = 3_600.0  # the daily quota is reset at midnight Pacific time: retry hourly
_UNTIL_RATE_S: Final = 120.0  # rates are per minute
_EXHAUSTED: Final = {
    "quotaExceeded": _UNTIL_QUOTA_S,
    "dailyLimitExceeded": _UNTIL_QUOTA_S,
    "rateLimitExceeded": _UNTIL_RATE_S,
    "userRateLimitExceeded": _UNTIL_RATE_S,
}
_EXPLANATIONS: Final = {
    "commentsDisabled": "the video's owner has turned comments off",
    "videoNotFound": "the video does not exist",
    "channelNotFound": "the channel does not exist",
}


class YouTubeConfig(SourceConfig):
    """One video, or one channel with all its videos."""

    video: str | None = Field(default=None, min_length=1, description="Id of the video.")
    channel: str | None = Field(
        default=None, min_length=1, description="Id of the channel; instead of `video`."
    )
    api_key: Annotated[SecretStr, Field(description="API key of a Google Cloud project.")]
    recheck_days: int = Field(
        default=30, ge=0, description="Days of comments that are checked for edits once per day."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Comments per request.")
    base_url: str = Field(default="https://www.googleapis.com", description="Address of the API.")

    @model_validator(mode="after")
    def _require_one(self) -> Self:
        if (self.video is None) == (self.channel is None):
            raise ValueError("it must have either video or channel")
        return self


class _AuthorId(BaseModel):
    value: str = ""


class _CommentSnippet(BaseModel):
    textDisplay: str = ""  # noqa: N815 - the service's name
    textOriginal: str = ""  # noqa: N815
    publishedAt: Moment | None = None  # noqa: N815
    updatedAt: Moment | None = None  # noqa: N815
    authorChannelId: _AuthorId = _AuthorId()  # noqa: N815

    @property
    def text(self) -> str:
        return self.textDisplay or self.textOriginal


class _Comment(BaseModel):
    id: NativeId
    snippet: _CommentSnippet


class _ThreadSnippet(BaseModel):
    videoId: str | None = None  # noqa: N815
    channelId: str | None = None  # noqa: N815
    topLevelComment: _Comment  # noqa: N815


class _Replies(BaseModel):
    comments: list[_Comment] = []


class _Thread(BaseModel):
    snippet: _ThreadSnippet
    replies: _Replies = _Replies()
    reply: _Comment | None = None
    """The reply that the item is about; None: the first comment."""

    @property
    def attributes(self) -> dict[str, str]:
        """Details that are worth a search."""
        channel = self.snippet.channelId
        attributes = {"video": self.snippet.videoId} if self.snippet.videoId else {}
        authors = {reply.snippet.authorChannelId.value for reply in self.replies.comments}
        if channel and channel in authors and self.reply is None:
            attributes["answered"] = "yes"
        return attributes


class _Missing(Fatal):
    """The video, channel or comment does not exist."""


class _StalePage(Fatal):
    """The token of the next page has expired."""


class YouTube(Polled[YouTubeConfig]):
    """Reads from the newest comment back to what is known."""

    name = "youtube"
    title = "YouTube"
    family = Family.SOCIAL
    requirements = (
        "an API key of a Google Cloud project in which the YouTube Data API v3 is enabled."
    )
    limitations = (
        "10,000 units per day by default; a request costs 1 and returns up to 100 comments. "
        "Replies to older comments and edits of the last `recheck_days` are found once per day; "
        "deletes are not reported. A reply has the comment that it answers as its question."
    )
    cursor_description = "hashes of the newest comments with their `publishedAt`"
    capabilities = frozenset({Capability.EDITS})
    example = """\
channel = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
api_key = { env = "YOUTUBE_API_KEY" }
organization = "Eastgate Hospitals"
"""

    @cached_property
    def _http(self) -> Http:
        key = {"X-Goog-Api-Key": self.config.api_key.get_secret_value()}
        return self.http(self.config.base_url, headers=key, per_second=10, classify=_classify)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the comments that are newer than the cursor's, the newest first."""
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            cursor, now=self.context.now(), recheck=timedelta(days=self.config.recheck_days)
        )
        while True:
            try:
                answer = self._list_page(paginator.page)
            except _StalePage:
                if paginator.page is None:
                    raise
                paginator.page = None  # from the newest again: what is read twice is one record
                continue
            new = paginator.new_items(
                (_published_ms(thread), get_text(thread, "id"), thread)
                for thread in require_list(answer, "items", _PATH)
            )
            text = paginator.advance(get_text(answer, "nextPageToken") or None)
            yield Page([item for thread in new for item in self._items(thread)], text)
            if paginator.page is None:
                return

    def _list_page(self, page: str | None) -> Any:
        config = self.config
        about = (
            {"videoId": config.video}
            if config.video is not None
            else {"allThreadsRelatedToChannelId": config.channel}
        )
        params = {
            **about,
            "part": "snippet,replies",
            "order": "time",
            "textFormat": "plainText",
            "maxResults": config.per_page,
        }
        if page is not None:
            params["pageToken"] = page
        return self._http.get_json(_PATH, params=params)

    def _items(self, thread: Any) -> list[Item]:
        """Return the items of a thread: its first comment, and the replies to it."""
        items = [self.item(thread, origin=get_text(thread, "id"))]
        for reply in self._list_replies(thread):
            data = {"snippet": get_object(thread, "snippet"), "reply": reply}
            items.append(self.item(data, origin=get_text(reply, "id")))
        return items

    def _list_replies(self, thread: Any) -> list[Any]:
        """Return all replies of a thread, which itself has the first few."""
        comments = get_object(thread, "replies").get("comments")
        replies = comments if isinstance(comments, list) else []
        total = get_object(thread, "snippet").get("totalReplyCount")
        if not isinstance(total, int) or total <= len(replies):
            return replies
        params: dict[str, Any] = {"part": "snippet", "textFormat": "plainText", "maxResults": 100}
        params["parentId"] = get_text(thread, "id")
        by_id: dict[str, Any] = {_identify(reply): reply for reply in replies}
        for _ in range(_MAX_REPLY_PAGES):
            try:
                answer = self._http.get_json(_REPLIES_PATH, params=params)
            except _Missing:  # deleted meanwhile
                break
            before = len(by_id)
            comments = require_list(answer, "items", _REPLIES_PATH)
            by_id |= {_identify(comment): comment for comment in comments}
            params["pageToken"] = get_text(answer, "nextPageToken")
            if not params["pageToken"] or len(by_id) == before:
                break
        return [*by_id.values()]

    def parse(self, item: Item) -> Feedback:
        """Return the record of a thread's first comment, or of a reply to it."""
        whole = self.validate(_Thread, item.data, words=("textDisplay", "textOriginal"))
        if whole.reply is None and "reply" in item.data:
            raise BadRecord(f"parsing {self.name}: the reply cannot be read")
        thread, first = whole.snippet, whole.snippet.topLevelComment
        comment = whole.reply or first
        snippet = comment.snippet
        if not snippet.text.strip():
            raise Skip
        if snippet.authorChannelId.value and snippet.authorChannelId.value == thread.channelId:
            raise Skip("written by the channel itself")
        video, created = thread.videoId, snippet.publishedAt or snippet.updatedAt
        return self.record(
            item,
            native_id=comment.id,
            created_at=created,
            revision=unix_ms(max(snippet.updatedAt or created, created)) if created else None,
            text=snippet.text,
            author=snippet.authorChannelId.value,
            question=first.snippet.text if whole.reply else None,
            url=f"https://www.youtube.com/watch?v={video}&lc={comment.id}" if video else None,
            attributes=whole.attributes,
        )


def _classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents, with YouTube's reason."""
    if response.status not in {400, 403, 404}:
        return classify_response(response)
    message = f"requesting {response.request_line}"
    for reason in _reasons(response.body):
        if reason in _EXHAUSTED:
            return Retry(f"{message}: {reason}", wait=_EXHAUSTED[reason])
        if reason in _EXPLANATIONS:
            return Fatal(f"{message}: {_EXPLANATIONS[reason]}")
        if reason in {"commentNotFound", "parentCommentNotFound"}:
            return _Missing(f"{message}: {reason}")
        if reason in {"invalidPageToken", "processingFailure"}:
            return _StalePage(f"{message}: {reason}")
        if reason == "API_KEY_INVALID":
            return Unauthorized(f"{message}: the API key is not valid")
    return classify_response(response)


def _reasons(body: bytes) -> list[str]:
    try:
        error = orjson.loads(body)["error"]
        details = [*error.get("errors", []), *error.get("details", [])]
        return [
            str(detail["reason"])
            for detail in details
            if isinstance(detail, dict) and "reason" in detail
        ]
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return []


def _identify(comment: Any) -> str:
    return get_text(comment, "id") or describe_item(comment)


def _published_ms(thread: Any) -> int | None:
    comment = get_object(thread, "snippet", "topLevelComment", "snippet")
    return read_moment_ms(comment.get("publishedAt"))
