"""Google's Business Profile API, version 4, as https://developers.google.com documents it."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence
from tests.support.google_key import read_claims

_MAX_PER_PAGE = 50
_STARS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
_PLACES = "/v4/accounts/{account}/locations/{place}/reviews"


class FakeGoogleBusiness(FakeService):
    name: ClassVar[str] = "google_business"
    place_paths: ClassVar = ("/locations/11/", "/locations/22/")
    secrets: ClassVar = ("gb-secret-4711", "gb-refresh-0815")
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = ("/token",)

    def __init__(self) -> None:
        self.places = {
            "11": [self._review(number) for number in range(25)],
            "22": [self._review(number) for number in range(100, 108)],
        }
        self.replies: dict[str, str] = {}
        self.token = 0
        self.claims: list[dict[str, Any]] = []
        """Assertions of service accounts with a valid signature."""
        self.forgets_pages = False
        self.texts = {
            f"{place}/{review['reviewId']}": sentence(index)
            for place, reviews in self.places.items()
            for index, review in enumerate(reviews)
        }

    def _review(self, number: int) -> dict[str, Any]:
        index = number % 100
        return {
            "name": f"accounts/104711/locations/11/reviews/AbFv-{number}",
            "reviewId": f"AbFv-{number}",
            "reviewer": {"displayName": "Jo Bloggs", "profilePhotoUrl": "https://example.org/p"},
            "starRating": _STARS[index % 5],
            "comment": sentence(index),
            "createTime": _zulu(index),
            "updateTime": _zulu(index),
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/token", self._give_token, methods=["POST"]),
                Route(_PLACES, self._list),
                Route(_PLACES + "/{review}/reply", self._reply, methods=["PUT"]),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "account": "104711",
            "locations": {"11": "Eastgate", "22": "Westgate"},
            "client_id": "0815.apps.googleusercontent.com",
            "client_secret": "gb-secret-4711",
            "refresh_token": "gb-refresh-0815",
            "per_page": 10,
            "base_url": url,
            "token_url": url + "/token",
        }

    async def _give_token(self, request: Request) -> Response:
        form = dict(await request.form())
        expected = {
            "grant_type": "refresh_token",
            "client_id": "0815.apps.googleusercontent.com",
            "client_secret": "gb-secret-4711",
            "refresh_token": "gb-refresh-0815",
        }
        claims = read_claims(form, audience=str(request.url))
        if claims is not None:
            self.claims.append(claims)
        elif form != expected:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.token += 1
        return JSONResponse({"access_token": f"ya29.{self.token}", "expires_in": 3599})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer ya29.{self.token}":
            return JSONResponse({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        if request.path_params["account"] != "104711":
            return JSONResponse({"error": {"code": 403, "status": "PERMISSION_DENIED"}}, 403)
        return None

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        token = asked.get("pageToken", "")
        if token and self.forgets_pages:
            self.forgets_pages = False
            return JSONResponse({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, 400)
        if asked.get("orderBy", "updateTime desc") != "updateTime desc":
            return JSONResponse({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, 400)
        reviews = sorted(
            self.places[request.path_params["place"]],
            key=lambda review: review["updateTime"],
            reverse=True,
        )
        start, size = int(token or 0), min(int(asked.get("pageSize", 50)), _MAX_PER_PAGE)
        page: dict[str, Any] = {"averageRating": 3, "totalReviewCount": len(reviews)}
        if reviews[start : start + size]:
            page["reviews"] = reviews[start : start + size]
        if start + size < len(reviews):
            page["nextPageToken"] = str(start + size)
        return JSONResponse(page)

    async def _reply(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        place, review = request.path_params["place"], request.path_params["review"]
        self.replies[f"{place}/{review}"] = body["comment"]
        return JSONResponse({"comment": body["comment"], "updateTime": _zulu(60)})

    def add(self) -> None:
        for place, reviews in self.places.items():
            review = self._review(self.next_number())
            reviews.append(review)
            self.texts[f"{place}/{review['reviewId']}"] = review["comment"]

    def edit(self) -> None:
        review = self.places["11"][3]
        review["comment"] = "I take it back: they called and made it good."
        review["updateTime"] = _zulu(40)
        self.texts[f"11/{review['reviewId']}"] = review["comment"]


def _zulu(number: int) -> str:
    return moment(number).isoformat(timespec="microseconds").replace("+00:00", "123Z")
