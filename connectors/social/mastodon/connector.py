"""``mastodon``: posts with a hashtag, as one server of the network sees them.

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
from pydantic import Field, SecretStr, StringConstraints, ValidationError

from connectors.sdk import (
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
    iter_events,
    plain_text,
    unix_ms,
)
from connectors.social.mastodon.cursor import MastodonCursor
from connectors.social.mastodon.status import Status, earlier, id_at, id_of, rank
from schemas.feedback import Family, Feedback

_CHECKED_AT_ONCE: Final = 20
_SILENCE_S: Final = 25.0
"""The server says ``:thump`` every 15 seconds; without it the connection is dead."""
_LISTEN_S: Final = 6 * 3600.0
"""After so long the stream ends, so that ``fetch`` mends what it may have missed."""


class MastodonConfig(RecheckedConfig):
    """One hashtag on one server."""

    tag: Annotated[
        str, StringConstraints(pattern=r"^\w+$"), Field(description="The hashtag, without its #.")
    ]
    token: SecretStr | None = Field(
        default=None, description="Access token of a user; streaming needs one."
    )
    own_accounts: frozenset[str] = Field(
        default=frozenset(), description="Accounts (user@server) whose posts are left out."
    )
    per_page: int = Field(default=40, ge=1, le=40, description="Posts a request.")
    base_url: str = Field(default="https://mastodon.social", description="Address of the server.")


class Mastodon(RecheckedSource[MastodonConfig, MastodonCursor]):
    """Reads the hashtag's timeline, the oldest first, and listens to its stream."""

    name = "mastodon"
    title = "Mastodon"
    family = Family.SOCIAL
    requirements = (
        "nothing for most servers' timelines; for streaming an access token of a user with "
        "`read:statuses`, from Preferences, Development, New application."
    )
    limitations = (
        "300 requests in 5 minutes, by account and by address; `X-RateLimit-Reset` is waited for. "
        "A server knows only posts that reached it, some of them late. The newest `remember` posts "
        "are watched for edits and deletes: at once by the stream, once a day by `fetch`, which "
        "needs Mastodon 4.3. A post's own addresses name its author: a record has a hash of its "
        "URI, and its address on this server."
    )
    cursor_description = "the last status id that was read, and the newest posts by their id"
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
        """Read the timeline from the position on, the oldest first."""
        # A post from another server has an id of when it was written, and may come in behind.
        late = self.config.overlap_minutes * 60_000
        position = earlier(state.id, late) if state.arrived else state.id
        # What is written meanwhile is for the next walk: on a lively day this one would never end.
        end = rank(id_at(unix_ms(self.context.now())))
        while rank(position) < end and (listed := self._timeline(position)):
            highest = id_of(listed[-1])
            if rank(highest) <= rank(position):
                raise Misconfigured(f"reading {self.config.base_url}: it does not page by min_id")
            position = state.id = highest
            state.arrived = False
            if items := self._news(listed, state):
                yield Page(items, state.text())
        state.arrived = True

    def _timeline(self, position: str) -> list[Any]:
        """The posts that follow an id, the oldest first."""
        path = f"/api/v1/timelines/tag/{self.config.tag}"
        listed = self._found(path, {"min_id": position, "limit": self.config.per_page})
        return sorted(listed or [], key=lambda one: rank(id_of(one)))

    def _found(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """The document at a path; None where there is none."""
        answer = self._http.request("GET", path, params=params)
        return None if answer.status == 404 else answer.json()

    def recheck(self, state: MastodonCursor) -> Iterator[Page]:
        """Look again at the posts that are remembered."""
        for ids in state.memory.active_ids(_CHECKED_AT_ONCE):
            found = self._found("/api/v1/statuses", {"id[]": ids})
            if found is None:
                return  # a server before 4.3
            items = self._news(found, state)
            for missing in sorted(set(ids) - {id_of(one) for one in found}):
                items += self._gone(missing, state)
            if items:
                yield Page(items, state.text())

    def _news(self, listed: list[Any], state: MastodonCursor) -> list[Item]:
        items = [self._item(one, state.memory) for one in listed]
        return [item for item in items if item is not None]

    def _item(self, status: Any, memory: SeenPosts) -> Item | None:
        """A post that is new or has changed; as what was understood of it, where that is all."""
        try:
            read = Status.model_validate(status)
        except ValidationError:  # met once: ``parse`` says what is wrong
            is_news = memory.is_new_or_changed(id_of(status), 0, 0)
            return self.item(status, origin=id_of(status)) if is_news else None
        if not memory.is_new_or_changed(read.id, read.created, read.revision, read.native_id):
            return None
        return self.item(read, origin=read.id, payload=orjson.dumps(status))

    def _gone(self, status_id: str, state: MastodonCursor) -> list[Item]:
        gone = state.memory.mark_deleted(status_id)
        return [self.item(gone, origin=status_id)] if gone else []

    def stream(self, cursor: str | None) -> Iterator[Page]:
        """Listen to the hashtag's server-sent events; a page without items is a heartbeat."""
        state = self.resume(cursor)
        end = monotonic() + _LISTEN_S
        url = self._streaming_url() + "/api/v1/streaming/hashtag"
        connected = False
        for event in iter_events(url, {"tag": self.config.tag}, self._auth, _SILENCE_S):
            if not connected:
                yield from self.walk(state)  # what came until the server took the connection
                connected = True
            yield Page(self._heard(event, state), state.text())
            if monotonic() > end:
                return

    def _streaming_url(self) -> str:
        """The address of the streaming server, which may be another than the web server."""
        base = self.config.base_url
        instance = self._found("/api/v2/instance")
        try:
            found = httpx.URL(instance["configuration"]["urls"]["streaming"])
        except (KeyError, TypeError, httpx.InvalidURL):
            return base
        return str(found.copy_with(scheme=httpx.URL(base).scheme)).rstrip("/")

    def _heard(self, event: ServerSentEvent, state: MastodonCursor) -> list[Item]:
        if event.event == "delete":
            return self._gone(event.data.strip(), state)
        if event.event not in {"update", "status.update"}:
            return []
        try:
            return self._news([orjson.loads(event.data)], state)
        except orjson.JSONDecodeError:
            return [self.item(event.data, origin=event.event, payload=event.data.encode())]

    def parse_post(self, item: Item) -> Feedback:
        """Read one post: content warning and text are one comment."""
        status = item.data if isinstance(item.data, Status) else self.validate(Status, item.data)
        if status.reblog is not None:
            raise Skip("a reblog")
        if status.visibility not in {"public", "unlisted"}:
            raise Skip("not public")
        author = self._with_server(status.account.acct)
        if author in self.config.own_accounts:
            raise Skip("a post of one's own")
        parts = (status.spoiler_text.strip(), plain_text(status.content))
        text = "\n".join(part for part in parts if part)
        if not text and status.edited_at is not None:
            return deletion_record(
                self, item, Deletion(status.native_id, status.created, status.revision)
            )
        if not text:
            raise Skip
        return self.record(
            item,
            native_id=status.native_id,
            created_at=status.created_at,
            revision=status.revision,
            text=text,
            language=status.language,
            author=author,
            url=f"{self.config.base_url}/statuses/{status.id}",  # its own address names the author
        )

    def _with_server(self, acct: str) -> str:
        """The account as another server calls it: local ones come without their server."""
        if not acct or "@" in acct:
            return acct
        return f"{acct}@{self._host}"

    @cached_property
    def _host(self) -> str:
        return httpx.URL(self.config.base_url).host


def _classify(answer: HttpResponse) -> Exception | None:
    """What follows from an answer; an older server, and a tag never used, are no errors."""
    older = answer.request_line.endswith(("/v1/statuses", "/v2/instance"))
    if answer.status == 404 and (older or b"Record not found" in answer.body):
        return None
    problem = classify_response(answer)
    if problem is None:
        try:
            answer.json()
        except Retry as cut_off:
            return cut_off
    return problem
