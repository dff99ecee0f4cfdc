"""Google Play's own list of reviews, as google-play-scraper reads it, and the Play Developer API.

The API as https://developers.google.com/android-publisher documents it.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qs

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence
from tests.support.google_key import read_claims

APP = "org.example.patient"
PER_PAGE = 5
_ALL = 9_999_999_999


class FakeGooglePlay(FakeService):
    name: ClassVar[str] = "google_play"
    secrets: ClassVar = ("gp-secret-0815", "gp-refresh-4711")

    def __init__(self) -> None:
        self.reviews = [self._review(number) for number in range(17)]
        self.life = 0
        """Tokens are of a life, and die with it."""
        self.is_stuck = False
        """True if every page is the first one, and its own successor."""
        self.repeats = False
        """True if the last page is followed by the first, each time under another token."""
        self.cookies_seen: list[str | None] = []
        self.replies: dict[str, str] = {}
        self.claims: list[dict[str, Any]] = []
        """Assertions of service accounts with a valid signature."""
        self.texts = {review[0]: review[4] for review in self.reviews}

    def _review(self, number: int) -> list[Any]:
        picture = [None, 2, None, [None, None, "https://play-lh.googleusercontent.com/a"]]
        answer = ["The team", "Thank you for telling us!", [int(moment(39).timestamp()), 0]]
        return [
            f"f0b6d5f6-0000-4000-8000-{number:012x}",
            ["Jo Bloggs" if number else "A Google user", picture],
            number % 5 + 1,
            None,
            sentence(number),
            [int(moment(number).timestamp()), 713_000_000],
            number,
            answer if number % 3 == 0 else None,
            None,
            None,
            f"1.{number}" if number % 2 else None,
        ]

    @property
    def app(self) -> Any:
        reply = "/androidpublisher/v3/applications/{app}/reviews/{review}:reply"
        return Starlette(
            routes=[
                Route("/_/PlayStoreUi/data/batchexecute", self._list, methods=["POST"]),
                Route("/token", self._give_token, methods=["POST"]),
                Route(reply, self._reply, methods=["POST"]),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "app": APP,
            "country": "gb",
            "per_page": PER_PAGE,
            "client_id": "4711.apps.googleusercontent.com",
            "client_secret": "gp-secret-0815",
            "refresh_token": "gp-refresh-4711",
            "base_url": url,
            "api_url": url,
            "token_url": f"{url}/token",
        }

    async def _list(self, request: Request) -> Response:
        assert (request.query_params["hl"], request.query_params["gl"]) == ("en", "gb")
        form = parse_qs((await request.body()).decode())
        ((call, asked, _, _),) = orjson.loads(form["f.req"][0])[0]
        _, (_, sort, paging, *_), (app, _) = orjson.loads(asked)
        assert (call, sort, app) == ("oCPfdb", 2, APP)
        count, token = paging[0], paging[2] if len(paging) > 2 else None
        self.cookies_seen.append(request.cookies.get("NID"))
        life, _, before = (token or f"{self.life}/={_ALL}").partition("/=")
        if int(life) != self.life:
            return _answer(None)
        reviews = sorted(self.reviews, key=lambda review: review[5][0], reverse=True)
        reviews = [review for review in reviews if review[5][0] < int(before)]
        if not reviews:
            return _answer([])
        shown, more = reviews[:count], len(reviews) > count
        until = _ALL if self.is_stuck else shown[-1][5][0]
        if self.repeats and not more:
            more, until = True, _ALL + len(self.cookies_seen)
        following = [[None, f"{life}/={until}"]] if more else []
        response = _answer([shown, *following, []])
        response.set_cookie("NID", "511=abc")
        return response

    async def _give_token(self, request: Request) -> Response:
        expected = {
            "grant_type": "refresh_token",
            "client_id": "4711.apps.googleusercontent.com",
            "client_secret": "gp-secret-0815",
            "refresh_token": "gp-refresh-4711",
        }
        form = dict(await request.form())
        claims = read_claims(form, audience=str(request.url))
        if claims is not None:
            self.claims.append(claims)
        elif form != expected:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "ya29.a", "expires_in": 3599, "token_type": "Bearer"})

    async def _reply(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer ya29.a":
            return JSONResponse({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        text = (await request.json())["replyText"]
        assert request.path_params["app"] == APP
        self.replies[request.path_params["review"]] = text
        edited = {"seconds": "1794700000", "nanos": 0}
        return JSONResponse({"result": {"replyText": text, "lastEdited": edited}})

    def add(self) -> None:
        review = self._review(self.next_number())
        self.reviews.append(review)
        self.texts[review[0]] = review[4]

    def edit(self) -> None:
        review = self.reviews[2]
        review[4] = "I take it back: they called and made it good."
        review[5] = [int(moment(40).timestamp()), 0]
        self.texts[review[0]] = review[4]


def _answer(listed: list[Any] | None) -> Response:
    inner = None if listed is None else orjson.dumps(listed).decode()
    failure = [3] if listed is None else None
    calls = [["wrb.fr", "oCPfdb", inner, None, None, failure, "generic"], ["di", 41]]
    return Response(b")]}'\n\n" + orjson.dumps(calls), media_type="application/json")
