"""Reddit's Data API, as https://www.reddit.com/dev/api documents it."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

AGENT = "linux:org.example.feedback:v1 (by /u/example)"
SECRET = "reddit-secret-0815"  # noqa: S105
PER_PAGE = 10


def seconds(number: int) -> float:
    return moment(number).timestamp()


class FakeReddit(FakeService):
    name: ClassVar[str] = "reddit"
    secrets: ClassVar = (SECRET,)
    place_paths: ClassVar = ("/new", "/comments")
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = ("/api/v1/access_token",)

    def __init__(self) -> None:
        self.posts = [self._post(number) for number in range(25)]
        self.comments = [self._comment(number) for number in range(25, 37)]
        self.token = 0
        self.searched: dict[str, str] = {}
        self.texts = {
            **{thing["name"]: f"{thing['title']}\n{thing['selftext']}" for thing in self.posts},
            **{thing["name"]: thing["body"] for thing in self.comments},
        }

    def _thing(self, kind: str, number: int) -> dict[str, Any]:
        native_id = f"1q{number:04d}"
        return {
            "id": native_id,
            "name": f"{kind}_{native_id}",
            "author": f"jobloggs{number}",
            "author_fullname": f"t2_a{number}",
            "subreddit": "eastgate",
            "created_utc": seconds(number),
            "edited": False,
            "score": 7,
            "distinguished": None,
            "permalink": f"/r/eastgate/comments/{native_id}/visit/",
        }

    def _post(self, number: int) -> dict[str, Any]:
        return {
            **self._thing("t3", number),
            "title": f"Visit {number}",
            "selftext": sentence(number),
            "is_self": True,
            "removed_by_category": None,
            "over_18": False,
        }

    def _comment(self, number: int) -> dict[str, Any]:
        return {
            **self._thing("t1", number),
            "body": sentence(number),
            "link_id": "t3_1q0001",
            "parent_id": "t3_1q0001",
            "link_title": "Visit 1",
        }

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/api/v1/access_token", self._give_token, methods=["POST"]),
                Route("/r/{names}/new", self._new),
                Route("/r/{names}/search", self._search),
                Route("/r/{names}/comments", self._comments),
                Route("/api/info", self._info),
                Route("/subreddits/search", self._subreddits),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "subreddits": ["eastgate", "nhs"],
            "comments": True,
            "client_id": "p-jcoLKBynTLew",
            "client_secret": SECRET,
            "user_agent": AGENT,
            "per_page": PER_PAGE,
            "base_url": url,
            "token_url": f"{url}/api/v1/access_token",
        }

    async def _give_token(self, request: Request) -> Response:
        basic = base64.b64encode(f"p-jcoLKBynTLew:{SECRET}".encode()).decode()
        form = await request.form()
        if request.headers.get("user-agent") != AGENT:
            return JSONResponse({"message": "Too Many Requests", "error": 429}, 429)
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"message": "Unauthorized", "error": 401}, 401)
        assert form.get("grant_type") == "client_credentials"
        self.token += 1
        token = {"access_token": f"token-{self.token}", "token_type": "bearer"}
        return JSONResponse({**token, "expires_in": 86400, "scope": "*"})

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer token-{self.token}":
            return JSONResponse({"message": "Unauthorized", "error": 401}, 401)
        if request.headers.get("user-agent") != AGENT or request.query_params["raw_json"] != "1":
            return JSONResponse({"message": "Too Many Requests", "error": 429}, 429)
        names = request.path_params.get("names", "")
        if names == "secretward":
            return JSONResponse({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        if names == "nowhere":
            return RedirectResponse("/subreddits/search?q=nowhere&raw_json=1", 302)
        return None

    async def _new(self, request: Request) -> Response:
        return self._refusal(request) or self._listing(request, self.posts, "t3")

    async def _search(self, request: Request) -> Response:
        self.searched = dict(request.query_params)
        return self._refusal(request) or self._listing(request, self.posts, "t3")

    async def _comments(self, request: Request) -> Response:
        return self._refusal(request) or self._listing(request, self.comments, "t1")

    async def _subreddits(self, request: Request) -> Response:
        return _answer([])

    async def _info(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        names = request.query_params["id"].split(",")
        assert len(names) <= 100
        everything = [*self.posts, *self.comments]
        return _answer([thing for thing in everything if thing["name"] in names])

    def _listing(self, request: Request, things: list[dict[str, Any]], kind: str) -> Response:
        size = int(request.query_params.get("limit", 25))
        after = request.query_params.get("after")
        newest_first = sorted(
            (thing for thing in things if not thing.get("removed_by_category")),
            key=lambda thing: thing["created_utc"],
            reverse=True,
        )
        names = [thing["name"] for thing in newest_first]
        if after is not None and after not in names:
            return _answer([])
        start = names.index(after) + 1 if after else 0
        page = newest_first[start : start + size]
        more = start + size < len(newest_first)
        return _answer(page, page[-1]["name"] if more else None)

    def add(self) -> None:
        post, comment = self._post(self.next_number()), self._comment(self.next_number())
        self.posts.append(post)
        self.comments.append(comment)
        self.texts[post["name"]] = f"{post['title']}\n{post['selftext']}"
        self.texts[comment["name"]] = comment["body"]

    def edit(self) -> None:
        post = self.posts[20]
        post["selftext"] = "I take it back: they called and made it good."
        post["edited"] = seconds(80)
        self.texts[post["name"]] = f"{post['title']}\n{post['selftext']}"

    def delete(self) -> None:
        """A moderator removes a post, and an author deletes a comment."""
        self.posts[3] |= {"selftext": "[removed]", "removed_by_category": "moderator"}
        self.comments[4] |= {"body": "[deleted]", "author": "[deleted]"}
        del self.texts[self.posts[3]["name"]], self.texts[self.comments[4]["name"]]


def _answer(things: list[dict[str, Any]], after: str | None = None) -> Response:
    children = [{"kind": thing["name"][:2], "data": thing} for thing in things]
    data = {"after": after, "before": None, "dist": len(things), "children": children}
    limits = {"x-ratelimit-used": "5", "x-ratelimit-remaining": "995.0", "x-ratelimit-reset": "300"}
    return JSONResponse({"kind": "Listing", "data": data}, headers=limits)
