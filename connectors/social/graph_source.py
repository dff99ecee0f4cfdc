"""Pages of Facebook and accounts of Instagram: their posts, with the comments on each.

A list of posts has the newest first, and an old post gets new comments: each run reads the posts
of some weeks again, with the newest comments of each, and tells by ids which are new.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, ClassVar, TypeVar

import orjson
from pydantic import Field, SecretStr, StringConstraints, field_validator

from connectors.sdk import (
    BackwardPaginator,
    Item,
    Page,
    Polled,
    SourceConfig,
    get_object,
    get_text,
    read_places,
    require_list,
    share_memory,
    unix_ms,
)
from connectors.social.graph_api import (
    GraphApi,
    InvalidRequest,
    classify,
    next_position,
    read_position,
)
from connectors.social.graph_threads import Entry, Threads, ThreadShape
from schemas.feedback import EARLIEST_YEAR, Feedback, Name

GraphId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,30}$")]


class GraphConfig(SourceConfig):
    """Settings of the API."""

    access_token: Annotated[
        SecretStr,
        Field(min_length=1, description="Access token; one of a system user does not expire."),
    ]
    app_secret: SecretStr | None = Field(
        default=None,
        description="Secret of the app, which signs each request (`appsecret_proof`).",
    )
    mentions: bool = Field(default=True, description="Also read posts that tag the organization.")
    recheck_days: int = Field(
        default=60,
        ge=1,
        le=1_000,
        description="Days of posts whose new comments each run looks for.",
    )
    per_page: int = Field(default=25, ge=1, le=100, description="Posts per request.")
    version: str = Field(
        default="v25.0", pattern=r"^v[0-9]{1,3}\.[0-9]$", description="Version of the Graph API."
    )
    base_url: str = Field(default="https://graph.facebook.com", description="Address of the API.")

    @field_validator("site")
    @classmethod
    def _reject_site(cls, site: str | None) -> str | None:
        if site is not None:
            raise ValueError("each page or account has its own")
        return site


@dataclass(frozen=True, slots=True)
class Authored:
    """A post or a comment."""

    account: str
    id: str
    text: str
    created_at: datetime | None
    answered_at: datetime | None
    is_comment: bool
    context: str
    """The text that a comment answers."""


GraphConfigT = TypeVar("GraphConfigT", bound=GraphConfig)


class GraphSource(Polled[GraphConfigT]):
    """Reads the lists of each page or account from the newest post back to what is known."""

    fields: ClassVar[Mapping[str, str]]
    """Fields to request, by list: the posts of one's own first, then those that tag one."""

    @property
    @abstractmethod
    def sites(self) -> Mapping[str, Name]:
        """Site of each page or account, by id."""

    @property
    @abstractmethod
    def shape(self) -> ThreadShape:
        """The shape of posts and comments."""

    @cached_property
    def api(self) -> GraphApi:
        """The client."""
        http = self.http(self.config.base_url, per_second=5, classify=classify)
        return GraphApi(http, self.config.version, self.config.app_secret)

    def get(self, account: str, path: str, params: Mapping[str, Any]) -> Any:
        """GET a document about a page or account. Raises ``Retry`` or ``Fatal``."""
        return self.api.get(self.config.access_token, path, params)

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what is newer than the cursor's, list by list, the newest first."""
        before: dict[str, str] = {} if cursor is None else orjson.loads(cursor)
        lists = [*self.fields] if self.config.mentions else [*self.fields][:1]
        places = [f"{account}/{name}" for account in self.sites for name in lists]
        cursors = {place: before[place] for place in places if place in before}
        yield from read_places((place, self._read_list(place, cursors)) for place in places)

    def _read_list(self, place: str, cursors: dict[str, str]) -> Iterator[Page]:
        """Yield the pages of a list; ``cursors`` are those of all, and are kept up to date."""
        paginator: BackwardPaginator[Entry] = BackwardPaginator.resume(
            cursors.get(place),
            now=self.context.now(),
            look_back=timedelta(days=self.config.recheck_days),
            remember=share_memory(len(self.sites) * len(self.fields)),
        )
        threads = Threads(place, self.shape, paginator.memory, self.get)
        while True:
            answer = self._list_page(place, paginator)
            posts = require_list(answer, "data", place)
            new = paginator.new_items(entry for post in posts for entry in threads.read(post))
            text = paginator.advance(next_position(answer))
            notes = threads.take_notes()
            if new or notes or text != cursors.get(place):
                cursors[place] = text
                items = [self.item(entry, origin=_origin(entry)) for entry in new]
                position = orjson.dumps(cursors).decode()
                yield Page(items, position, is_history=paginator.is_first, notes=notes)
            if paginator.page is None:
                return

    def authored_record(self, item: Item, authored: Authored, **fields: Any) -> Feedback:
        """Return the record of a post or comment, as :meth:`record` does."""
        created, answered = (
            at if at is not None and is_plausible(at, item.collected_at) else None
            for at in (authored.created_at, authored.answered_at)
        )
        revised = max(created, answered or created) if created else None
        attributes = {"kind": "comment" if authored.is_comment else "post"}
        return self.record(
            item,
            native_id=authored.id,
            created_at=created,
            revision=None if revised is None else unix_ms(revised),
            text=authored.text,
            question=(authored.is_comment and authored.context) or None,
            site=self.sites.get(authored.account),
            attributes=attributes | ({"answered": "yes"} if authored.answered_at else {}),
            **fields,
        )

    def _list_page(self, place: str, paginator: BackwardPaginator[Entry]) -> Any:
        """Return the next page, or the first one if the page's position has expired."""
        account, _, name = place.partition("/")
        params = {"fields": self.fields[name], "limit": self.config.per_page}
        if paginator.page is not None:
            try:
                return self.get(account, place, {**params, **read_position(paginator.page)})
            except InvalidRequest:
                paginator.page = None
        return self.get(account, place, params)


def is_plausible(moment: datetime, read_at: datetime) -> bool:
    """Return True for a time that a record may have."""
    return moment.year >= EARLIEST_YEAR and moment - read_at < timedelta(days=1)


def _origin(entry: Entry) -> str:
    thing = get_object(entry, "comment") or get_object(entry, "post")
    return f"{entry['account']}/{get_text(thing, 'id')}"
