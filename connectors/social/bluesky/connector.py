"""``bluesky``: posts with certain words, from the search and from the network's stream.

Speaks ``app.bsky.feed`` over XRPC, https://docs.bsky.app, and Jetstream,
https://github.com/bluesky-social/jetstream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from time import monotonic
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from connectors.sdk import (
    UNCHECKED,
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
    describe_item,
    get_text,
    hash_id,
    iso_utc,
    iter_messages,
    require_list,
    unix_ms,
    validate_leniently,
)
from connectors.social.bluesky.cursor import BlueskyCursor
from connectors.social.bluesky.jetstream import read_event
from connectors.social.bluesky.post import (
    COLLECTION,
    Post,
    hash_uri,
    matches,
    sort_time_ms,
    terms,
)
from connectors.social.bluesky.session import Session
from schemas.feedback import Family, Feedback

_SEARCH: Final = "/xrpc/app.bsky.feed.searchPosts"
_MAX_URIS: Final = 25
_MAX_STALE_PAGES: Final = 3
_HEARTBEAT_S: Final = 12.0
_REWIND_US: Final = 5_000_000
"""As Jetstream advises: resume some seconds earlier, to repeat events rather than miss them."""
_MAX_AHEAD: Final = timedelta(hours=1)
_MAX_STREAM_S: Final = 6 * 3600.0
"""The stream ends after that time, so that ``fetch`` finds what matching by words missed."""


def _require_searchable(query: str) -> str:
    terms(query)
    return query


class BlueskyConfig(RecheckedConfig):
    """One search."""

    query: Annotated[
        str,
        AfterValidator(_require_searchable),
        Field(description='Words and "phrases", all of which a post must have.'),
    ]
    identifier: str | None = Field(
        default=None, description="Handle of the account that searches; required by bsky.social."
    )
    app_password: SecretStr | None = Field(default=None, description="Its app password.")
    language: str | None = Field(
        default=None, pattern=r"^[a-z]{2,3}$", description="Only posts in this language."
    )
    own_dids: frozenset[str] = Field(
        default=frozenset(), description="Accounts (did:…) whose posts are excluded."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Posts per request.")
    base_url: str = Field(default="https://bsky.social", description="Address of the search.")
    jetstream_url: str = Field(
        default="wss://jetstream2.us-east.bsky.network/subscribe",
        pattern=r"^wss?://[^/]+",
        description="Jetstream's address.",
    )

    @model_validator(mode="after")
    def _require_both_or_none(self) -> Self:
        if (self.identifier is None) != (self.app_password is None):
            raise ValueError("identifier and app_password belong together")
        return self


class Bluesky(RecheckedSource[BlueskyConfig, BlueskyCursor]):
    """Searches from now back to what is known, and listens to the posts of the whole network."""

    name = "bluesky"
    title = "Bluesky"
    family = Family.SOCIAL
    requirements = (
        "the handle of an account and an app password, from Settings, Privacy and security, App "
        "passwords. Listening needs neither."
    )
    limitations = (
        "3,000 requests per 5 minutes and IP address; 30 sessions per 5 minutes and 300 per day "
        "and account, and each run opens one. Posts cannot be edited. Deletes of the newest "
        "`remember` posts are found: immediately by the stream, once per day by `fetch`. Jetstream "
        "keeps about a day. A post's addresses name its author's account, so records have a hash "
        "of its URI, and no address."
    )
    cursor_description = (
        "the time up to which posts were searched, Jetstream's cursor, and the newest posts' URIs"
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
        now = unix_ms(self.context.now())
        since = state.at - self.look_back_ms(state)
        page: str | None = None
        met: set[str] = set()
        stale_pages = 0
        while True:
            answer = self._search(since, state.until, page)
            posts, before = require_list(answer, "posts", _SEARCH), page
            page = get_text(answer, "cursor") or None
            times = [ms for ms in map(sort_time_ms, posts) if ms is not None and ms <= now]
            state.newest = max(state.newest, *times, 0)
            items = [self._item(post) for post in posts if self._is_new(post, state.memory)]
            uris = {get_text(post, "uri") for post in posts}
            stale_pages = stale_pages + 1 if uris <= met else 0
            met |= uris
            is_last = not page or (page == before and not posts)
            if arrived := is_last or stale_pages >= _MAX_STALE_PAGES:
                state.complete()
            elif times and state.continue_before(times[-1]):
                page = None  # continue by time: deletes would shift the service's pages
            elif page == before:
                raise Retry("searching on bluesky: the service returned the same page twice")
            if items:
                yield Page(items, state.text())
            if arrived:
                return

    def _search(self, since: int, until: int | None, page: str | None) -> Any:
        config = self.config
        params: dict[str, Any] = {"q": config.query, "sort": "latest", "limit": config.per_page}
        params["since"] = iso_utc(since)
        if until is not None:
            params["until"] = iso_utc(until)
        if page is not None:
            params["cursor"] = page
        if config.language is not None:
            params["lang"] = config.language
        return self._http.get_json(_SEARCH, params=params)

    def recheck(self, state: BlueskyCursor) -> Iterator[Page]:
        """Yield the deletes of remembered posts."""
        for uris in state.memory.active_ids(_MAX_URIS):
            answer = self._http.get_json("/xrpc/app.bsky.feed.getPosts", params={"uris": uris})
            posts = require_list(answer, "posts", "app.bsky.feed.getPosts")
            existing = {get_text(view, "uri") for view in posts}
            if "" in existing:  # it may be one of those that seem to be missing
                yield Page([], state.text(), notes=[UNCHECKED])
                continue
            deletions = [state.memory.mark_deleted(uri) for uri in uris if uri not in existing]
            if deletions:
                items = [self._deletion_item(deletion) for deletion in deletions if deletion]
                yield Page(items, state.text())

    def _item(self, post: Any) -> Item:
        # The record key only: the DID identifies a person.
        origin = str(post.get("uri")).rpartition("/")[2] if isinstance(post, dict) else ""
        return self.item(post, origin=origin)

    def _deletion_item(self, deletion: Deletion) -> Item:
        origin = deletion.native_id.rpartition("/")[2]
        native_id = hash_uri(deletion.native_id)
        return self.item(replace(deletion, native_id=native_id), origin=origin)

    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Listen to Jetstream; a page without items advances the cursor."""
        now = self.context.now()
        state = self.resume(cursor)
        late = self.config.overlap_minutes * 60_000
        start = state.live - _REWIND_US if state.live else (unix_ms(now) - late) * 1000
        params = {"wantedCollections": COLLECTION, "cursor": str(start)}
        started = last_page = monotonic()
        for message in iter_messages(self.config.jetstream_url, params, _HEARTBEAT_S):
            items = [] if message is None else self._handle_event(message, state)
            if items or monotonic() - last_page >= _HEARTBEAT_S:
                yield Page(items, state.text())
                last_page = monotonic()
            if last_page - started > _MAX_STREAM_S:
                return

    def _handle_event(self, message: str | bytes, state: BlueskyCursor) -> list[Item]:
        event = read_event(message)
        if event is None:
            return []
        if event.time_us <= 1000 * unix_ms(self.context.now() + _MAX_AHEAD):
            state.live = max(state.live, event.time_us)
        if event.operation == "leave":
            deletions = state.memory.mark_deleted_by_prefix(f"at://{event.did}/", event.ms)
            return [self._deletion_item(deletion) for deletion in deletions]
        if event.operation == "delete":
            deletion = state.memory.mark_deleted(event.uri, event.ms)
            return [self._deletion_item(deletion)] if deletion else []
        known = event.uri in state.memory
        if not known and not matches(event.record, self._terms, self.config.language):
            return []
        post = {"uri": event.uri, "record": event.record}
        if event.operation == "update":
            post["rev"] = event.rev
        return [self._item(post)] if self._is_new(post, state.memory) else []

    def parse_post(self, item: Item) -> Feedback:
        """Return the record of a post."""
        post = self.validate(Post, item.data, words=("text",))
        if post.did in self.config.own_dids:
            raise Skip("own account")
        words = post.record.words
        if not words:
            raise Skip
        return self.record(
            item,
            native_id=hash_uri(post.uri),
            created_at=post.created_at,
            revision=post.revision,
            text=words,
            question=post.context,
            language=next(iter(post.record.langs or ()), None),
            author=post.did,
        )

    def _is_new(self, post: Any, memory: SeenPosts) -> bool:
        try:
            known, _ = validate_leniently(Post, post, {"text"})
        except ValidationError:  # once only: ``parse`` rejects it
            key = get_text(post, "uri") or hash_id(describe_item(post))
            return memory.is_new_or_changed(key, 0, 0)
        return memory.is_new_or_changed(known.uri, known.created, known.revision)
