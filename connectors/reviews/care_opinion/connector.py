"""``care_opinion``: stories about health and care services.

Speaks version 2 of Care Opinion's API, https://www.careopinion.org.uk/info/api-v2.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import orjson
from pydantic import Field, SecretStr

from connectors.reviews.care_opinion.story import Told
from connectors.sdk import (
    Capability,
    Fatal,
    HighWaterMark,
    Http,
    HttpResponse,
    Item,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    Unauthorized,
    classify_response,
    from_unix,
    get_objects,
    get_text,
    parse_iso_ms,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_STORIES: Final = "/api/v2/opinions"
_SERVICES: Final = "/api/v2/healthservices"
_DAY: Final = timedelta(days=1)


class CareOpinionConfig(SourceConfig):
    """What one subscription sees."""

    subscription_key: Annotated[
        SecretStr, Field(description="HTTP header key of the subscription.")
    ]
    tags: bool = Field(
        default=True, description="Whether each story's tags are read: one more request a story."
    )
    moderation_days: int = Field(
        default=30, ge=1, description="Longest time from a story's submission to its publication."
    )
    recheck_days: int = Field(
        default=90, ge=0, description="How far back changes are looked for, once a day."
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Stories a request.")
    base_url: str = Field(
        default="https://www.careopinion.org.uk", description="Address of the country's site."
    )


class CareOpinion(Polled[CareOpinionConfig]):
    """Reads the stories in the order of their publication."""

    name = "care_opinion"
    title = "Care Opinion"
    family = Family.REVIEW
    requirements = (
        "a subscription with access to the API, and its HTTP header key, which an administrator of "
        "the subscription finds under API access."
    )
    limitations = (
        "5 requests a second; stories are those of the subscription. The time of an edit is not "
        "told: stories of the last `recheck_days` are read again once a day, for edits and "
        "progress. A story that was taken back is not told of. Authors are anonymous."
    )
    cursor_description = "the newest `dateOfPublication` that was seen"
    capabilities = frozenset({Capability.EDITS})
    example = """\
subscription_key = { env = "CARE_OPINION_KEY" }
organization = "Eastgate Hospitals"
"""

    @cached_property
    def _http(self) -> Http:
        config = self.config
        auth = _Subscription(config.subscription_key)
        return self.http(config.base_url, auth=auth, per_second=5, classify=_classify)

    @cached_property
    def _named(self) -> dict[str, Any]:
        """Health services that were asked for, by their code."""
        return {}

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the stories published since the cursor, the oldest first."""
        state = {} if cursor is None else orjson.loads(cursor)
        known, deep = HighWaterMark(*state.get("known", (-1, []))), int(state.get("deep", 0))
        now = self.context.now()
        again = bool(state and self.config.recheck_days) and unix_ms(now - _DAY) >= deep
        since = self._since(known, now, again=again)
        newest, skip, at = HighWaterMark(known.at, [*known.ids]), 0, -1
        while True:
            listed = self._listed(since, skip)
            news = []
            for story in listed:
                published_at = parse_iso_ms(get_text(story, "dateOfPublication"))
                if published_at is not None:  # without a time it belongs with the one before
                    at = published_at
                if again or not known.knows(at, get_text(story, "id")):
                    news.append(story)
                newest.see(at, get_text(story, "id"))
            if not state or (again and not listed):
                deep = unix_ms(now)
            if news or not listed:
                reached = orjson.dumps({"known": [newest.at, newest.ids], "deep": deep})
                yield Page([self._item(one) for one in news], reached.decode())
            if not listed:
                return
            skip += len(listed)

    def _since(self, known: HighWaterMark, now: datetime, *, again: bool) -> datetime | None:
        """Where the list begins: it is cut by submission, and ordered by publication."""
        if known.at < 0:
            return None
        seen = from_unix(known.at / 1000) - _DAY * self.config.moderation_days
        return min(seen, now - _DAY * self.config.recheck_days) if again else seen

    def _listed(self, since: datetime | None, skip: int) -> list[Any]:
        params: dict[str, Any] = {"take": self.config.per_page, "skip": skip}
        if since is not None:
            params["submittedonafter"] = f"{since:%Y-%m-%d}"
        return _list(self._http.get_json(_STORIES, params=params), _STORIES)

    def _item(self, story: Any) -> Item:
        data = {"story": story, "services": [], "tags": []}
        story_id = get_text(story, "id")
        if story_id.isalnum():
            data["services"] = self._services_of(story, f"{_STORIES}/{story_id}")
            data["tags"] = self._told_of(f"{_STORIES}/{story_id}/tags") if self.config.tags else []
        return self.item(data, origin=story_id)

    def _services_of(self, story: Any, path: str) -> list[Any]:
        """The health services that a story is about, with their names and sites."""
        links = _links_of(story)
        codes = [code for relation, code in links if relation == "healthservice" and code]
        if codes:
            return [self._service(code) for code in dict.fromkeys(codes)]
        if any(relation == "healthservices" for relation, _ in links):
            return [self._sited(one) for one in self._told_of(f"{path}/healthservices")]
        return []

    def _service(self, code: str) -> Any:
        if code not in self._named:
            self._named[code] = {"nacs": code}
            for found in self._told_of(f"{_SERVICES}/{quote(code, safe='')}")[:1]:
                self._named[code] = found
                self._named[code] = self._sited(found)
        return self._named[code]

    def _sited(self, service: Any) -> Any:
        """A health service with the name of the hospital that it belongs to."""
        if not isinstance(service, dict):
            return {}
        code = service.get("siteNacs")
        if not code or code == service.get("nacs"):
            return service
        return {**service, "site": self._service(str(code)).get("name")}

    def _told_of(self, path: str) -> list[Any]:
        """What hangs on a story; nothing where it is gone meanwhile."""
        try:
            found = self._http.get_json(path)
        except _Gone:
            return []
        return found if isinstance(found, list) else [found]

    def parse(self, item: Item) -> Feedback:
        """Read one story: title and body are one comment."""
        told = self.validate(Told, item.data)
        story, about, config = told.story, told.about, self.config
        if not told.text.strip():
            raise Skip()
        return self.record(
            item,
            native_id=story.id,
            created_at=story.dateOfSubmission,
            revision=unix_ms(story.dateOfPublication or story.dateOfSubmission),
            text=told.text,
            organization=config.organization or about.organisation or None,
            site=config.site or about.place or None,
            service=config.service or about.ward or None,
            url=f"{config.base_url}/opinions/{story.id}",
            attributes=told.attributes,
        )


class _Subscription(httpx.Auth):
    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"SUBSCRIPTION_KEY {self._key.get_secret_value()}"
        yield request


class _Gone(Fatal):
    """There is no such thing, or no longer."""


def _classify(answer: HttpResponse) -> Exception | None:
    if answer.status == 404:
        return _Gone(f"requesting {answer.request_line}: status 404")
    problem = classify_response(answer)
    if (
        problem is None and "/api/v2/" not in answer.request_line
    ):  # a wrong key leads to the login page
        return Unauthorized(f"requesting {answer.request_line}: the subscription key is refused")
    return problem


def _list(found: Any, path: str) -> list[Any]:
    if not isinstance(found, list):
        raise Retry(f"reading {path}: the answer is no list")
    return found


def _links_of(story: Any) -> list[tuple[str, str]]:
    """Relation and id of a story's links, as the documentation or as the service names them."""
    return [
        (get_text(link, "rel") or get_text(link, "relation"), get_text(link, "id"))
        for link in get_objects(story, "links")
    ]
