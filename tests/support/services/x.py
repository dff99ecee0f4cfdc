"""Recent search of the X API v2, as https://docs.x.com documents it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

TOKEN = "x-bearer-4711"  # noqa: S105
PER_PAGE = 10


def snowflake(number: int) -> str:
    """The id of a post of that time."""
    ms = int(moment(number).timestamp() * 1000)
    return str(((ms - 1_288_834_974_657) << 22) + number)


class FakeX(FakeService):
    name: ClassVar[str] = "x"
    secrets: ClassVar = (TOKEN,)

    def __init__(self) -> None:
        self.posts = [self._post(number) for number in range(35)]
        self.texts = {post["id"]: post["text"] for post in self.posts}
        self.now = moment(45)
        self.capped = False
        self.includes: dict[str, Any] = {}
        """What attachments of the posts refer to."""

    def _post(self, number: int) -> dict[str, Any]:
        native_id = snowflake(number)
        return {
            "id": native_id,
            "text": sentence(number),
            "author_id": f"22440{number}",
            "created_at": moment(number).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "lang": "en",
            "edit_history_tweet_ids": [native_id],
        }

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/2/tweets/search/recent", self._search)])

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "query": "eastgate OR @eastgatehosp",
            "bearer_token": TOKEN,
            "per_page": PER_PAGE,
            "base_url": url,
        }

    def _refusal(self, request: Request) -> Response | None:
        query = request.query_params
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _problem(401, "about:blank", "Unauthorized")
        if self.capped:
            return _problem(429, "https://api.x.com/2/problems/usage-capped", "UsageCapExceeded")
        oldest = self.now - timedelta(days=7)
        numbers = [number for number in range(-200, 200) if moment(number) < oldest]
        since = query.get("since_id")
        if since is not None and numbers and int(since) <= int(snowflake(numbers[-1])):
            return _problem(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request")
        if not 10 <= int(query.get("max_results", 10)) <= 100:
            return _problem(400, "https://api.x.com/2/problems/invalid-request", "Invalid Request")
        return None

    async def _search(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        query = request.query_params
        assert query["query"] == "(eastgate OR @eastgatehosp) -is:retweet"
        size = int(query.get("max_results", 10))
        below = int(query["next_token"].removeprefix("b26v")) if "next_token" in query else 1 << 63
        posts = [
            post
            for post in sorted(self.posts, key=lambda post: int(post["id"]), reverse=True)
            if int(query.get("since_id", 0)) < int(post["id"]) < below
        ]
        page = posts[:size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if len(posts) > size:
            meta["next_token"] = f"b26v{page[-1]['id']}"
        assert query["expansions"] == "attachments.media_keys,attachments.poll_ids"
        answer = {"data": page, "includes": self.includes, "meta": meta}
        return JSONResponse(answer if page else {"meta": meta})

    def add(self) -> None:
        post = self._post(self.next_number())
        self.posts.append(post)
        self.texts[post["id"]] = post["text"]

    def edit(self) -> None:
        """A new id, and the search shows the latest only."""
        post = self.posts[20]
        self.texts[post["id"]] = "I take it back: they called and made it good."
        new = snowflake(40)
        self.posts[20] = {
            **post,
            "id": new,
            "text": self.texts[post["id"]],
            "edit_history_tweet_ids": [post["id"], new],
        }


def _problem(status: int, kind: str, title: str) -> Response:
    return JSONResponse(
        {"type": kind, "title": title, "detail": "Sorry.", "status": status}, status
    )
