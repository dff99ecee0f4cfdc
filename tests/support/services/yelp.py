"""Yelp's Places API (Fusion), as https://docs.developer.yelp.com documents it."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

BUSINESSES = (
    "eastgate-clinic-springfield",
    "westgate-clinic-springfield",
    "oQ1x2_b-R3q4YtY1AVQ_Xw",
)


class FakeYelp(FakeService):
    name: ClassVar[str] = "yelp"
    place_paths: ClassVar = tuple(f"/{business}/" for business in BUSINESSES)
    secrets: ClassVar = ("yelp-key-4711",)
    authors: ClassVar = ("Jo B.",)

    def __init__(self) -> None:
        self.reviews = {
            business: [self._review(number + 10 * of) for number in range(5)]
            for of, business in enumerate(BUSINESSES)
        }
        self.day_is_over = False
        self.languages = ["en"]
        self.texts = {
            review["id"]: review["text"]
            for reviews in self.reviews.values()
            for review in reviews[-3:]
        }

    def _review(self, number: int) -> dict[str, Any]:
        return {
            "id": f"xAG4O7l-t1ubbwVAlPnD{number:02d}",
            "url": f"https://www.yelp.com/biz/clinic?hrid={number}&utm_medium=api_v3_business_reviews",
            "text": sentence(number),
            "rating": number % 5 + 1,
            "time_created": moment(number).strftime("%Y-%m-%d %H:%M:%S"),
            "user": {
                "id": f"W8UK02IDdRS2GL_66fuq{number:02d}",
                "profile_url": "https://www.yelp.com/user_details",
                "image_url": None,
                "name": "Jo B.",
            },
        }

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/v3/businesses/{business}/reviews", self._list)])

    def settings(self, url: str) -> dict[str, Any]:
        return {"businesses": list(BUSINESSES), "api_key": "yelp-key-4711", "base_url": url}

    async def _list(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer yelp-key-4711":
            return _refusal(401, "TOKEN_INVALID")
        if self.day_is_over:
            return _refusal(429, "ACCESS_LIMIT_REACHED", "2099-01-01T00:00:00+00:00")
        business = request.path_params["business"]
        if business == "quiet-clinic":
            return _refusal(403, "BUSINESS_UNAVAILABLE")
        if business not in self.reviews:
            return _refusal(404, "BUSINESS_NOT_FOUND")
        reviews = self.reviews[business]
        assert request.query_params["sort_by"] == "newest"
        shown = reviews[:-4:-1] if "en" in self.languages else []
        return JSONResponse(
            {"reviews": shown, "total": len(reviews), "possible_languages": self.languages}
        )

    def add(self) -> None:
        for reviews in self.reviews.values():
            review = self._review(self.next_number())
            reviews.append(review)
            self.texts[review["id"]] = review["text"]
            del self.texts[reviews[-4]["id"]]


def _refusal(status: int, code: str, reset: str = "2026-11-21T00:00:00+00:00") -> Response:
    error = {"code": code, "description": "Sorry."}
    headers = {"RateLimit-DailyLimit": "300", "RateLimit-ResetTime": reset}
    return JSONResponse({"error": error}, status, headers)
