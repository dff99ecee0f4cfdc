"""The Google Forms API, as https://developers.google.com/workspace/forms/api documents it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

FORM = "1FAIpQLSd0x4bV2m9kEastgate"
PER_PAGE = 10
_FILTER = re.compile(r"timestamp >=? (\S+Z)")

ITEMS: list[dict[str, Any]] = [
    {"itemId": "a0", "title": "About your visit", "textItem": {}},
    {
        "itemId": "a1",
        "title": "What could we do better?",
        "questionItem": {
            "question": {"questionId": "11aa", "textQuestion": {"paragraph": True}},
        },
    },
    {
        "itemId": "a2",
        "title": "How likely are you to recommend us?",
        "questionItem": {"question": {"questionId": "22bb", "scaleQuestion": {"high": 10}}},
    },
    {
        "itemId": "a3",
        "title": "Your stars",
        "questionItem": {
            "question": {
                "questionId": "33cc",
                "ratingQuestion": {"ratingScaleLevel": 5, "iconType": "STAR"},
            },
        },
    },
    {
        "itemId": "a4",
        "title": "Your name",
        "questionItem": {"question": {"questionId": "44dd", "textQuestion": {}}},
    },
    {
        "itemId": "a5",
        "title": "Which ward?",
        "questionItem": {
            "question": {
                "questionId": "55ee",
                "choiceQuestion": {"type": "RADIO", "options": [{"value": "Ward 4"}]},
            },
        },
    },
    {
        "itemId": "a6",
        "title": "How good were",
        "questionGroupItem": {
            "questions": [{"questionId": "66ff", "rowQuestion": {"title": "the nurses"}}],
            "grid": {"columns": {"type": "RADIO", "options": [{"value": "Good"}]}},
        },
    },
    {
        "itemId": "a7",
        "title": "When were you here?",
        "questionItem": {"question": {"questionId": "77aa", "dateQuestion": {}}},
    },
]


def answered(**values: str) -> dict[str, Any]:
    """Answers by the question's id, which comes behind a ``q``."""
    return {
        name[1:]: {"questionId": name[1:], "textAnswers": {"answers": [{"value": value}]}}
        for name, value in values.items()
    }


class FakeGoogleForms(FakeService):
    name: ClassVar[str] = "google_forms"
    secrets: ClassVar = ("gf-secret-4711", "gf-refresh-0815")
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = ("/token",)

    def __init__(self) -> None:
        self.responses = [response(number) for number in range(35)]
        self.token = 0
        self.forgets_pages = False
        self.texts = {f"{FORM}/ACYDB{number}:11aa": sentence(number) for number in range(35)}

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/token", self._give_token, methods=["POST"]),
                Route("/v1/forms/{form}", self._form),
                Route("/v1/forms/{form}/responses", self._list),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "form": FORM,
            "client_id": "0815.apps.googleusercontent.com",
            "client_secret": "gf-secret-4711",
            "refresh_token": "gf-refresh-0815",
            "per_page": PER_PAGE,
            "base_url": url,
            "token_url": f"{url}/token",
        }

    async def _give_token(self, request: Request) -> Response:
        form = await request.form()
        if form.get("refresh_token") != "gf-refresh-0815":
            return JSONResponse({"error": "invalid_grant"}, 400)
        if form.get("grant_type") != "refresh_token":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        self.token += 1
        return JSONResponse({"access_token": f"token-{self.token}", "expires_in": 3599})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer token-{self.token}":
            return _error(401, "UNAUTHENTICATED")
        return None if request.path_params["form"] == FORM else _error(404, "NOT_FOUND")

    async def _form(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        info = {"title": "After your visit", "documentTitle": "Visits"}
        return JSONResponse({"formId": FORM, "info": info, "items": ITEMS})

    async def _list(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params.get("filter", "")
        match = _FILTER.fullmatch(asked)
        if asked and match is None:
            return _error(400, "INVALID_ARGUMENT")
        since = datetime.fromisoformat(match[1]) if match else None
        # no order is promised
        fitting = [
            item
            for item in sorted(self.responses, key=lambda item: str(item["responseId"])[::-1])
            if since is None or datetime.fromisoformat(item["lastSubmittedTime"]) >= since
        ]
        start = 0
        if token := request.query_params.get("pageToken"):
            number, _, of = token.partition("|")
            if of != asked or self.forgets_pages:
                return _error(400, "INVALID_ARGUMENT")
            start = int(number)
        end = start + int(request.query_params.get("pageSize", 5_000))
        page: dict[str, Any] = {"responses": fitting[start:end]} if fitting[start:end] else {}
        if end < len(fitting):
            page["nextPageToken"] = f"{end}|{asked}"
        return JSONResponse(page)

    def add(self) -> None:
        number = self.next_number()
        self.responses.append(response(number))
        self.texts[f"{FORM}/ACYDB{number}:11aa"] = sentence(number)

    def edit(self) -> None:
        item = self.responses[20]
        item["answers"] = answered(q11aa="I take it back, all was well.")
        item["lastSubmittedTime"] = zulu(40)
        self.texts[f"{FORM}/ACYDB20:11aa"] = "I take it back, all was well."


def response(number: int) -> dict[str, Any]:
    return {
        "responseId": f"ACYDB{number}",
        "createTime": zulu(number),
        "lastSubmittedTime": zulu(number),
        "respondentEmail": "Jo.Bloggs@mail.example",
        "answers": answered(
            q11aa=sentence(number), q22bb=str(number % 11), q33cc="4", q44dd="Jo Bloggs"
        ),
    }


def zulu(number: int) -> str:
    return moment(number).isoformat().replace("+00:00", ".123456Z")


def _error(status: int, name: str) -> Response:
    return JSONResponse({"error": {"code": status, "message": "", "status": name}}, status)
