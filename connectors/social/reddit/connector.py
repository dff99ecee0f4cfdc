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
    get_text,
    load_json,
    read_places,
    unix_ms,
    validate_leniently,
)
from connectors.social.reddit.cursor import RedditCursor
from connectors.social.reddit.thing import WORDS, Thing, created_ms, get_data, get_name
from schemas.feedback import Family, Feedback, Operation

_MAX_NAMES: Final = 100
_FIRST_PAGE: Final = "first"
"""Takes the place of the page after a post, which earlier versions had as an empty text."""

_Subreddit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{2,50}$")]


class RedditConfig(SourceConfig):
    """Some subreddits."""

    subreddits: Annotated[
        list[_Subreddit], Field(min_length=1, max_length=50, description="Names, without r/.")
    ]
    search: str | None = Field(
        default=None, min_length=1, description="Search that posts must match; default: all posts."
    )
    comments: bool = Field(default=False, description="Also read all comments of the subreddits.")
    own_accounts: list[str] = Field(
        default=[], description="Accounts, without u/, whose posts and comments are excluded."
    )
    client_id: str = Field(min_length=1, description="Id of the app.")
    client_secret: Annotated[SecretStr, Field(description="Secret of the app.")]
    user_agent: str = Field(
        min_length=1,
        description="The app's own User-Agent: platform:app:version (by /u/account).",
    )
    recheck_days: int = Field(
        default=30,
        ge=0,
        description="Days of posts that are checked for edits and deletes once per day.",
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Posts or comments per request.")
    base_url: str = Field(default="https://oauth.reddit.com", description="Address of the API.")
    token_url: str = Field(
        default="https://www.reddit.com/api/v1/access_token",
        description="Address that issues access tokens.",
    )


class _OAuth2(OAuth2):
    """Token requests also carry the app's own User-Agent."""

    def __init__(self, token_url: str, user_agent: str, basic: tuple[str, str]) -> None:
        super().__init__(token_url, {"grant_type": "client_credentials"}, basic=basic)
        self._user_agent = user_agent

    def _token_request(self) -> httpx.Request:
        request = super()._token_request()
        request.headers["User-Agent"] = self._user_agent
        return request


class Reddit(Polled[RedditConfig]):
    """Reads posts, then comments, then checks once per day what it has read."""

    name = "reddit"
    title = "Reddit"
    family = Family.SOCIAL
    requirements = (
        "id and secret of a script or web app, from https://www.reddit.com/prefs/apps, and "
        "Reddit's permission for this use."
    )
    limitations = (
        "100 requests per minute, averaged over 10 minutes. A listing ends after about 1,000 "
        "posts, and older ones cannot be read. Edits and deletes of the newest 1,000 that were "
        "read in the last `recheck_days` are found once per day. Posts that moderators approve "
        "within two weeks are found, others are not. A comment has the title of its post as its "
        "question. Addresses omit the title and the name of a profile."
    )
    cursor_description = (
        "hashes of the newest posts and comments, and the names of the newest 1,000"
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
        # The limit is averaged over ten minutes, so a run of at most some 30 requests may be fast.
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
        recheck = timedelta(days=self.config.recheck_days)
        state = RedditCursor.resume(cursor, now=self.context.now(), recheck=recheck)
        lists = ["posts", "comments"] if self.config.comments else ["posts"]
        places = {name: self._read_list(state, name) for name in lists}
        if state.queue:
            places["changes"] = self._check(state)
        yield from read_places(places.items())

    def _check(self, state: RedditCursor) -> Iterator[Page]:
        """Look up what was read lately, and yield what has changed."""
        while state.queue:
            names = state.queue[:_MAX_NAMES]
            entries = self._get_listing("/api/info", {"id": ",".join(names)})["children"]
            state.queue = state.queue[_MAX_NAMES:]
            yield self._page([entry for entry in entries if self._is_new(entry, state)], state)

    def _is_new(self, entry: Any, state: RedditCursor) -> bool:
        try:
            thing, _ = validate_leniently(Thing, get_data(entry), WORDS)
        except ValidationError:
            return True  # ``parse`` rejects it
        return state.is_changed(thing.name, unix_ms(thing.edited_at), thing.is_deleted)

    def _read_list(self, state: RedditCursor, name: str) -> Iterator[Page]:
        paginator: BackwardPaginator[Any] = BackwardPaginator.resume(
            state.walks.get(name), now=self.context.now()
        )
        resumed = paginator.page is not None
        while True:
            listing = self._get_listing(*self._request(name, paginator.page))
            entries = listing["children"]
            new = paginator.new_items(
                (created_ms(entry), get_name(entry), entry) for entry in entries
            )
            after = get_text(listing, "after") or None
            if resumed and not entries:
                # The post to resume after is no longer listed: start from the newest again.
                after = _FIRST_PAGE
            resumed = False
            text = paginator.advance(after)
            state.remember((get_name(entry), created_ms(entry)) for entry in new)
            has_moved = text != state.walks.get(name)
            state.walks[name] = text
            if new or has_moved:
                yield self._page(new, state)
            if paginator.page is None:
                return

    def _request(self, name: str, after: str | None) -> tuple[str, dict[str, Any]]:
        config = self.config
        place = f"/r/{'+'.join(config.subreddits)}"
        params: dict[str, Any] = {"limit": config.per_page}
        if after and after != _FIRST_PAGE:
            params["after"] = after
        if name == "comments":
            return f"{place}/comments", params
        if config.search is None:
            return f"{place}/new", params
        search = {"q": config.search, "restrict_sr": "1", "sort": "new", "t": "all", "type": "link"}
        return f"{place}/search", {**params, **search}

    def _get_listing(self, path: str, params: dict[str, Any]) -> Any:
        listing = get_data(self._http.get_json(path, params=params))
        if not isinstance(listing, dict) or not isinstance(listing.get("children"), list):
            raise Retry(f"reading {path}: the response is not a listing")
        return listing

    def _page(self, entries: list[Any], state: RedditCursor) -> Page:
        items = [
            self.item(get_data(entry), origin=get_name(entry), payload=orjson.dumps(entry))
            for entry in entries
        ]
        return Page(items, state.text())

    def parse(self, item: Item) -> Feedback:
        """Return the record of a post (title and text) or a comment, or of its deletion."""
        thing = self.validate(Thing, item.data, words=WORDS)
        created = thing.created_utc
        revised = max(created or thing.edited_at, thing.edited_at)
        if thing.repeats_its_parent:
            raise Skip("a crosspost")
        author = "" if thing.author in {None, "[deleted]"} else str(thing.author)
        if author in {"AutoModerator", *self.config.own_accounts}:
            raise Skip("excluded account")
        if not thing.text and not thing.is_deleted:
            raise Skip
        return self.record(
            item,
            native_id=thing.name,
            created_at=created,
            # Reddit does not return the time of a delete: it must only be later than the post's.
            revision=unix_ms(revised) + int(thing.is_deleted),
            operation=Operation.DELETE if thing.is_deleted else Operation.UPSERT,
            text="" if thing.is_deleted else thing.text,
            question=None if thing.is_deleted else thing.context,
            author="" if thing.is_deleted else author,
            url=thing.url,
            attributes={"subreddit": thing.public_subreddit} if thing.public_subreddit else None,
        )


def _classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a missing subreddit redirects to a search."""
    if response.status == 200 and response.request_line.endswith("/subreddits/search"):
        return Fatal(f"requesting {response.request_line}: the subreddit does not exist")
    if response.status == 403:
        try:
            reason = get_text(load_json(response.body), "reason")
        except orjson.JSONDecodeError:
            return classify_response(response)
        if reason in {"private", "quarantined", "gold_only", "banned"}:
            return Fatal(f"requesting {response.request_line}: the subreddit is {reason}")
    return classify_response(response)
