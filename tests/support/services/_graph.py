"""The Graph API of Meta, as https://developers.facebook.com/docs/graph-api documents it."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any, ClassVar
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment

TOKEN = "EAAsystem-user-token-4711"  # noqa: S105 - made up
APP_SECRET = "app-secret-4711"  # noqa: S105
USER = {"id": "7700900123", "name": "Jo Bloggs", "username": "jo.bloggs.77"}
_MAX_NESTED = 3
"""Comments that a list of posts holds of each, however many are asked for."""


def iso(number: int) -> str:
    return moment(number).strftime("%Y-%m-%dT%H:%M:%S+0000")


class FakeGraph(FakeService):
    """Lists of posts, newest first, and the comments on each."""

    secrets: ClassVar = (TOKEN, APP_SECRET, "EAApage-token-of-")
    authors: ClassVar = (USER["id"], USER["name"], USER["username"])
    time_field: ClassVar[str]
    nested: ClassVar[re.Pattern[str]]
    """What a request must ask for, so that a list holds comments; a group is the limit."""

    def __init__(self) -> None:
        self.lists: dict[str, list[dict[str, Any]]] = {}
        """Posts by ``account/list``, comments by ``post/comments``, in any order."""
        self.texts = {}
        self.problem: tuple[int, int, dict[str, str]] | None = None
        """Status, code and headers of what every request for a list meets."""
        self.lost_positions = False
        """True if positions in lists have expired."""
        self._count = 0

    def next_id(self) -> str:
        self._count += 1
        return f"{900_000 + self._count}"

    @property
    def app(self) -> Any:
        paths = {"/{version}/{owner}": self._node, "/{version}/{owner}/{edge}": self._edge}
        return Starlette(routes=[Route(path, endpoint) for path, endpoint in paths.items()])

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "access_token": TOKEN,
            "app_secret": APP_SECRET,
            "per_page": 4,
            "base_url": url,
        }

    def token_for(self, owner: str) -> str:
        """The token that a request about an object needs."""
        return TOKEN

    def _refusal(self, request: Request, token: str) -> Response | None:
        assert "access_token" not in request.query_params
        proof = hmac.digest(APP_SECRET.encode(), token.encode(), "sha256").hex()
        if request.headers.get("authorization") != f"Bearer {token}":
            return graph_error(400, 190)
        if request.query_params.get("appsecret_proof") != proof:
            return graph_error(400, 100)
        return None

    async def _node(self, request: Request) -> Response:
        if refused := self._refusal(request, TOKEN):
            return refused
        assert request.query_params["fields"] == "access_token"
        owner = request.path_params["owner"]
        return JSONResponse({"id": owner, "access_token": self.token_for(owner)})

    async def _edge(self, request: Request) -> Response:
        owner, edge = request.path_params["owner"], request.path_params["edge"]
        if refused := self._refusal(request, self.token_for(owner)):
            return refused
        if self.problem is not None:
            status, code, headers = self.problem
            return graph_error(status, code, headers)
        query = request.query_params
        if f"{owner}/{edge}" not in self.lists or ("after" in query and self.lost_positions):
            return graph_error(400, 100)
        limit = min(int(query.get("limit", 25)), 100 if edge != "comments" else 5)
        address = str(request.url.replace(query=""))
        page = self._page(f"{owner}/{edge}", limit, query.get("after"), address)
        if page is None:
            return graph_error(400, 100)
        if match := self.nested.search(query["fields"]):
            page["data"] = [
                self._with_comments(post, int(match[1]), address) for post in page["data"]
            ]
        return JSONResponse(page)

    def _with_comments(self, post: dict[str, Any], limit: int, address: str) -> dict[str, Any]:
        page = self._page(f"{post['id']}/comments", min(limit, _MAX_NESTED), None, address)
        return {**post, "comments": page} if page and page["data"] else post

    def _page(
        self, name: str, limit: int, after: str | None, address: str
    ) -> dict[str, Any] | None:
        """Return a page; None if there is nothing at its position."""
        newest_first = sorted(
            self.lists.get(name, []), key=lambda thing: thing[self.time_field], reverse=True
        )
        ids = [thing["id"] for thing in newest_first]
        if after is not None and after not in ids:
            return None
        start = 0 if after is None else ids.index(after) + 1
        shown = newest_first[start : start + limit]
        page: dict[str, Any] = {"data": json.loads(json.dumps(shown))}
        if shown:
            page["paging"] = {"cursors": {"before": shown[0]["id"], "after": shown[-1]["id"]}}
        if start + limit < len(newest_first):
            query = urlencode({"access_token": TOKEN, "limit": limit, "after": shown[-1]["id"]})
            page["paging"]["next"] = f"{address}?{query}"
        return page


def graph_error(status: int, code: int, headers: dict[str, str] | None = None) -> Response:
    error = {
        "message": f"Sorry, {USER['name']}.",
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "A4711",
    }
    return JSONResponse({"error": error}, status, headers)
