"""``reddit``: posts of some subreddits, or those that a search finds there, and comments.

Speaks the Data API, https://www.reddit.com/dev/api. Its listings end near 1,000 things and show
neither edits nor deletes as news: what was read lately is looked up again once a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Final

import httpx
import orjson
from pydantic import Field, SecretStr, StringConstraints, ValidationError

from connectors.sdk import (
    BackwardPaginator,
    BadRecord,
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    OAuth2,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    classify_response,
    from_unix,
    unix_ms,
)
from connectors.social.reddit.cursor import RedditCursor
from connectors.social.reddit.thing import Thing, created_ms, data_of, name_of
from schemas.feedback import Family, Feedback, Operation

_AT_ONCE: Final = 100

_Subreddit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{2,50}$")]


class RedditConfig(SourceConfig):
    """Some subreddits."""

    subreddits: Annotated[
        list[_Subreddit], Field(min_length=1, max_length=50, description="Names, without r/.")
    ]
    search: str | None = Field(
        default=None, min_length=1, description="What posts must hold; absent: every post."
    )
    comments: bool = Field(
        default=False, description="Whether the comments of the subreddits are read too: all."
    )
    own_accounts: list[str] = Field(
        default=[], description="Names, without u/, of accounts whose words are left out."
    )
    client_id: str = Field(min_length=1, description="Id of the app.")
    client_secret: Annotated[SecretStr, Field(description="Secret of the app.")]
    user_agent: str = Field(
        min_length=1,
        description="How the app introduces itself: platform:app:version (by /u/account).",
    )
    recheck_days: int = Field(
        default=30, ge=0, description="How far back edits and deletes are looked for, once a day."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Posts or comments a request.")
    base_url: str = Field(default="https://oauth.reddit.com", description="Address of the API.")
    token_url: str = Field(
        default="https://www.reddit.com/api/v1/access_token",
        description="Address that gives out access tokens.",
    )


class _OAuth2(OAuth2):
    """Tokens too are asked for under the app's own name."""

    def __init__(self, token_url: str, user_agent: str, basic: tuple[str, str]) -> None:
        super().__init__(token_url, {"grant_type": "client_credentials"}, basic=basic)
        self._user_agent = user_agent

    def _token_request(self) -> httpx.Request:
        request = super()._token_request()
        request.headers["User-Agent"] = self._user_agent
        return request


class Reddit(Polled[RedditConfig]):
    """Walks the posts, then the comments, then looks once a day at what it has read."""

    name = "reddit"
    title = "Reddit"
    family = Family.SOCIAL
    requirements = (
        "id and secret of a script or web app, from https://www.reddit.com/prefs/apps, and "
        "Reddit's leave for the use it is put to."
    )
    limitations = (
        "100 requests a minute, averaged over 10 minutes; a listing ends near 1,000 things, "
        "older ones can't be read. Edits and deletes are looked for once a day among the newest "
        "1,000 that were read, `recheck_days` back. What moderators bring back stays away. "
        "Addresses are given without the title, and without the name of a profile."
    )
    cursor_description = (
        "the newest post and comment that were seen, and the names of the newest 1,000"
    )
    capabilities = frozenset({Capability.EDITS, Capability.DELETES})
    example = """\
subreddits = ["nhs", "eastgate"]
search = "eastgate hospital"
client_id = "p-jcoLKBynTLew"
client_secret = { env = "REDDIT_CLIENT_SECRET" }
user_agent = "linux:org.example.feedback:v1 (by /u/example)"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        basic = (config.client_id, config.client_secret.get_secret_value())
        # The limit is averaged over ten minutes: a run, of at most some 30 requests, may be quick.
        return self.http(
            config.base_url,
            headers={"User-Agent": config.user_agent},
            params={"raw_json": "1"},
            auth=_OAuth2(config.token_url, config.user_agent, basic),
            per_second=5,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what is newer than the cursor's, the newest first; then what has changed since."""
        config = self.config
        state = RedditCursor.resume(
            cursor,
            lists=["posts", "comments"] if config.comments else ["posts"],
            now=self.context.now(),
            recheck=timedelta(days=config.recheck_days),
        )
        while state.todo:
            yield from self._walk(state, state.todo[0])
        while state.queue:
            names, state.queue = state.queue[:_AT_ONCE], state.queue[_AT_ONCE:]
            listed = self._listed("/api/info", {"id": ",".join(names)})["children"]
            yield self._page([one for one in listed if self._is_news(one, state)], state)

    def _is_news(self, listed: Any, state: RedditCursor) -> bool:
        try:
            thing = Thing.model_validate(data_of(listed))
            return state.changed(thing.name, unix_ms(thing.edited_at), thing.gone)
        except (ValidationError, ValueError, OverflowError, OSError):
            return True  # ``parse`` says what is wrong with it

    def _walk(self, state: RedditCursor, name: str) -> Iterator[Page]:
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            state.walks.get(name), now=self.context.now()
        )
        resumed = paginator.page is not None
        while True:
            listed = self._listed(*self._where(name, paginator.page))
            things = listed["children"]
            news, reached = paginator.new_items(
                (created_ms(one), name_of(one), one) for one in things
            )
            after = listed.get("after")
            if resumed and not things:
                # What it should go on after is no longer listed: from the newest again.
                after = ""
            resumed = False
            paginator.page = None if reached else after
            state.remember((name_of(one), created_ms(one)) for one in news)
            state.walked(name, paginator.cursor(paginator.page), arrived=paginator.page is None)
            yield self._page(news, state)
            if paginator.page is None:
                return

    def _where(self, name: str, after: str | None) -> tuple[str, dict[str, Any]]:
        config = self.config
        place = f"/r/{'+'.join(config.subreddits)}"
        params: dict[str, Any] = {"limit": config.per_page}
        if after:
            params["after"] = after
        if name == "comments":
            return f"{place}/comments", params
        if config.search is None:
            return f"{place}/new", params
        found = {"q": config.search, "restrict_sr": "1", "sort": "new", "t": "all", "type": "link"}
        return f"{place}/search", {**params, **found}

    def _listed(self, path: str, params: dict[str, Any]) -> Any:
        listed = data_of(self._http.get_json(path, params=params))
        if not isinstance(listed, dict) or not isinstance(listed.get("children"), list):
            raise Retry(f"reading {path}: the answer is no listing")
        return listed

    def _page(self, things: list[Any], state: RedditCursor) -> Page:
        items = [
            self.item(data_of(one), origin=name_of(one), payload=orjson.dumps(one))
            for one in things
        ]
        return Page(items, state.text())

    def parse(self, item: Item) -> Feedback:
        """Read a post, its title and text, or a comment; what is gone there becomes a delete."""
        try:
            thing = Thing.model_validate(item.data)
            created = from_unix(thing.created_utc)
            revised = max(created, thing.edited_at)
        except ValidationError as error:
            raise BadRecord.from_validation(self.name, error) from None
        except (ValueError, OverflowError, OSError):
            raise BadRecord(f"parsing {self.name}: created_utc or edited is no time") from None
        if thing.crosspost_parent is not None:
            raise Skip("a crosspost")
        author = "" if thing.author in {None, "[deleted]"} else str(thing.author)
        if author in {"AutoModerator", *self.config.own_accounts}:
            raise Skip("written by an account that is left out")
        if not thing.words and not thing.gone:
            raise Skip
        return self.record(
            item,
            native_id=thing.name,
            created_at=created,
            # Reddit tells no time of a delete: it must only come after what it deletes.
            revision=unix_ms(revised) + int(thing.gone),
            operation=Operation.DELETE if thing.gone else Operation.UPSERT,
            text="" if thing.gone else thing.words,
            author="" if thing.gone else author,
            url=thing.url,
            attributes={"subreddit": thing.place} if thing.place else None,
        )


def _classify(answer: HttpResponse) -> Exception | None:
    """What a status means; a subreddit that is not there is a search for its name instead."""
    if answer.status == 200 and answer.request_line.endswith("/subreddits/search"):
        return Fatal(f"requesting {answer.request_line}: there is no such subreddit")
    if answer.status == 403:
        try:
            reason = orjson.loads(answer.body)["reason"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return classify_response(answer)
        if reason in {"private", "quarantined", "gold_only", "banned"}:
            return Fatal(f"requesting {answer.request_line}: the subreddit is {reason}")
    return classify_response(answer)
