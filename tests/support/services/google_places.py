"""Google's Places API (New), as https://developers.google.com/maps documents it."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

KEY = "AIza-places-4711"
PLACES = ("ChIJ_eastgate-11", "ChIJ_westgate-22", "ChIJ_southgate-33")
_MAX_SHOWN = 5
_FIELDS = {"id", "displayName", "googleMapsUri", "reviews"}


class FakeGooglePlaces(FakeService):
    name: ClassVar[str] = "google_places"
    place_paths: ClassVar = PLACES
    secrets: ClassVar = (KEY,)
    edits_have_times: ClassVar[bool] = False

    def __init__(self) -> None:
        self.reviews = {
            place: [self._review(place, number + 10 * of) for number in range(7)]
            for of, place in enumerate(PLACES)
        }
        self.answer: object = None
        """What is returned in place of each place."""
        self.texts = {
            _native_id(review): review["originalText"]["text"]
            for reviews in self.reviews.values()
            for review in reviews[-_MAX_SHOWN:]
        }

    def _review(self, place: str, number: int) -> dict[str, Any]:
        words = {"text": sentence(number), "languageCode": "en"}
        return {
            "name": f"places/{place}/reviews/Ci9DQUlRQUNv{number:02}",
            "relativePublishTimeDescription": "a week ago",
            "rating": number % 5 + 1,
            "text": words,
            "originalText": dict(words),
            "authorAttribution": {
                "displayName": "Jo Bloggs",
                "uri": f"https://www.google.com/maps/contrib/1047110815{number:02}/reviews",
                "photoUri": "https://lh3.googleusercontent.com/a/x",
            },
            "publishTime": moment(number).isoformat().replace("+00:00", ".123456789Z"),
            "flagContentUri": "https://www.google.com/local/review/rap/report",
            "googleMapsUri": f"https://www.google.com/maps/reviews/data=!4m6!{number}",
            "visitDate": {"year": 2026, "month": 10},
        }

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/v1/places/{place}", self._get)])

    def settings(self, url: str) -> dict[str, Any]:
        sites = dict(zip(PLACES, ("Eastgate", "Westgate", ""), strict=True))
        return {"places": sites, "api_key": KEY, "base_url": url}

    async def _get(self, request: Request) -> Response:
        if request.headers.get("x-goog-api-key") != KEY:
            return _refusal(400, "INVALID_ARGUMENT", "API_KEY_INVALID")
        if {*request.headers.get("x-goog-fieldmask", "").split(",")} - _FIELDS:
            return _refusal(400, "INVALID_ARGUMENT", "FIELD_MASK")
        if self.answer is not None:
            return JSONResponse(self.answer)
        place = request.path_params["place"]
        if place not in self.reviews:
            return _refusal(404, "NOT_FOUND", "")
        answer: dict[str, Any] = {
            "id": place,
            "displayName": {"text": "Southgate Clinic", "languageCode": "en"},
            "googleMapsUri": "https://maps.google.com/?cid=4711",
        }
        if self.reviews[place]:
            # By relevance, which is neither the order of time nor that of the last request.
            answer["reviews"] = self.reviews[place][-_MAX_SHOWN:]
        return JSONResponse(answer)

    def add(self) -> None:
        number = self.next_number()
        for of, (place, reviews) in enumerate(self.reviews.items()):
            review = self._review(place, number + 100 * of)
            review["publishTime"] = moment(number).isoformat().replace("+00:00", "Z")
            reviews.append(review)
            self.texts.pop(_native_id(reviews[-_MAX_SHOWN - 1]), None)
            self.texts[_native_id(review)] = review["originalText"]["text"]

    def edit(self) -> None:
        review = self.reviews[PLACES[1]][-2]
        review["originalText"]["text"] = "I take it back: they called and made it good."
        self.texts[_native_id(review)] = review["originalText"]["text"]


def _native_id(review: dict[str, Any]) -> str:
    _, place, _, number = review["name"].split("/")
    return f"{place}/{number}"


def _refusal(code: int, status: str, reason: str) -> Response:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    return JSONResponse({"error": {"code": code, "status": status, "details": details}}, code)
