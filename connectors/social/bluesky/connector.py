"""``bluesky``: posts that have certain words, searched for and heard on the network's stream.

Speaks ``app.bsky.feed`` over XRPC, https://docs.bsky.app, and Jetstream,
https://github.com/bluesky-social/jetstream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from time import monotonic
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from connectors.sdk import (
    Capability,
    Deletion,
    Http,
    Item,
    Page,
    RecheckedConfig,
    RecheckedSource,
    Retry,
    SeenPosts,
    Skip,
    iter_messages,
    unix_ms,
)
from connectors.social.bluesky.cursor import BlueskyCursor
from connectors.social.bluesky.jetstream import read_event
from connectors.social.bluesky.post import (
    COLLECTION,
    Post,
    iso,
    matches,
    native_id_of,
    sorted_at,
    terms,
)
from connectors.social.bluesky.session import Session
from schemas.feedback import Family, Feedback

_CHECKED_AT_ONCE: Final = 25
_QUIET_S: Final = 12.0
_REWIND_US: Final = 5_000_000
"""Jetstream's own advice: go back some seconds, and repeat rather than miss."""
_LISTEN_S: Final = 6 * 3600.0
"""After so long the stream ends, so that ``fetch`` finds what words alone did not tell."""


def _searchable(query: str) -> str:
    terms(query)
    return query


class BlueskyConfig(RecheckedConfig):
    """One search."""

    query: Annotated[
        str,
        AfterValidator(_searchable),
        Field(description='Words and "phrases" that a post must all have.'),
    ]
    identifier: str | None = Field(
        default=None, description="Handle of the account that searches; bsky.social needs one."
    )
    app_password: SecretStr | None = Field(default=None, description="Its app password.")
    language: str | None = Field(
        default=None, pattern=r"^[a-z]{2,3}$", description="Only posts in this language."
    )
    own_dids: frozenset[str] = Field(
        default=frozenset(), description="Accounts (did:…) whose posts are left out."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Posts a request.")
    base_url: str = Field(default="https://bsky.social", description="Address of the search.")
    jetstream_url: str = Field(
        default="wss://jetstream2.us-east.bsky.network/subscribe",
        pattern=r"^wss?://[^/]+",
        description="Jetstream's address.",
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.identifier is None) != (self.app_password is None):
            raise ValueError("identifier and app_password belong together")
        return self


class Bluesky(RecheckedSource[BlueskyConfig, BlueskyCursor]):
    """Searches from now back to what is known, and listens to the whole network's posts."""

    name = "bluesky"
    title = "Bluesky"
    family = Family.SOCIAL
    requirements = (
        "the handle of an account and an app password of it, from Settings, Privacy and security, "
        "App passwords. Listening needs neither."
    )
    limitations = (
        "3,000 requests in 5 minutes by address; 30 sessions in 5 minutes and 300 a day by "
        "account, and a run opens one. Posts can't be edited. The newest `remember` posts are "
        "watched for deletes: at once by the stream, once a day by `fetch`. Jetstream goes back a "
        "day or so. A post's addresses name its author's account: records have a hash of its uri, "
        "and no address."
    )
    cursor_description = (
        "the time up to which was searched, Jetstream's microsecond, and the newest posts' uris"
    )
    capabilities = frozenset({Capability.DELETES})
    example = """\
query = '"Eastgate Hospital"'
identifier = "trust.bsky.social"
app_password = { env = "BLUESKY_APP_PASSWORD" }
"""

    @cached_property
    def _http(self) -> Http:
        config, auth = self.config, None
        if config.identifier is not None and config.app_password is not None:
            auth = Session(config.base_url, config.identifier, config.app_password)
        return self.http(config.base_url, auth=auth, per_second=5)

    @cached_property
    def _terms(self) -> list[re.Pattern[str]]:
        return terms(self.config.query)

    def walk(self, state: BlueskyCursor) -> Iterator[Page]:
        """Search from now back to what is known."""
        since = state.at - self.config.overlap_minutes * 60_000
        page: str | None = None
        while True:
            answer = self._search(since, state.until, page)
            listed, before, page = answer.get("posts", []), page, answer.get("cursor")
            times = [ms for ms in map(sorted_at, listed) if ms is not None]
            state.newest = max(state.newest, *times, 0)
            items = [self._item(one) for one in listed if _is_news(one, state.memory)]
            if arrived := not page or (page == before and not listed):
                state.complete()
            elif times and state.continue_before(times[-1]):
                page = None  # by time, since deletes meanwhile would shift the service's pages
            elif page == before:
                raise Retry("searching on bluesky: the service repeats a page")
            if items:
                yield Page(items, state.text())
            if arrived:
                return

    def _search(self, since: int, until: int | None, page: str | None) -> Any:
        config = self.config
        params: dict[str, Any] = {"q": config.query, "sort": "latest", "limit": config.per_page}
        params["since"] = iso(since)
        if until is not None:
            params["until"] = iso(until)
        if page is not None:
            params["cursor"] = page
        if config.language is not None:
            params["lang"] = config.language
        return self._http.get_json("/xrpc/app.bsky.feed.searchPosts", params=params)

    def recheck(self, state: BlueskyCursor) -> Iterator[Page]:
        """Look which of the posts that are remembered are still there."""
        for uris in state.memory.active_ids(_CHECKED_AT_ONCE):
            answer = self._http.get_json("/xrpc/app.bsky.feed.getPosts", params={"uris": uris})
            found = {view["uri"] for view in answer["posts"]}
            gone = [state.memory.mark_deleted(uri) for uri in uris if uri not in found]
            if gone:
                yield Page([self._gone(one) for one in gone if one], state.text())

    def _item(self, post: Any) -> Item:
        # The record key, and no DID: that is a person's.
        origin = str(post.get("uri")).rpartition("/")[2] if isinstance(post, dict) else ""
        return self.item(post, origin=origin)

    def _gone(self, gone: Deletion) -> Item:
        origin = gone.native_id.rpartition("/")[2]
        return self.item(replace(gone, native_id=native_id_of(gone.native_id)), origin=origin)

    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Listen to Jetstream; a page without items says how far."""
        now = self.context.now()
        state = self.resume(cursor)
        late = self.config.overlap_minutes * 60_000
        start = state.live - _REWIND_US if state.live else (unix_ms(now) - late) * 1000
        params = {"wantedCollections": COLLECTION, "cursor": str(start)}
        began = said = monotonic()
        for message in iter_messages(self.config.jetstream_url, params, _QUIET_S):
            items = [] if message is None else self._heard(message, state)
            if items or monotonic() - said >= _QUIET_S:
                yield Page(items, state.text())
                said = monotonic()
            if said - began > _LISTEN_S:
                return

    def _heard(self, message: str | bytes, state: BlueskyCursor) -> list[Item]:
        event = read_event(message)
        if event is None:
            return []
        state.live = max(state.live, event.time_us)
        if event.operation == "leave":
            gone = state.memory.mark_deleted_by_prefix(f"at://{event.did}/", event.ms)
            return [self._gone(one) for one in gone]
        if event.operation == "delete":
            deleted = state.memory.mark_deleted(event.uri, event.ms)
            return [self._gone(deleted)] if deleted else []
        known = event.uri in state.memory
        if not known and not matches(event.record, self._terms, self.config.language):
            return []
        post = {"uri": event.uri, "record": event.record}
        if event.operation == "update":
            post["rev"] = event.rev
        return [self._item(post)] if _is_news(post, state.memory) else []

    def parse_post(self, item: Item) -> Feedback:
        """Read one post."""
        post = self.validate(Post, item.data)
        if post.did in self.config.own_dids:
            raise Skip("a post of one's own")
        if not post.record.text.strip():
            raise Skip
        return self.record(
            item,
            native_id=native_id_of(post.uri),
            created_at=post.created_at,
            revision=post.revision,
            text=post.record.text,
            language=next(iter(post.record.langs or ()), None),
            author=post.did,
        )


def _is_news(post: Any, memory: SeenPosts) -> bool:
    try:
        known = Post.model_validate(post)
    except ValidationError:
        uri = str(post.get("uri")) if isinstance(post, dict) else ""
        return memory.is_new_or_changed(uri, 0, 0)  # met once: ``parse`` says what is wrong
    return memory.is_new_or_changed(known.uri, known.created, known.revision)
