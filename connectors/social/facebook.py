"""``facebook``: comments on the posts of one's own pages, posts of visitors, and mentions.

Speaks the Graph API: a page's feed, https://developers.facebook.com/docs/graph-api/reference/page/feed,
has its own posts and those of visitors (``visitor_posts`` ends with the New Pages Experience);
the comments, https://developers.facebook.com/docs/graph-api/reference/object/comments; mentions,
https://developers.facebook.com/docs/graph-api/reference/page/tagged. Recommendations are left out:
https://developers.facebook.com/docs/graph-api/reference/recommendation says that they are an error
from version 22.0 on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, StringConstraints

from connectors.sdk import Fatal, Item, Skip, Unauthorized, get_object, get_text
from connectors.social.graph_source import Authored, GraphConfig, GraphId, GraphSource
from connectors.social.graph_threads import Edge, ThreadShape
from schemas.feedback import Family, Feedback, Name

_ID: Final = re.compile(r"[0-9_]{1,100}")
_AUTHORED: Final = "id,message,created_time,from"
_COMMENT: Final = f"{_AUTHORED},parent{{{_AUTHORED}}}"
_ORDER: Final = {"filter": "stream", "order": "reverse_chronological"}
_COMMENTS: Final = f"comments.filter(stream).order(reverse_chronological).limit(25){{{_COMMENT}}}"


class FacebookConfig(GraphConfig):
    """Some pages."""

    pages: Annotated[
        dict[GraphId, Name], Field(min_length=1, description="Site of each page, by page id.")
    ]
    own_accounts: list[GraphId] = Field(
        default=[],
        description="Ids of more pages of the organization, whose posts and comments are excluded.",
    )


class _Author(BaseModel):
    id: str = ""


class _Text(BaseModel):
    """A post or a comment."""

    id: Annotated[str, StringConstraints(min_length=1)]
    message: str = ""
    created_time: AwareDatetime | None = None
    author: _Author = Field(default=_Author(), alias="from")


class _Entry(BaseModel):
    account: GraphId
    post: Any
    comment: Any = None
    answered: AwareDatetime | None = None

    @property
    def context(self) -> str:
        """The text that a comment answers, or an empty one."""
        answered = get_object(self.comment, "parent").get("message")
        text = answered or get_object(self.post).get("message")
        return text if isinstance(text, str) else ""


class Facebook(GraphSource[FacebookConfig]):
    """Reads each page's feed and the posts that tag it, with the comments on the former."""

    name = "facebook"
    title = "Facebook"
    family = Family.SOCIAL
    requirements = (
        "an app in Meta's developer dashboard with the permissions pages_read_engagement, "
        "pages_read_user_content and pages_show_list, and the access token of a system user, or "
        "of a page, who may moderate the pages."
    )
    limitations = (
        "The limit of calls grows with the people who engage with a page. Each run reads the posts "
        "of `recheck_days` with their newest comments; comments on older posts, and those shown "
        "late below the newest 25 of a post, are not found. Edits and deletes are not reported, "
        "and Facebook omits most authors of posts. A comment has what it answers as its question. "
        "Recommendations are no longer part of the interface."
    )
    cursor_description = "for each list of each page, hashes of the newest posts and comments"
    example = """\
pages = { "104711081500000" = "Eastgate", "104711081500001" = "Westgate" }
access_token = { env = "FACEBOOK_TOKEN" }
app_secret = { env = "FACEBOOK_APP_SECRET" }
"""

    fields: ClassVar[Mapping[str, str]] = {"feed": f"{_AUTHORED},{_COMMENTS}", "tagged": _AUTHORED}

    @property
    def sites(self) -> Mapping[str, Name]:
        """Site of each page."""
        return self.config.pages

    @property
    def shape(self) -> ThreadShape:
        """The shape of posts and comments."""
        edge = Edge("comments", {"fields": _COMMENT, **_ORDER})
        return ThreadShape("created_time", self._is_own, edge)

    def _is_own(self, entry: Mapping[str, Any], thing: Mapping[str, Any]) -> bool:
        author = get_text(get_object(thing, "from"), "id")
        return author in self.config.pages or author in self.config.own_accounts

    @cached_property
    def _tokens(self) -> dict[str, SecretStr]:
        return {}

    def get(self, account: str, path: str, params: Mapping[str, Any]) -> Any:
        """GET a document with the page's own token, without which authors are omitted."""
        if account not in self._tokens:
            self._tokens[account] = self._request_token(account)
        try:
            return self.api.get(self._tokens[account], path, params)
        except Unauthorized:
            del self._tokens[account]
            raise

    def _request_token(self, page: str) -> SecretStr:
        """Return a page's token; the configured one if that is the page's own already."""
        token = self.config.access_token
        try:
            page_document = self.api.get(token, page, {"fields": "access_token"})
        except Unauthorized:
            raise
        except Fatal:  # a page's own token may not ask for it
            return token
        text = get_object(page_document).get("access_token")
        return SecretStr(text) if isinstance(text, str) and text else token

    def parse(self, item: Item) -> Feedback:
        """Return the record of a comment or of a post of another author."""
        entry = self.validate(_Entry, item.data, words=())
        raw = entry.post if entry.comment is None else entry.comment
        if isinstance(raw, dict) and self._is_own({}, raw):
            raise Skip("written by the page itself")
        validated = self.validate(_Text, raw, words=("message",))
        if not validated.message.strip():
            raise Skip
        authored = Authored(
            account=entry.account,
            id=validated.id,
            text=validated.message,
            created_at=validated.created_time,
            answered_at=entry.answered,
            is_comment=entry.comment is not None,
            context=entry.context,
        )
        url = f"https://www.facebook.com/{validated.id}" if _ID.fullmatch(validated.id) else None
        return self.authored_record(item, authored, author=validated.author.id, url=url)
