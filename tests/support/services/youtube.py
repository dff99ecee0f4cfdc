"""YouTube's Data API v3, as https://developers.google.com/youtube/v3/docs documents it."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

KEY = "yt-key-4711"
CHANNEL = "UC_x5XG1OV2P6uZZ5FSM9Ttw"
VIDEO = "eastgate-01"
PER_PAGE = 10


def iso(number: int) -> str:
    return moment(number).isoformat().replace("+00:00", "Z")


class FakeYouTube(FakeService):
    name: ClassVar[str] = "youtube"
    secrets: ClassVar = (KEY,)
    authors: ClassVar = ("@jobloggs",)

    def __init__(self) -> None:
        self.threads = [self._thread(number) for number in range(35)]
        self.texts = {thread["id"]: sentence(number) for number, thread in enumerate(self.threads)}
        self.problem: tuple[int, str] | None = None
        """Status and reason of what every request meets."""
        self.replies: list[dict[str, Any]] = []
        """Replies that their threads do not hold."""
        self.pinned: dict[str, Any] | None = None
        """A thread above all others, whatever its time."""
        self.spoiled = False
        """True if page tokens have expired."""

    def _thread(self, number: int) -> dict[str, Any]:
        native_id = f"Ugx{number:04d}AaABAg"
        return {
            "kind": "youtube#commentThread",
            "etag": f"etag-{number}",
            "id": native_id,
            "snippet": {
                "channelId": CHANNEL,
                "videoId": VIDEO,
                "topLevelComment": {
                    "kind": "youtube#comment",
                    "etag": f"etag-{number}",
                    "id": native_id,
                    "snippet": {
                        "channelId": CHANNEL,
                        "videoId": VIDEO,
                        "textDisplay": sentence(number),
                        "textOriginal": sentence(number),
                        "authorDisplayName": "@jobloggs",
                        "authorProfileImageUrl": "https://yt3.example/jo.jpg",
                        "authorChannelUrl": "http://www.youtube.com/@jobloggs",
                        "authorChannelId": {"value": f"UCauthor{number}"},
                        "canRate": True,
                        "viewerRating": "none",
                        "likeCount": 3,
                        "publishedAt": iso(number),
                        "updatedAt": iso(number),
                    },
                },
                "canReply": True,
                "totalReplyCount": 0,
                "isPublic": True,
            },
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/youtube/v3/commentThreads", self._list),
                Route("/youtube/v3/comments", self._replies),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {"channel": CHANNEL, "api_key": KEY, "per_page": PER_PAGE, "base_url": url}

    def _refusal(self, request: Request) -> Response | None:
        query = request.query_params
        if request.headers.get("x-goog-api-key") != KEY:
            return _error(400, "badRequest", [{"reason": "API_KEY_INVALID"}])
        if self.problem is not None:
            return _error(*self.problem)
        if query.get("part") != "snippet,replies":
            return _error(400, "missingRequiredParameter")
        if ("videoId" in query) == ("allThreadsRelatedToChannelId" in query):
            return _error(400, "incompatibleParameters")
        if query.get("videoId", VIDEO) != VIDEO:
            return _error(404, "videoNotFound")
        if self.spoiled and "pageToken" in query:
            return _error(400, "invalidPageToken")
        return None

    async def _list(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        query = request.query_params
        assert query["order"] == "time" and query["textFormat"] == "plainText"
        size = int(query.get("maxResults", 20))
        start = int(base64.b64decode(query["pageToken"])) if "pageToken" in query else 0
        newest_first = sorted(
            self.threads,
            key=lambda thread: thread["snippet"]["topLevelComment"]["snippet"]["publishedAt"],
            reverse=True,
        )
        newest_first = [*self.pinned_threads, *newest_first]
        answer: dict[str, Any] = {
            "kind": "youtube#commentThreadListResponse",
            "etag": "etag",
            "pageInfo": {"totalResults": len(newest_first), "resultsPerPage": size},
            "items": newest_first[start : start + size],
        }
        if start + size < len(newest_first):
            answer["nextPageToken"] = base64.b64encode(str(start + size).encode()).decode()
        return JSONResponse(answer)

    async def _replies(self, request: Request) -> Response:
        query = request.query_params
        assert query["part"] == "snippet" and query["textFormat"] == "plainText"
        start = int(query.get("pageToken") or 0)
        shown = [reply for reply in self.replies if query["parentId"] in reply["id"]]
        answer: dict[str, Any] = {"items": shown[start : start + 5]}
        if start + 5 < len(shown):
            answer["nextPageToken"] = str(start + 5)
        return JSONResponse(answer)

    @property
    def pinned_threads(self) -> list[dict[str, Any]]:
        return [self.pinned] if self.pinned else []

    def add(self) -> None:
        number = self.next_number()
        thread = self._thread(number)
        self.threads.append(thread)
        self.texts[thread["id"]] = sentence(number)

    def edit(self) -> None:
        comment = self.threads[20]["snippet"]["topLevelComment"]
        comment["snippet"]["textDisplay"] = "I take it back: they called and made it good."
        comment["snippet"]["updatedAt"] = iso(40)
        self.texts[comment["id"]] = comment["snippet"]["textDisplay"]


def _error(status: int, reason: str, details: list[dict[str, str]] | None = None) -> Response:
    errors = [{"message": "Sorry.", "domain": "youtube.commentThread", "reason": reason}]
    error: dict[str, Any] = {"code": status, "message": "Sorry.", "errors": errors}
    if details:
        error["details"] = details
    return JSONResponse({"error": error}, status)
