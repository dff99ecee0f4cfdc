"""The App Store's feeds of customer reviews, as many public programs read them."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta, timezone
from typing import Any, ClassVar

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

APP = "1059224316"
PER_PAGE = 4
_PACIFIC = timezone(timedelta(hours=-7))


class FakeAppStore(FakeService):
    name: ClassVar[str] = "app_store"
    place_paths: ClassVar = ("/us/", "/gb/")

    def __init__(self) -> None:
        reviews = [self._review(number) for number in range(13)]
        self.storefronts = {"us": reviews[:10], "gb": reviews[7:]}
        self.empty = Counter({("us", 2): 1})
        """Number of times that a page still comes empty."""
        self.names_pages = True
        self.texts = {
            review["id"]["label"]: f"{review['title']['label']}\n{review['content']['label']}"
            for review in reviews
        }

    def _review(self, number: int) -> dict[str, Any]:
        plain = {
            "im:voteSum": "0",
            "im:voteCount": "0",
            "im:version": f"3.{number}.0",
            "im:rating": str(number % 5 + 1),
            "id": f"62900246{number:02d}",
            "updated": moment(number).astimezone(_PACIFIC).isoformat(),
            "title": f"Visit {number}",
            "content": sentence(number),
        }
        return {name: {"label": value} for name, value in plain.items()} | {
            "author": {
                "uri": {"label": f"https://itunes.apple.com/us/reviews/id6385{number}"},
                "name": {"label": "Jo Bloggs"},
                "label": "",
            },
            "link": {"attributes": {"rel": "related", "href": "https://itunes.apple.com/review"}},
            "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        }

    @property
    def app(self) -> Any:
        path = "/{country}/rss/customerreviews/page={page:int}/id={app}/sortBy=mostRecent/json"
        return Starlette(routes=[Route(path, self._feed)])

    def settings(self, url: str) -> dict[str, Any]:
        return {"app": APP, "countries": ["us", "gb"], "base_url": url}

    async def _feed(self, request: Request) -> Response:
        asked = request.path_params
        country, page = asked["country"], asked["page"]
        if page > 10:
            return PlainTextResponse("CustomerReviews RSS page depth is limited to 10", 400)
        reviews = self.storefronts.get(country, []) if asked["app"] == APP else []
        last = -(-len(reviews) // PER_PAGE)
        newest_first = sorted(reviews, key=_updated, reverse=True)
        shown: list[Any] = newest_first[(page - 1) * PER_PAGE : page * PER_PAGE]
        if country == "gb" and page == 1:
            shown = [{"im:name": {"label": "The app"}, "id": {"label": "the app"}}, *shown]
        if self.empty[country, page]:
            self.empty[country, page] -= 1
            shown = []
        feed: dict[str, Any] = {"id": {"label": f"…/id={APP}/json"}, "link": self._links(last)}
        if shown:
            feed["entry"] = shown if len(shown) > 1 else shown[0]
        body = orjson.dumps({"feed": feed})
        etag = f'"{hashlib.md5(body).hexdigest()}"'  # noqa: S324 - no secret
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return Response(body, headers={"ETag": etag}, media_type="text/javascript")

    def _links(self, last: int) -> list[Any]:
        pages = {"first": 1, "last": last} if self.names_pages else {}
        return [{"attributes": {"rel": "self", "href": "https://itunes.apple.com/json"}}] + [
            {"attributes": {"rel": rel, "href": f"https://…/page={page}/id={APP}/xml?d=/page=1/"}}
            for rel, page in pages.items()
        ]

    def add(self) -> None:
        for reviews in self.storefronts.values():
            review = self._review(self.next_number())
            reviews.append(review)
            self.texts[review["id"]["label"]] = (
                f"{review['title']['label']}\n{review['content']['label']}"
            )

    def edit(self) -> None:
        review = self.storefronts["gb"][1]
        review["content"]["label"] = "I take it back: they called and made it good."
        review["updated"]["label"] = moment(40).astimezone(_PACIFIC).isoformat()
        self.texts[review["id"]["label"]] = (
            f"{review['title']['label']}\n{review['content']['label']}"
        )


def _updated(review: dict[str, Any]) -> str:
    return str(review.get("updated", {}).get("label") or "")
