"""``mastodon``: posts with a hashtag that are known to one server of the network.

Speaks Mastodon's REST and streaming APIs, https://docs.joinmastodon.org.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from time import monotonic
from typing import Annotated, Any, Final

import httpx
import orjson
from httpx_sse import ServerSentEvent
from pydantic import Field, SecretStr, StringConstraints

from connectors.sdk import (
    UNCHECKED,
    BadRecord,
    Bearer,
    Capability,
    Deletion,
    Http,
    HttpResponse,
    Item,
    Misconfigured,
    Page,
    RecheckedConfig,
    RecheckedSource,
    Retry,
    SeenPosts,
    Skip,
    classify_response,
    deletion_record,
    describe_item,
    hash_id,
    iter_events,
    load_json,
    unix_ms,
)
from connectors.social.mastodon.cursor import MastodonCursor
from connectors.social.mastodon.status import WORDS, Status, earlier, id_at, rank, status_id
from schemas.feedback import Family, Feedback

_MAX_IDS: Final = 20
_SILENCE_S: Final = 25.0
"""The server sends ``:thump`` every 15 seconds; without it the connection is dead."""
_MAX_AHEAD_MS: Final = 24 * 3_600_000
_MAX_STREAM_S: Final = 6 * 3600.0
"""The stream ends after that time, so that ``fetch`` finds what it may have missed."""


class MastodonConfig(RecheckedConfig):
    """One hashtag on one server."""

    tag: Annotated[
        str, StringConstraints(pattern=r"^\w+$"), Field(description="The hashtag, without its #.")
    ]
    token: SecretStr | None = Field(
        default=None, description="Access token of a user; required for streaming."
    )
    own_accounts: frozenset[str] = Field(
        default=frozenset(), description="Accounts (user@server) whose posts are excluded."
    )
    per_page: int = Field(default=40, ge=1, le=40, description="Posts per request.")
    base_url: str = Field(default="https://mastodon.social", description="Address of the server.")


class Mastodon(RecheckedSource[MastodonConfig, MastodonCursor]):
    """Reads the hashtag's timeline, the oldest first, and listens to its stream."""

    name = "mastodon"
    title = "Mastodon"
    family = Family.SOCIAL
    requirements = (
        "nothing for the timelines of most servers; for streaming, a user's access token with "
        "`read:statuses`, from Preferences, Development, New application."
    )
    limitations = (
        "300 requests per 5 minutes, by account and by IP address; `X-RateLimit-Reset` is "
        "respected. A server knows only posts that reached it, some of them late. Edits and "
        "deletes of the newest `remember` posts are found: immediately by the stream, once per day "
        "by `fetch`, which needs Mastodon 4.3. A post's own addresses name its author, so records "
        "have a hash of its URI, and its address on this server."
    )
    cursor_description = "the last status id that was read, and the newest posts by id"
    capabilities = frozenset({Capability.EDITS, Capability.DELETES})
    example = """\
tag = "nhs"
token = { env = "MASTODON_TOKEN" }
base_url = "https://mastodon.social"
"""

    @cached_property
    def _auth(self) -> Bearer | None:
        return Bearer(self.config.token) if self.config.token else None

    @cached_property
    def _http(self) -> Http:
        return self.http(self.config.base_url, auth=self._auth, per_second=5, classify=_classify)

    def walk(self, state: MastodonCursor) -> Iterator[Page]:
        """Read the timeline from the cursor's position, the oldest first."""
        # A post from another server has the id of when it was written, and may arrive late.
        late = self.look_back_ms(state)
        position = earlier(state.id, late) if state.arrived else state.id
        # Newer posts are left to the next run: on a busy day this one might never end.
        now = unix_ms(self.context.now())
        end, latest = rank(id_at(now)), rank(id_at(now + _MAX_AHEAD_MS))
        while rank(position) < end and (statuses := self._list_timeline(position)):
            # One of the future is not an id by which to continue: no later one would be read.
            ranks = [
                rank(own_id)
                for own_id in map(status_id, statuses)
                if own_id and rank(own_id) < latest
            ]
            highest = max(ranks, default=rank(""))
            if ranks and highest <= rank(position):
                raise Misconfigured(
                    f"reading {self.config.base_url}: it does not paginate by min_id"
                )
            position = state.id = highest[1] or position
            state.arrived = not ranks
            if items := self._new_items(statuses, state):
                yield Page(items, state.text())
            if state.arrived:
                return
        state.arrived = True

    def _list_timeline(self, position: str) -> list[Any]:
        """Return the posts that follow an id, the oldest first."""
        path = f"/api/v1/timelines/tag/{self.config.tag}"
        statuses = self._list_or_none(path, {"min_id": position, "limit": self.config.per_page})
        return sorted(statuses or [], key=lambda status: rank(status_id(status)))

    def _list_or_none(self, path: str, params: dict[str, Any]) -> list[Any] | None:
        """Return the posts at a path, or None if it does not exist."""
        response = self._http.request("GET", path, params=params)
        if response.status == 404:
            return None
        statuses = response.json()
        if not isinstance(statuses, list):
            raise Retry("reading mastodon: the response is not a list of posts")
        return statuses

    def recheck(self, state: MastodonCursor) -> Iterator[Page]:
        """Yield the edits and deletes of remembered posts."""
        for ids in state.memory.active_ids(_MAX_IDS):
            statuses = self._list_or_none("/api/v1/statuses", {"id[]": ids})
            if statuses is None:
                return  # a server before 4.3
            items, existing = self._new_items(statuses, state), {*map(status_id, statuses)}
            for missing in [] if "" in existing else sorted(set(ids) - existing):
                items += self._deletion_items(missing, state)
            # One without an id may be one of those that seem to be missing.
            notes = [UNCHECKED] if "" in existing else []
            if items or notes:
                yield Page(items, state.text(), notes=notes)

    def _new_items(self, statuses: list[Any], state: MastodonCursor) -> list[Item]:
        items = [self._item_if_new(status, state.memory) for status in statuses]
        return [item for item in items if item is not None]

    def _item_if_new(self, status: Any, memory: SeenPosts) -> Item | None:
        """Return the item of a post that is new or has changed; its data is validated if valid."""
        try:
            valid = self.validate(Status, status, words=WORDS)
        except BadRecord:  # once only: ``parse`` rejects it
            key = status_id(status) or hash_id(describe_item(status))
            is_new = memory.is_new_or_changed(key, 0, 0)
            return self.item(status, origin=status_id(status)) if is_new else None
        if not memory.is_new_or_changed(valid.id, valid.created, valid.revision, valid.native_id):
            return None
        return self.item(valid, origin=valid.id, payload=orjson.dumps(status))

    def _deletion_items(self, native_id: str, state: MastodonCursor) -> list[Item]:
        deletion = state.memory.mark_deleted(native_id)
        return [self.item(deletion, origin=native_id)] if deletion else []

    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Listen to the hashtag's server-sent events; a page without items is a heartbeat."""
        state = self.resume(cursor)
        end = monotonic() + _MAX_STREAM_S
        url = self._streaming_url() + "/api/v1/streaming/hashtag"
        connected = False
        tag, is_elsewhere = {"tag": self.config.tag}, httpx.URL(url).host != self._host
        for event in iter_events(url, tag, self._auth, _SILENCE_S, only_public=is_elsewhere):
            if not connected:
                yield from self.walk(state)  # posts until the server accepted the connection
                connected = True
            yield Page(self._handle_event(event, state), state.text())
            if monotonic() > end:
                return

    def _streaming_url(self) -> str:
        """Return the address of the streaming server, which may differ from the web server's."""
        base = self.config.base_url
        response = self._http.request("GET", "/api/v2/instance")
        instance = {} if response.status == 404 else response.json()
        try:
            address = httpx.URL(instance["configuration"]["urls"]["streaming"])
        except (KeyError, TypeError, httpx.InvalidURL):
            return base
        return str(address.copy_with(scheme=httpx.URL(base).scheme)).rstrip("/")

    def _handle_event(self, event: ServerSentEvent, state: MastodonCursor) -> list[Item]:
        if event.event == "delete":
            return self._deletion_items(event.data.strip(), state)
        if event.event not in {"update", "status.update"}:
            return []
        try:
            return self._new_items([load_json(event.data)], state)
        except orjson.JSONDecodeError:
            return [self.item(event.data, origin=event.event, payload=event.data.encode())]

    def parse_post(self, item: Item) -> Feedback:
        """Return the record of a post: content warning and text are one comment."""
        status = item.data
        if not isinstance(status, Status):
            status = self.validate(Status, status, words=WORDS)
        if status.reblog:
            raise Skip("a reblog")
        if status.visibility not in {"public", "unlisted"}:
            raise Skip("not public")
        author = self._with_server(status.account.acct)
        if author in self.config.own_accounts:
            raise Skip("own account")
        text = status.text
        if not text and status.edited_at is not None:
            return deletion_record(
                self, item, Deletion(status.native_id, status.created, status.revision)
            )
        if not text:
            raise Skip
        return self.record(
            item,
            native_id=status.native_id,
            created_at=status.written_at,
            revision=status.revision,
            text=text,
            question=status.context,
            language=status.language,
            author=author,
            url=f"{self.config.base_url}/statuses/{status.id}",  # its own address names the author
        )

    def _with_server(self, acct: str) -> str:
        """Return an account with its server, which local accounts do not name."""
        if not acct or "@" in acct:
            return acct
        return f"{acct}@{self._host}"

    @cached_property
    def _host(self) -> str:
        return httpx.URL(self.config.base_url).host


def _classify(response: HttpResponse) -> Exception | None:
    """Return the error that a response represents; a 404 of an old server or unused tag is none."""
    is_optional = response.request_line.endswith(("/v1/statuses", "/v2/instance"))
    if response.status == 404 and (is_optional or b"Record not found" in response.body):
        return None
    problem = classify_response(response)
    if problem is None:
        try:
            response.json()
        except Retry as truncated:
            return truncated
    return problem
