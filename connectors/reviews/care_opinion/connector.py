"""``care_opinion``: stories about health and care services.

Speaks version 2 of Care Opinion's API, https://www.careopinion.org.uk/info/api-v2.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Final
from urllib.parse import quote

import httpx
import orjson
from pydantic import Field, SecretStr

from connectors.reviews.care_opinion.story import StoryDetails
from connectors.sdk import (
    Capability,
    Fatal,
    Http,
    HttpResponse,
    Item,
    ItemMemory,
    Page,
    Polled,
    Retry,
    Skip,
    SourceConfig,
    Unauthorized,
    classify_response,
    describe_item,
    from_unix,
    get_objects,
    get_text,
    read_moment_ms,
    unix_ms,
)
from schemas.feedback import Family, Feedback

_STORIES: Final = "/api/v2/opinions"
_SERVICES: Final = "/api/v2/healthservices"
_RATINGS: Final = re.compile(r"(?:healthservices/\w+/)?ratings")
_MAX_RATINGS: Final = 10
_DAY: Final = timedelta(days=1)


class CareOpinionConfig(SourceConfig):
    """One subscription."""

    subscription_key: Annotated[
        SecretStr, Field(description="HTTP header key of the subscription.")
    ]
    tags: bool = Field(
        default=True,
        description="Read each story's tags and ratings, with one more request for each.",
    )
    moderation_days: int = Field(
        default=30, ge=1, description="Days from a story's submission to its publication, at most."
    )
    recheck_days: int = Field(
        default=90,
        ge=0,
        description="Days of stories that are read again once per day, for changes.",
    )
    per_page: int = Field(default=100, ge=1, le=100, description="Stories per request.")
    base_url: str = Field(
        default="https://www.careopinion.org.uk", description="Address of the country's site."
    )


class CareOpinion(Polled[CareOpinionConfig]):
    """Reads stories in the order of their publication."""

    name = "care_opinion"
    title = "Care Opinion"
    family = Family.REVIEW
    requirements = (
        "a subscription with access to the API, and its HTTP header key, which an administrator of "
        "the subscription finds under API access."
    )
    limitations = (
        "5 requests per second; only stories of the subscription. The time of an edit is not "
        "returned, so stories of the last `recheck_days` are read again once per day, for edits "
        "and progress. Withdrawn stories are not reported. Authors are anonymous."
    )
    cursor_description = "hashes of the newest stories with their `dateOfPublication`"
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
    def _services_by_code(self) -> dict[str, Any]:
        """Health services that were looked up, by their code."""
        return {}

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Read the stories published since the cursor, the oldest first."""
        state = {} if cursor is None else orjson.loads(cursor)
        memory, checked = ItemMemory.load(state.get("known", (-1, []))), int(state.get("deep", 0))
        now = self.context.now()
        latest = unix_ms(now + _DAY)  # a later time would count all other stories as known
        again = bool(state and self.config.recheck_days) and unix_ms(now - _DAY) >= checked
        since = self._since(memory.newest_at, now, again=again)
        skip, at, met = 0, -1, set[str]()
        while True:
            stories = self._list_stories(since, skip)
            new = []
            for story in stories:
                published_at = read_moment_ms(get_text(story, "dateOfPublication"))
                if published_at is not None and published_at <= latest:
                    at = published_at  # otherwise, that of the story before
                story_id = _identify(story)
                if story_id not in met and (
                    again or not memory.knows(at if at >= 0 else None, story_id)
                ):
                    new.append(story)
                memory.add(at, story_id)
            is_last = met.issuperset(map(_identify, stories))
            met.update(map(_identify, stories))
            memory.settle()  # the oldest come first: all that is forgotten was read
            if not state or (again and is_last):
                checked = unix_ms(now)
            if new or is_last:
                reached = orjson.dumps({"known": memory.dump(), "deep": checked})
                yield Page([self._item(story) for story in new], reached.decode())
            if is_last:
                return
            skip += len(stories)

    def _since(self, known_at: int, now: datetime, *, again: bool) -> datetime | None:
        """Return the start of the list, which is cut by submission and ordered by publication."""
        if known_at < 0:
            return None
        since = from_unix(known_at / 1000) - _DAY * self.config.moderation_days
        return min(since, now - _DAY * self.config.recheck_days) if again else since

    def _list_stories(self, since: datetime | None, skip: int) -> list[Any]:
        params: dict[str, Any] = {"take": self.config.per_page, "skip": skip}
        if since is not None:
            params["submittedonafter"] = f"{since:%Y-%m-%d}"
        return _require_list(self._http.get_json(_STORIES, params=params), _STORIES)

    def _item(self, story: Any) -> Item:
        data: dict[str, Any] = {"story": story, "services": [], "tags": []}
        story_id = get_text(story, "id")
        if story_id.isalnum():
            path = f"{_STORIES}/{story_id}"
            data["services"] = self._list_services(story, path)
            if self.config.tags:
                data["tags"] = self._list_related(f"{path}/tags")
                data["ratings"] = [
                    rating
                    for link in _rating_paths(story, path)
                    for rating in self._list_related(link)
                ]
        return self.item(data, origin=story_id)

    def _list_services(self, story: Any, path: str) -> list[Any]:
        """Return the health services that a story is about, with their names and sites."""
        links = _list_links(story)
        codes = [code for relation, code in links if relation == "healthservice" and code]
        if codes:
            return [self._get_service(code) for code in dict.fromkeys(codes)]
        if any(relation == "healthservices" for relation, _ in links):
            return [
                self._with_site(service) for service in self._list_related(f"{path}/healthservices")
            ]
        return []

    def _get_service(self, code: str) -> Any:
        if code not in self._services_by_code:
            self._services_by_code[code] = {"nacs": code}
            for service in self._list_related(f"{_SERVICES}/{quote(code, safe='')}")[:1]:
                self._services_by_code[code] = service
                self._services_by_code[code] = self._with_site(service)
        return self._services_by_code[code]

    def _with_site(self, service: Any) -> Any:
        """Return a health service with the name of the hospital that it belongs to."""
        if not isinstance(service, dict):
            return {}
        code = service.get("siteNacs")
        if not code or code == service.get("nacs"):
            return service
        return {**service, "site": self._get_service(str(code)).get("name")}

    def _list_related(self, path: str) -> list[Any]:
        """Return what is related to a story, or nothing if the story no longer exists."""
        try:
            document = self._http.get_json(path)
        except _NotFound:
            return []
        return document if isinstance(document, list) else [document]

    def parse(self, item: Item) -> Feedback:
        """Return the record of a story: title and body are one comment."""
        details = self.validate(StoryDetails, item.data, words=("title", "body"))
        story, service, config = details.story, details.main_service, self.config
        if not details.text.strip():
            raise Skip()
        created = story.dateOfSubmission or story.dateOfPublication
        return self.record(
            item,
            native_id=story.id,
            created_at=created,
            revision=unix_ms(story.dateOfPublication or created) if created else None,
            text=details.text,
            csat=details.csat,
            organization=config.organization or service.organisation or None,
            site=config.site or service.hospital or None,
            service=config.service or service.ward or None,
            url=f"{config.base_url}/opinions/{story.id}",
            attributes=details.attributes,
        )


class _Subscription(httpx.Auth):
    def __init__(self, key: SecretStr) -> None:
        self._key = key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"SUBSCRIPTION_KEY {self._key.get_secret_value()}"
        yield request


class _NotFound(Fatal):
    """The resource does not exist, or no longer."""


def _classify(response: HttpResponse) -> Exception | None:
    if response.status == 404:
        return _NotFound(f"requesting {response.request_line}: status 404")
    problem = classify_response(response)
    if (
        problem is None and "/api/v2/" not in response.request_line
    ):  # a wrong key redirects to the login page
        return Unauthorized(f"requesting {response.request_line}: the subscription key is refused")
    return problem


def _require_list(document: Any, path: str) -> list[Any]:
    if not isinstance(document, list):
        raise Retry(f"reading {path}: the response is not a list")
    return document


def _identify(story: Any) -> str:
    return get_text(story, "id") or describe_item(story)


def _rating_paths(story: Any, path: str) -> list[str]:
    """Return the paths of a story's ratings, one per health service; links to others are not."""
    paths = []
    for link in get_objects(story, "links"):
        if (get_text(link, "rel") or get_text(link, "relation")) == "ratings":
            address = get_text(link, "link") or get_text(link, "href")
            _, begin, end = address.partition(f"{path}/")
            if begin and _RATINGS.fullmatch(end):
                paths.append(f"{path}/{end}")
    return [*dict.fromkeys(paths)][:_MAX_RATINGS]


def _list_links(story: Any) -> list[tuple[str, str]]:
    """Return relation and id of a story's links, by the documentation's or the service's names."""
    return [
        (get_text(link, "rel") or get_text(link, "relation"), get_text(link, "id"))
        for link in get_objects(story, "links")
    ]
