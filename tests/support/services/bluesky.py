"""XRPC as https://docs.bsky.app documents it, and Jetstream's ``/subscribe``."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from schemas.record import deterministic_id
from tests.support.fake_service import FakeService, moment, sentence

PER_PAGE = 10
MAX_URIS = 25
COLLECTION = "app.bsky.feed.post"
PASSWORD = "abcd-efgh-ijkl-4711"  # noqa: S105
_SERVER = "/xrpc/com.atproto.server."
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


class FakeBluesky(FakeService):
    name: ClassVar[str] = "bluesky"
    secrets: ClassVar = (PASSWORD, "access-1", "refresh-1")
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = (_SERVER + "createSession", _SERVER + "refreshSession")

    def __init__(self) -> None:
        self.posts = [self.post(number) for number in range(35)]
        self.texts = {native_id(post): post["record"]["text"] for post in self.posts}
        self.sessions: list[str] = []
        self.access = self.refresh = ""
        self.events: list[str] = []
        self.calls = 0
        self.cursors: list[int | None] = []

    def post(self, number: int, at: datetime | None = None, text: str = "") -> dict[str, Any]:
        at = at or moment(number)
        did = f"did:plc:jo{number % 3}"
        return {
            "uri": f"at://{did}/{COLLECTION}/{tid(at, number)}",
            "cid": f"bafyrei{number}",
            "author": {"did": did, "handle": "jo.example", "displayName": "Jo Bloggs"},
            "record": {
                "$type": COLLECTION,
                "text": text or f"Eastgate Hospital: {sentence(number)}",
                "createdAt": iso(at),
                "langs": ["en"],
            },
            "likeCount": number,
            "indexedAt": iso(at),
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route(_SERVER + "createSession", self._create, methods=["POST"]),
                Route(_SERVER + "refreshSession", self._renew, methods=["POST"]),
                Route("/xrpc/app.bsky.feed.searchPosts", self._search),
                Route("/xrpc/app.bsky.feed.getPosts", self._some),
                WebSocketRoute("/subscribe", self._subscribe),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "query": '"Eastgate Hospital"',
            "identifier": "trust.example",
            "app_password": PASSWORD,
            "per_page": PER_PAGE,
            "base_url": url,
            "jetstream_url": url.replace("http", "ws") + "/subscribe",
        }

    async def _create(self, request: Request) -> Response:
        if await request.json() != {"identifier": "trust.example", "password": PASSWORD}:
            return _error(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session("create")

    async def _renew(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.refresh}":
            return _error(400, "ExpiredToken", "Token has been revoked")
        return self._session("refresh")

    def _session(self, how: str) -> Response:
        self.sessions.append(how)
        number = len(self.sessions)
        self.access, self.refresh = f"access-{number}", f"refresh-{number}"
        tokens = {"accessJwt": self.access, "refreshJwt": self.refresh}
        return JSONResponse({**tokens, "handle": "trust.example", "did": "did:plc:trust"})

    def expire(self, refresh_too: bool = False) -> None:
        """The tokens given out so far are worth nothing."""
        self.access = "none"
        self.refresh = "none" if refresh_too else self.refresh

    def _refused(self, request: Request) -> Response | None:
        bearer = request.headers.get("authorization", "")
        if not bearer:
            return _error(403, "AuthMissing", "Authentication Required")
        if bearer != f"Bearer {self.access}":
            return _error(400, "ExpiredToken", "Token has expired")
        return None

    async def _search(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        phrase = asked["q"].strip('"').lower()
        since, until = (_ms(asked.get(name)) for name in ("since", "until"))
        posts = [
            post
            for post in self.posts
            if phrase in post["record"]["text"].lower()
            and (since is None or sort_at(post) >= since)
            and (until is None or sort_at(post) < until)
            and asked.get("lang", "en") in post["record"]["langs"]
        ]
        posts.sort(key=sort_at, reverse=True)
        start, limit = int(asked.get("cursor", 0)), int(asked.get("limit", 25))
        answer: dict[str, Any] = {"posts": posts[start : start + limit]}
        if len(posts) > start + limit:
            answer["cursor"] = str(start + limit)
        return JSONResponse(answer)

    async def _some(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        wanted = request.query_params.getlist("uris")
        if len(wanted) > MAX_URIS:
            return _error(400, "InvalidRequest", "too many uris")
        return JSONResponse({"posts": [post for post in self.posts if post["uri"] in wanted]})

    async def _subscribe(self, socket: WebSocket) -> None:
        """Events from the cursor on, then what comes."""
        await socket.accept()
        self.calls += 1
        call, position = self.calls, 0
        asked = socket.query_params
        cursor = int(asked["cursor"]) if "cursor" in asked else None
        self.cursors.append(cursor)
        assert asked.getlist("wantedCollections") == [COLLECTION]
        try:
            while call == self.calls:
                heard = self.events[position:]
                for event in heard:
                    if cursor is None or not event.startswith("{") or _time(event) >= cursor:
                        await socket.send_text(event)
                position += len(heard)
                await asyncio.sleep(0.01)
            await socket.close()
        except WebSocketDisconnect:
            return

    def hang_up(self) -> None:
        """End the connections."""
        self.calls += 1

    def say(self, at: datetime, post: dict[str, Any], operation: str = "create") -> None:
        """Send a commit to the listeners."""
        did, collection, key = post["uri"].removeprefix("at://").split("/")
        commit = {"rev": tid(at), "operation": operation, "collection": collection, "rkey": key}
        if operation != "delete":
            commit |= {"record": post["record"], "cid": post["cid"]}
        self.tell(at, did, kind="commit", commit=commit)

    def tell(self, at: datetime, did: str, **event: Any) -> None:
        """Send any event."""
        self.events.append(json.dumps({"did": did, "time_us": int(at.timestamp() * 1e6), **event}))

    def add(self) -> None:
        post = self.post(self.next_number())
        self.posts.append(post)
        self.texts[native_id(post)] = post["record"]["text"]

    def delete(self) -> None:
        del self.texts[native_id(self.posts.pop(21))]


def native_id(post: dict[str, Any]) -> str:
    """Native id of its record."""
    return deterministic_id(post["uri"])


def tid(at: datetime, clock: int = 0) -> str:
    """A timestamp identifier, https://atproto.com/specs/tid."""
    number = int(at.timestamp() * 1e6) << 10 | clock
    letters = [_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5)]
    return "".join(letters)


def iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sort_at(post: dict[str, Any]) -> float:
    times = _ms(post["record"]["createdAt"]), _ms(post["indexedAt"])
    return min(time for time in times if time is not None)


def _ms(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() * 1000 if text else None


def _time(event: str) -> int:
    time_us = json.loads(event)["time_us"]
    assert isinstance(time_us, int)
    return time_us


def _error(status: int, name: str, message: str) -> Response:
    return JSONResponse({"error": name, "message": message}, status)
