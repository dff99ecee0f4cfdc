"""``instagram``: comments on the posts of one's own professional accounts, and posts that tag them.

Speaks the Graph API: media, with the comments on each and the replies to those,
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media,
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/comments;
tags, https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from connectors.sdk import Item, Skip, get_object, get_text
from connectors.social.graph_source import Authored, GraphConfig, GraphId, GraphSource
from connectors.social.graph_threads import Edge, ThreadShape
from schemas.feedback import Family, Feedback, Name

_OWN: Final = "media"
_REPLY: Final = "id,text,timestamp,username,from"
_COMMENT: Final = f"{_REPLY},replies.limit(50){{{_REPLY}}}"
_MEDIA: Final = "id,caption,timestamp,username,permalink"


class InstagramConfig(GraphConfig):
    """Some professional accounts."""

    accounts: Annotated[
        dict[GraphId, Name],
        Field(
            min_length=1, description="Site of each account, by its id for the API (IG User id)."
        ),
    ]
    own_accounts: list[str] = Field(
        default=[],
        description="Names of more accounts of the organization, without @, whose posts and "
        "comments are excluded.",
    )


class _Author(BaseModel):
    username: str = ""


class _Text(BaseModel):
    """A comment, or a post by its caption."""

    id: Annotated[str, StringConstraints(min_length=1)]
    text: str = ""
    caption: str = ""
    timestamp: AwareDatetime | None = None
    username: str = ""
    author: _Author = Field(default=_Author(), alias="from")


class _Entry(BaseModel):
    account: GraphId
    name: str = Field(default="", alias="list")
    post: Any
    comment: Any = None
    answered: AwareDatetime | None = None

    @property
    def context(self) -> str:
        """The text that a comment answers, or an empty one."""
        text = get_object(self.comment, "parent").get("text")
        text = text or get_object(self.post).get("caption")
        return text if isinstance(text, str) else ""

    @property
    def url(self) -> str | None:
        """Address of the post; it does not name its author."""
        url = get_object(self.post).get("permalink")
        return url if isinstance(url, str) and url.startswith("https://") else None


class Instagram(GraphSource[InstagramConfig]):
    """Reads each account's posts with the comments on them, and the posts that tag it."""

    name = "instagram"
    title = "Instagram"
    family = Family.SOCIAL
    requirements = (
        "professional accounts that are connected to Facebook pages, an app in Meta's developer "
        "dashboard with the permissions instagram_basic, instagram_manage_comments and "
        "pages_read_engagement, and the access token of a system user who may moderate the pages."
    )
    limitations = (
        "The limit of calls grows with the impressions of an account. Each run reads the posts of "
        "`recheck_days` with the newest 50 comments on each; comments on older posts are not "
        "found. Edits and deletes are not reported. Mentions in comments and captions without a "
        "tag, stories, live videos, advertisements and private posts are not part of the lists. A "
        "comment has what it answers as its question."
    )
    cursor_description = "for each list of each account, hashes of the newest posts and comments"
    example = """\
accounts = { "17841405822304914" = "Eastgate" }
access_token = { env = "INSTAGRAM_TOKEN" }
app_secret = { env = "FACEBOOK_APP_SECRET" }
"""

    fields: ClassVar[Mapping[str, str]] = {
        _OWN: f"{_MEDIA},comments.limit(50){{{_COMMENT}}}",
        "tags": _MEDIA,
    }

    @property
    def sites(self) -> Mapping[str, Name]:
        """Site of each account."""
        return self.config.accounts

    @property
    def shape(self) -> ThreadShape:
        """The shape of posts and comments."""
        comments = Edge("comments", {"fields": _COMMENT})
        return ThreadShape("timestamp", self._is_own, comments, Edge("replies", {"fields": _REPLY}))

    def _is_own(self, entry: Mapping[str, Any], thing: Mapping[str, Any]) -> bool:
        author = get_object(thing, "from")
        name = get_text(author, "username") or get_text(thing, "username")
        if name in self.config.own_accounts or get_text(author, "id") in self.config.accounts:
            return True
        if entry.get("list") != _OWN:
            return False
        # All posts of this list are by the account, whose name is on each.
        is_post = get_text(thing, "id") == get_text(entry.get("post"), "id")
        return is_post or (name != "" and name == get_text(entry.get("post"), "username"))

    def parse(self, item: Item) -> Feedback:
        """Return the record of a comment, or of a post of another author, by its caption."""
        entry = self.validate(_Entry, item.data, words=())
        raw = entry.post if entry.comment is None else entry.comment
        if isinstance(raw, dict) and self._is_own({"list": entry.name, "post": entry.post}, raw):
            raise Skip("written by the account itself")
        validated = self.validate(_Text, raw, words=("text", "caption"))
        text = validated.caption if entry.comment is None else validated.text
        if not text.strip():
            raise Skip
        authored = Authored(
            account=entry.account,
            id=validated.id,
            text=text,
            created_at=validated.timestamp,
            answered_at=entry.answered,
            is_comment=entry.comment is not None,
            context=entry.context,
        )
        author = validated.author.username or validated.username
        return self.authored_record(item, authored, author=author, url=entry.url)
