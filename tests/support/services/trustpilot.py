"""Trustpilot's Business Units API, as https://developers.trustpilot.com documents it."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

PER_PAGE = 10


class FakeTrustpilot(FakeService):
    name: ClassVar[str] = "trustpilot"
    secrets: ClassVar = ("tp-key-4711", "tp-secret-0815")
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = ("/v1/oauth/oauth-business-users-for-applications/accesstoken",)

    def __init__(self, count: int = 35) -> None:
        self.reviews = [self._review(number) for number in range(35 - count, 35)]
        self.replies: dict[str, str] = {}
        self.token = 0
        self.hidden = 0
        """Number of reviews that the first page leaves out."""
        self.gap = 0
        """The number of a page that is empty, and not the last."""
        self.texts = {
            review["id"]: f"{review['title']}\n{review['text']}" for review in self.reviews
        }

    def _review(self, number: int) -> dict[str, Any]:
        return {
            "id": f"60a{number % 2**32:021x}",
            "stars": number % 5 + 1,
            "title": f"Visit {number}",
            "text": sentence(number),
            "language": "en",
            "createdAt": moment(number).isoformat().replace("+00:00", "Z"),
            "updatedAt": None,
            "experiencedAt": moment(number).isoformat().replace("+00:00", "Z"),
            "consumer": {"id": f"c{number}", "displayName": "Jo Bloggs"},
            "companyReply": None,
            "businessUnit": {"id": "46d6a890000064000500e0c3"},
            "status": "active",
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route(
                    "/v1/oauth/oauth-business-users-for-applications/accesstoken",
                    self._give_token,
                    methods=["POST"],
                ),
                Route("/v1/private/business-units/{unit}/reviews", self._list),
                Route("/v1/private/reviews/{review}/reply", self._reply, methods=["POST"]),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "business_unit": "46d6a890000064000500e0c3",
            "api_key": "tp-key-4711",
            "api_secret": "tp-secret-0815",
            "per_page": PER_PAGE,
            "base_url": url,
        }

    async def _give_token(self, request: Request) -> Response:
        basic = base64.b64encode(b"tp-key-4711:tp-secret-0815").decode()
        form = await request.form()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"reason": "invalid client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"reason": "unsupported grant"}, 400)
        self.token += 1
        return JSONResponse({"access_token": f"token-{self.token}", "expires_in": 359999})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer token-{self.token}":
            return None
        return JSONResponse({"message": "Unauthorized"}, 401)

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        page = int(request.query_params.get("page", 1))
        size = int(request.query_params.get("perPage", 20))
        if page == self.gap:
            link = {"href": str(request.url), "method": "GET", "rel": "next-page"}
            return JSONResponse({"links": [link], "reviews": []})
        page -= int(0 < self.gap < page)
        newest_first = sorted(self.reviews, key=lambda review: review["createdAt"], reverse=True)
        shown = newest_first[(page - 1) * size : page * size]
        # Services that filter after paging return fewer than were asked for.
        return JSONResponse({"reviews": shown[self.hidden :] if page == 1 else shown})

    async def _reply(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        body = await request.json()
        self.replies[request.path_params["review"]] = body["message"]
        return Response(status_code=201)

    def add(self) -> None:
        review = self._review(self.next_number())
        self.reviews.append(review)
        self.texts[review["id"]] = f"{review['title']}\n{review['text']}"

    def edit(self) -> None:
        review = self.reviews[20]
        review["text"] = "I take it back: they called and made it good."
        review["updatedAt"] = moment(40).isoformat().replace("+00:00", "Z")
        self.texts[review["id"]] = f"{review['title']}\n{review['text']}"
