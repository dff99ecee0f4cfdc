"""Jira Cloud and Zendesk as their documentation has them, as far as cases need them."""

from __future__ import annotations

import base64
from typing import Any

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse, Response

TOKEN = "a-token-of-the-tests"  # noqa: S105


def _basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{TOKEN}".encode()).decode()


class FakeJira:
    """One project, ``PAT``. https://developer.atlassian.com/cloud/jira/platform/rest/v3/"""

    def __init__(self) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self.app = FastAPI()
        self.app.middleware("http")(self._guard)
        self.app.post("/rest/api/3/search/jql")(self._search)
        self.app.post("/rest/api/3/issue", status_code=201)(self._create)
        self.app.get("/rest/api/3/issue/{key}")(self._get)
        self.app.get("/rest/api/3/issue/{key}/comment")(self._comments)
        self.app.post("/rest/api/3/issue/{key}/comment", status_code=201)(self._comment)
        self.app.get("/rest/api/3/issue/{key}/transitions")(self._transitions)
        self.app.post("/rest/api/3/issue/{key}/transitions", status_code=204)(self._move)

    async def _guard(self, request: Request, go_on: Any) -> Response:
        if request.headers.get("authorization") != _basic("ann@example.org"):
            return JSONResponse({"errorMessages": ["no"]}, 401)
        answer: Response = await go_on(request)
        return answer

    async def _search(self, request: Request) -> Any:
        body = await request.json()
        label = body["jql"].partition("labels = ")[2].strip('"')
        matches = [
            {"id": "1", "key": key}
            for key, issue in self.issues.items()
            if label in issue["fields"]["labels"]
        ]
        return {"issues": matches[: body["maxResults"]], "isLast": True}

    async def _create(self, request: Request) -> Any:
        fields = (await request.json())["fields"]
        if fields["project"] != {"key": "PAT"} or fields["description"]["type"] != "doc":
            return JSONResponse({"errorMessages": [], "errors": {"project": "no"}}, 400)
        key = f"PAT-{len(self.issues) + 1}"
        self.issues[key] = {"fields": fields, "status": "To Do", "comments": []}
        return {"id": "10000", "key": key, "self": f"/rest/api/3/issue/{key}"}

    async def _get(self, key: str) -> Any:
        return {"key": key, "fields": {"status": {"name": self.issues[key]["status"]}}}

    async def _comments(self, key: str) -> Any:
        return {"comments": [{"body": body} for body in self.issues[key]["comments"]]}

    async def _comment(self, key: str, request: Request) -> Any:
        self.issues[key]["comments"].append((await request.json())["body"])
        return {"id": "1"}

    async def _transitions(self, key: str) -> Any:
        names = {"11": "To Do", "31": "Done"}
        return {"transitions": [{"id": i, "to": {"name": name}} for i, name in names.items()]}

    async def _move(self, key: str, request: Request) -> Response:
        transition = (await request.json())["transition"]["id"]
        self.issues[key]["status"] = {"11": "To Do", "31": "Done"}[transition]
        return Response(status_code=204)


class FakeZendesk:
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/"""

    def __init__(self) -> None:
        self.tickets: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.keys: dict[str, int] = {}
        self.app = FastAPI()
        self.app.middleware("http")(self._guard)
        self.app.get("/api/v2/tickets")(self._list)
        self.app.post("/api/v2/tickets", status_code=201)(self._create)
        self.app.get("/api/v2/tickets/{number}")(self._show)
        self.app.put("/api/v2/tickets/{number}")(self._update)

    async def _guard(self, request: Request, go_on: Any) -> Response:
        if request.headers.get("authorization") != _basic("ann@example.org/token"):
            return JSONResponse({"error": "Couldn't authenticate you"}, 401)
        answer: Response = await go_on(request)
        return answer

    async def _list(self, external_id: str) -> Any:
        matches = [ticket for ticket in self.tickets if ticket["external_id"] == external_id]
        return {"tickets": matches, "count": len(matches)}

    async def _create(self, request: Request, idempotency_key: str = Header()) -> Any:
        if idempotency_key not in self.keys:
            ticket = (await request.json())["ticket"]
            self.notes.append(ticket.pop("comment")["body"])
            self.keys[idempotency_key] = len(self.tickets)
            self.tickets.append({**ticket, "id": len(self.tickets) + 1, "status": "new"})
        return {"ticket": self.tickets[self.keys[idempotency_key]]}

    async def _show(self, number: int) -> Any:
        return {"ticket": self.tickets[number - 1]}

    async def _update(self, number: int, request: Request) -> Any:
        changes = (await request.json())["ticket"]
        self.notes.append(changes.pop("comment")["body"])
        self.tickets[number - 1].update(changes)
        return {"ticket": self.tickets[number - 1]}
