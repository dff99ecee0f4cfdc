"""Mastodon's REST and streaming APIs, as https://docs.joinmastodon.org documents them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from html import escape
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from schemas.record import deterministic_id
from tests.support.fake_service import FakeService, moment, sentence

PER_PAGE = 10
MAX_IDS = 20
TAG = "eastgatehospital"
_LINK = '<a href="https://near.example/tags/nhs">#<span>nhs</span></a>'


class FakeMastodon(FakeService):
    name: ClassVar[str] = "mastodon"
    secrets: ClassVar = ("masto-token-4711",)

    def __init__(self) -> None:
        self.statuses = [self.status(number) for number in range(35)]
        self.texts = {
            native_id(status): f"{sentence(n)} #nhs" for n, status in enumerate(self.statuses)
        }
        self.events: list[tuple[str, str]] = []
        self.beat = 15.0
        self.calls = 0
        self.streaming_path = ""
        self.old = False

    def status(self, number: int, at: datetime | None = None) -> dict[str, Any]:
        at = at or moment(number)
        remote = number % 3 == 0
        server = "far.example" if remote else "near.example"
        number_part = f"{(int(at.timestamp() * 1000) << 16) + number}"
        return {
            "id": number_part,
            "created_at": _iso(at),
            "edited_at": None,
            "visibility": "public",
            "language": "en",
            "spoiler_text": "",
            "uri": f"https://{server}/users/jo/statuses/{number_part}",
            "url": f"https://{server}/@jo/{number_part}",
            "content": f"<p>{escape(sentence(number))} {_LINK}</p>",
            "reblog": None,
            "account": {
                "id": "7",
                "username": "jo",
                "acct": "jo@far.example" if remote else "jo",
                "display_name": "Jo Bloggs",
            },
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/api/v1/timelines/tag/{tag}", self._timeline),
                Route("/api/v1/statuses", self._some),
                Route("/api/v2/instance", self._instance),
                Route("/api/v1/streaming/hashtag", self._stream),
                Route("/elsewhere/api/v1/streaming/hashtag", self._stream),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "tag": TAG,
            "token": "masto-token-4711",
            "per_page": PER_PAGE,
            "base_url": url,
        }

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == "Bearer masto-token-4711":
            return None
        return JSONResponse({"error": "The access token is invalid"}, 401)

    async def _timeline(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if request.path_params["tag"] != TAG:
            return JSONResponse({"error": "Record not found"}, 404)
        limit = min(40, int(request.query_params.get("limit", 20)))
        least = int(request.query_params.get("min_id", 0))
        following = sorted(
            (status for status in self.statuses if int(status["id"]) > least),
            key=lambda status: int(status["id"]),
        )
        page = following[:limit][::-1]
        headers = {}
        if page:
            here = str(request.url.replace(query=""))
            headers["Link"] = (
                f'<{here}?max_id={page[-1]["id"]}>; rel="next", '
                f'<{here}?min_id={page[0]["id"]}>; rel="prev"'
            )
        return JSONResponse(page, headers=headers)

    async def _some(self, request: Request) -> Response:
        if self.old:
            return Response("<h1>The page isn't here</h1>", 404)
        wanted = request.query_params.getlist("id[]")
        if len(wanted) > MAX_IDS:
            return JSONResponse({"error": "Validation failed"}, 422)
        return JSONResponse([status for status in self.statuses if status["id"] in wanted])

    async def _instance(self, request: Request) -> Response:
        address = str(request.base_url).replace("http://", "ws://").rstrip("/")
        urls = {"streaming": address + self.streaming_path}
        return JSONResponse({"domain": "near.example", "configuration": {"urls": urls}})

    async def _stream(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        self.calls += 1
        return StreamingResponse(
            self._say(request, len(self.events), self.calls), media_type="text/event-stream"
        )

    async def _say(self, request: Request, position: int, call: int) -> AsyncIterator[str]:
        """Events that come from now on: Mastodon repeats none."""
        yield ":)\n"
        waited = 0.0
        while call == self.calls and not await request.is_disconnected():
            heard = self.events[position:]
            for event, data in heard:
                yield f"event: {event}\ndata: {data}\n\n"
            position += len(heard)
            await asyncio.sleep(0.01)
            waited += 0.01
            if waited >= self.beat:
                waited = 0.0
                yield ":thump\n"

    def hang_up(self) -> None:
        """End the connections."""
        self.calls += 1

    def say(self, event: str, data: Any) -> None:
        """Send an event to the listeners."""
        self.events.append(
            (event, data if isinstance(data, str) else json.dumps(data, ensure_ascii=False))
        )

    def add(self) -> None:
        number = self.next_number()
        status = self.status(number)
        self.statuses.append(status)
        self.texts[native_id(status)] = f"{sentence(number)} #nhs"

    def edit(self) -> None:
        status = self.statuses[20]
        status["content"] = "<p>I take it back:<br>they made it good.</p>"
        status["edited_at"] = _iso(moment(40))
        self.texts[native_id(status)] = "I take it back:\nthey made it good."

    def delete(self) -> None:
        del self.texts[native_id(self.statuses.pop(21))]


def native_id(status: dict[str, Any]) -> str:
    """Native id of its record."""
    return deterministic_id(status["uri"])


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
