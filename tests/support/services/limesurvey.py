"""LimeSurvey, as https://manual.limesurvey.org/RemoteControl_2_API describes its interface."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

SURVEY = "471108"
OTHER_SURVEY = "471109"
PATH = "/index.php/admin/remotecontrol"
PASSWORD = "ls-password-4711"  # noqa: S105


def question(qid: int, code: str, kind: str, wording: str, **more: Any) -> dict[str, Any]:
    """Return a question as ``list_questions`` does; a subquestion has a ``parent_qid``."""
    fields = {"sid": SURVEY, "gid": "7", "parent_qid": "0", "preg": None, "other": "N"}
    names = {"id": qid, "qid": str(qid), "title": code, "type": kind, "question": wording}
    return {**fields, **names, "language": "en", "scale_id": "0", **more}


QUESTIONS: list[dict[str, Any]] = [
    question(1, "better", "T", "<p>What could we do <b>better</b>?</p>"),
    question(2, "recommend", ":", "How likely are you to recommend us?"),
    question(20, "SQ001", "T", "0 to 10", parent_qid="2"),
    question(21, "A1", "T", "now", parent_qid="2", scale_id="1"),
    question(3, "who", "Q", "About you"),
    question(30, "SQ001", "T", "Your name", parent_qid="3"),
    question(4, "why", "L", "Why were you here?", other="Y"),
    question(5, "text", "X", "Thank you for your time."),
]


class FakeLimeSurvey(FakeService):
    name: ClassVar[str] = "limesurvey"
    secrets: ClassVar = (PASSWORD,)

    def __init__(self) -> None:
        self.responses: dict[str, list[dict[str, Any]]] = {
            SURVEY: [response(number) for number in range(35)]
        }
        self.questions = QUESTIONS
        self.properties: dict[str, dict[str, Any]] = {
            "4": {"answeroptions": {"A1": {"answer": "Surgery"}, "A2": {"answer": "Check-up"}}}
        }
        self.keys: list[str] = []
        self.calls: list[tuple[str, list[Any]]] = []
        self.statuses: dict[str, str] = {}
        """Status by survey, in place of every result about it."""
        self.wraps = False
        """True for the format of old servers."""
        self.texts = {f"eastgate/{SURVEY}/{n + 1}:better": sentence(n) for n in range(35)}

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route(PATH, self._call, methods=["POST"])])

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "url": url + PATH,
            "username": "feedback",
            "password": PASSWORD,
            "surveys": [SURVEY],
            "server": "eastgate",
            "per_page": 12,
        }

    async def _call(self, request: Request) -> Response:
        call = await request.json()
        method, params = call["method"], call["params"]
        self.calls.append((method, params))
        if method == "get_session_key":
            result = self._log_in(*params)
        elif params[0] not in self.keys:
            result = {"status": "Invalid session key"}
        else:
            result = self._answer(method, params[1:])
        return JSONResponse({"id": call["id"], "result": result, "error": None})

    def _log_in(self, username: str, password: str) -> Any:
        if (username, password) != ("feedback", PASSWORD):
            return {"status": "Invalid user name or password"}
        self.keys.append(f"key-{len(self.keys)}")
        return self.keys[-1]

    def _answer(self, method: str, params: list[Any]) -> Any:
        if method == "release_session_key":
            self.keys.clear()
            return "OK"
        if method == "get_question_properties":
            unset = {"answeroptions": "No available answer options", "attributes": "None"}
            known = unset | self.properties.get(str(params[0]), {})
            return {name: known[name] for name in params[1]}
        survey = str(params[0])
        if survey in self.statuses:
            return {"status": self.statuses[survey]}
        if survey not in self.responses:
            return {"status": "Error: Invalid survey ID"}
        return self.questions if method == "list_questions" else self._export(survey, *params[1:])

    def _export(
        self,
        survey: str,
        kind: str,
        language: str | None,
        state: str,
        heading: str,
        answers: str,
        first: int,
        last: int | None,
        columns: list[str] | None,
    ) -> Any:
        assert (kind, language, heading, answers) == ("json", None, "code", "short")
        if not self.responses[survey]:
            return {"status": "No Data, could not get max id."}
        rows = [
            {name: row[name] for name in columns or row}
            for row in sorted(self.responses[survey], key=lambda row: int(row["id"]))
            if first <= int(row["id"]) <= (last or 1_000_000)
            and (state != "complete" or row["submitdate"] is not None)
        ]
        listed = [{row["id"]: row} for row in rows] if self.wraps else rows
        return b64encode(json.dumps({"responses": listed}).encode()).decode()

    def add(self) -> None:
        number = self.next_number()
        self.responses[SURVEY].append(response(number))
        self.texts[f"eastgate/{SURVEY}/{number + 1}:better"] = sentence(number)


def response(number: int, **answers: Any) -> dict[str, Any]:
    return {
        "id": str(number + 1),
        "submitdate": f"{moment(number):%Y-%m-%d %H:%M:%S}",
        "lastpage": "1",
        "startlanguage": "en",
        "seed": "1829361748",
        "token": "Jo.Bloggs@mail.example",
        "ipaddr": "192.0.2.7",
        "better": sentence(number),
        "recommend[SQ001_A1]": str(number % 11),
        "who[SQ001]": "Jo Bloggs",
        "why": "A1",
        "why[other]": "",
        **answers,
    }
