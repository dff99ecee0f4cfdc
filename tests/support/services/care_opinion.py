"""Care Opinion's API, version 2, as https://www.careopinion.org.uk/info/api-v2 describes it."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

HEALTH_SERVICES: dict[str, dict[str, Any]] = {
    "RX1EG": {
        "nacs": "RX1EG",
        "name": "Eastgate Hospital",
        "type": "hospital",
        "organisation": "Eastgate Hospitals",
        "siteNacs": "RX1EG",
    },
    "RX1EG_180": {
        "nacs": "RX1EG_180",
        "name": "Accident and emergency",
        "type": "service",
        "organisation": "Eastgate Hospitals",
        "siteNacs": "RX1EG",
    },
}


class FakeCareOpinion(FakeService):
    name: ClassVar[str] = "care_opinion"
    secrets: ClassVar = ("co-key-4711",)
    pages_by_offset: ClassVar = True
    edits_have_times: ClassVar = False

    def __init__(self) -> None:
        self.stories = [self._story(number) for number in range(12)]
        self.tags: dict[int, list[dict[str, Any]]] = {}
        self.ratings: dict[str, list[dict[str, Any]]] = {}
        """Ratings by their path."""
        self.texts = {
            str(story["id"]): f"{story['title']}\n{story['body']}" for story in self.stories
        }

    def _story(self, number: int) -> dict[str, Any]:
        story = 1_100_000 + number
        return {
            "id": story,
            "title": f"Visit {number}",
            "body": sentence(number),
            "dateOfSubmission": f"{moment(number):%Y-%m-%dT%H:%M:%S}",
            "dateOfPublication": f"{moment(number + 3):%Y-%m-%dT%H:%M:%S}",
            "criticality": "mildly critical",
            "progress": "response",
            "authorRole": "the patient",
            "authorAgeGroup": None,
            "submissionRoute": "web",
            "links": [
                {"rel": "tags", "id": None, "href": f"/api/v2/opinions/{story}/tags"},
                {"rel": "healthservice", "id": "RX1EG", "href": "/api/v2/healthservices/RX1EG"},
            ],
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/api/v2/opinions", self._list),
                Route("/api/v2/opinions/{story:int}/tags", self._tags),
                Route("/api/v2/opinions/{story:int}/healthservices", self._services),
                Route("/api/v2/opinions/{story:int}/healthservices/{code}/ratings", self._ratings),
                Route("/api/v2/healthservices/{code}", self._service),
                Route("/login", self._login),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "subscription_key": "co-key-4711",
            "tags": False,
            "per_page": 5,
            "base_url": url,
        }

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == "SUBSCRIPTION_KEY co-key-4711":
            return None
        return RedirectResponse("/login", 302)

    async def _login(self, request: Request) -> Response:
        return Response("<h1>Log in</h1>", media_type="text/html")

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        after, skip, take = (
            asked.get("submittedonafter", ""),
            int(asked.get("skip", 0)),
            min(int(asked.get("take", 100)), 100),
        )
        stories = sorted(
            (story for story in self.stories if story["dateOfSubmission"] >= after),
            key=lambda story: story["dateOfPublication"],
        )
        return JSONResponse(stories[skip : skip + take])

    async def _tags(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        return JSONResponse(self.tags.get(request.path_params["story"], []))

    async def _ratings(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        ratings = self.ratings.get(request.url.path, [])
        return JSONResponse({"opinionId": request.path_params["story"], "ratings": ratings})

    async def _services(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse([HEALTH_SERVICES["RX1EG_180"]])

    async def _service(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        service = HEALTH_SERVICES.get(request.path_params["code"])
        return JSONResponse(service) if service else JSONResponse({}, 404)

    def add(self) -> None:
        story = self._story(self.next_number())
        self.stories.append(story)
        self.texts[str(story["id"])] = f"{story['title']}\n{story['body']}"

    def edit(self) -> None:
        story = self.stories[7]
        story["body"] = "I take it back: they called and made it good."
        story["progress"] = "change made"
        self.texts[str(story["id"])] = f"{story['title']}\n{story['body']}"
