"""``nhs_reviews``: ratings and reviews of organizations on the NHS website, and their removals.

Speaks the Ratings and Reviews API, https://developer.api.nhs.uk/nhs-api/documentation/comments.
Neither the order of its lists is documented nor which of a comment's times ``fromDate`` is compared
with. The fields of a comment are those that public clients of it read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import Field, SecretStr, StringConstraints, field_validator

from connectors.reviews.nhs_reviews.comment import (
    ListedComment,
    is_answered,
    is_removed,
    last_change_ms,
    unwrap_entry,
)
from connectors.sdk import (
    BadRecord,
    Capability,
    Http,
    HttpResponse,
    Item,
    ItemMemory,
    Page,
    Polled,
    Skip,
    SourceConfig,
    classify_response,
    from_unix,
    get_text,
    read_places,
    require_list,
    share_memory,
    unix_ms,
)
from schemas.feedback import Family, Feedback, Name, Operation
from schemas.measures import Stars

_PATH: Final = "/comments/Comments"
_VERSION: Final = "1.0"
_PUBLISHED: Final = "published"
_REMOVED: Final = "removed"
_DAY_MS: Final = 86_400_000

_OdsCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{3,12}$")]


class NhsReviewsConfig(SourceConfig):
    """Some organizations."""

    ods_codes: Annotated[
        dict[_OdsCode, Name],
        Field(min_length=1, description="Site of each organization, by ODS code."),
    ]
    api_key: Annotated[SecretStr, Field(description="Subscription key of the API.")]
    key_header: Literal["subscription-key", "apikey"] = Field(
        default="subscription-key", description="Header in which the key is sent."
    )
    recheck_days: int = Field(
        default=90,
        ge=1,
        description="Days of reviews that each run reads again, for those that were moderated "
        "late, for edits and for responses.",
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Reviews per request.")
    base_url: str = Field(default="https://api.nhs.uk", description="Address of the API.")

    @field_validator("site")
    @classmethod
    def _reject_site(cls, site: str | None) -> str | None:
        if site is not None:
            raise ValueError("each organization has its own in `ods_codes`")
        return site


class NhsReviews(Polled[NhsReviewsConfig]):
    """Reads what each organization's list holds of the last months, in any order."""

    name = "nhs_reviews"
    title = "NHS website reviews"
    family = Family.REVIEW
    requirements = (
        "a subscription key from developer.api.nhs.uk with access to the Ratings and Reviews API, "
        "and the ODS codes of the organizations."
    )
    limitations = (
        "No rate limit is documented; at most 2 requests per second are made. Reviews that were "
        "removed are looked for once per day. Edits and responses are found for `recheck_days`. "
        "Times without a zone are taken as UTC. The NHS website also shows reviews of other "
        "publishers, such as Care Opinion: the attribute `publisher` tells them apart. Screen "
        "names are not unique: two of the same name count as one author."
    )
    cursor_description = (
        "for each organization, hashes of the newest reviews and removals, and the time of the "
        "last complete reading"
    )
    capabilities = frozenset({Capability.EDITS, Capability.DELETES})
    example = """\
ods_codes = { RRV03 = "Eastgate Hospital", A12345 = "Westgate Surgery" }
api_key = { env = "NHS_API_KEY" }
every = "6h"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        return self.http(
            config.base_url,
            headers={config.key_header: config.api_key.get_secret_value()},
            params={"api-version": _VERSION},
            per_second=2,
            classify=_classify,
        )

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read what is new or was changed or removed, organization by organization."""
        stored: dict[str, Any] = {} if cursor is None else orjson.loads(cursor)
        codes = self.config.ods_codes
        cursors = {code: stored[code] for code in codes if code in stored}
        yield from read_places((code, self._read_organization(code, cursors)) for code in codes)

    def _read_organization(self, code: str, cursors: dict[str, Any]) -> Iterator[Page]:
        before = cursors.get(code, {})
        progress = _Progress(before, size=share_memory(2 * len(self.config.ods_codes)))
        now, is_history = unix_ms(self.context.now()), progress.done is None
        for status in progress.due_lists(now):
            for entries in self._list_pages(code, status, progress.since(self.config.recheck_days)):
                new = progress.new_entries(entries, status)
                if new:
                    cursors[code] = progress.dump()
                    items = [self._item(code, entry, status) for entry in new]
                    yield Page(items, orjson.dumps(cursors).decode(), is_history=is_history)
            progress.complete(status, now)
        state = progress.dump()
        if state != before:
            cursors[code] = state
            yield Page([], orjson.dumps(cursors).decode(), is_history=is_history)

    def _list_pages(self, code: str, status: str, since: int | None) -> Iterator[list[Any]]:
        """Yield the pages of a list; one that is empty or brings nothing that is new is the end."""
        params: dict[str, Any] = {"odsCode": code, "status": status, "limit": self.config.per_page}
        if since is not None and status == _PUBLISHED:
            params["fromDate"] = f"{from_unix(since / 1000):%Y-%m-%d}"
        offset, met = 0, set[str]()
        while True:
            document = self._http.get_json(_PATH, params={**params, "offset": offset})
            entries = require_list(document, "comments", f"{_PATH} of {code}")
            ids = {_identify(unwrap_entry(entry)[0]) for entry in entries}
            if met.issuperset(ids):
                return
            met |= ids
            offset += len(entries)
            yield entries

    def _item(self, code: str, entry: Any, status: str) -> Item:
        comment, response = unwrap_entry(entry)
        data = {
            "organization": code,
            "listed_as": status,
            "removed": is_removed(comment),
            "answered": is_answered(comment, response),
            "comment": comment,
        }
        return self.item(data, origin=f"{code}/{get_text(comment, 'commentId')}")

    def parse(self, item: Item) -> Feedback:
        """Return the record of a review, or of its removal: title and text are one comment."""
        entry = self.validate(ListedComment, item.data, words=("commentText",))
        comment = entry.comment
        if entry.removed:
            return self.record(
                item,
                native_id=comment.commentId,
                created_at=entry.created_at or item.collected_at,
                revision=entry.revision or unix_ms(item.collected_at),
                operation=Operation.DELETE,
                redated=True,
            )
        if entry.listed_as == _REMOVED and not comment.status:
            raise BadRecord(f"parsing {self.name}: status: a review among the removed has none")
        if not entry.text and entry.stars is None:
            raise Skip()
        sites = self.config.ods_codes
        return self.record(
            item,
            native_id=comment.commentId,
            created_at=entry.created_at,
            revision=entry.revision,
            redated=True,
            text=entry.text,
            stars=None if entry.stars is None else Stars(value=entry.stars),
            author=entry.author,
            site=sites.get(comment.odsCode or "") or sites.get(entry.organization),
            service=self.config.service or comment.department or None,
            url=entry.url,
            attributes=entry.attributes,
        )


class _Progress:
    """The reading of one organization. Times are Unix times (ms)."""

    def __init__(self, state: dict[str, Any], *, size: int) -> None:
        self._published = _load_memory(state.get(_PUBLISHED), size)
        self._removed = _load_memory(state.get(_REMOVED), size)
        self.done: int | None = state.get("done")
        """When the last complete reading of what is published began."""
        self._checked: int | None = state.get("checked")
        """When the last complete reading of what was removed began."""

    def due_lists(self, now: int) -> list[str]:
        """Return the lists to read: that of removals once per day."""
        is_due = self._checked is None or now - self._checked >= _DAY_MS
        return [_PUBLISHED, _REMOVED] if is_due else [_PUBLISHED]

    def since(self, days: int) -> int | None:
        """Return the time from which on reviews are read; None: all."""
        return None if self.done is None else max(0, self.done - days * _DAY_MS)

    def new_entries(self, entries: list[Any], status: str) -> list[Any]:
        """Return the entries of a page that are new or have changed, and remember them."""
        return [entry for entry in entries if self._remember(entry, status)]

    def _remember(self, entry: Any, status: str) -> bool:
        comment, response = unwrap_entry(entry)
        at = last_change_ms(comment, response)
        key, memory = _identify(comment), self._published
        if is_removed(comment) or (status == _REMOVED and not get_text(comment, "status")):
            memory = self._removed  # never settled: an old review may be removed at any time
        elif at is not None:
            at += is_answered(comment, response)  # a response need not change the times
        if memory.knows(at, key):
            return False
        memory.add(memory.newest_at if at is None else at, key)
        return True

    def complete(self, status: str, now: int) -> None:
        """Count a list as read; the time moves once per day, so that quiet runs change nothing."""
        if status == _REMOVED:
            self._checked = now
            return
        self._published.settle()
        if self.done is None or now - self.done >= _DAY_MS:
            self.done = now

    def dump(self) -> dict[str, Any]:
        """Return this as JSON's types, for a cursor."""
        state: dict[str, Any] = {}
        if self._published.times:
            state[_PUBLISHED] = self._published.dump()
        if self._removed.times:
            state[_REMOVED] = self._removed.dump()
        times = {"done": self.done, "checked": self._checked}
        return {**state, **{name: at for name, at in times.items() if at is not None}}


def _identify(comment: Any) -> str:
    """Return the id of a comment, or else its content."""
    return get_text(comment, "commentId") or orjson.dumps(comment).decode()


def _load_memory(state: Any, size: int) -> ItemMemory:
    return ItemMemory(size) if state is None else ItemMemory.load(state, size)


def _classify(response: HttpResponse) -> Exception | None:
    problem = classify_response(response)
    if response.status == 404 and problem is not None:
        return type(problem)(f"{problem}: no organization of this ODS code has reviews")
    return problem
