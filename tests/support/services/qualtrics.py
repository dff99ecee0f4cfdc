"""Qualtrics' surveys and exports of responses, as https://api.qualtrics.com documents them."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

SURVEY = "SV_eajskCRbMSRKkRf"
_SURVEY = "/API/v3/surveys/{survey}"
_EXPORTS = _SURVEY + "/export-responses"


def question(name: str, text: str, kind: str, selector: str, **more: Any) -> dict[str, Any]:
    question_fields = {"type": kind, "selector": selector, "subSelector": None}
    return {"questionType": question_fields, "questionText": text, "questionName": name, **more}


QUESTIONS = {
    "QID1": question("Q1", "What could we do <b>better</b>?<br>", "TE", "ESTB"),
    "QID2": question("Q2", "How likely are you to recommend us?", "MC", "NPS"),
    "QID3": question(
        "Q3",
        "Overall?",
        "MC",
        "SAVR",
        choices={"1": {"choiceText": "Bad"}, "2": {"choiceText": "Other, which?"}},
    ),
    "QID4": question(
        "Q4",
        "How good were",
        "Matrix",
        "Likert",
        subQuestions={"1": {"choiceText": "the nurses"}},
        choices={"1": {"choiceText": "Poor"}, "2": {"choiceText": "Good"}},
    ),
    "QID5": question("Q5", "Contact", "TE", "FORM", choices={"1": {"choiceText": "Your name"}}),
    "QID6": question("Q6", "Browser", "Meta", "Browser"),
}


class FakeQualtrics(FakeService):
    name: ClassVar[str] = "qualtrics"
    secrets: ClassVar = ("qx-token-4711",)

    def __init__(self) -> None:
        self.responses = [response(number) for number in range(35)]
        self.questions: dict[str, Any] = QUESTIONS
        self.exports: list[dict[str, Any]] = []
        self.polls = 0
        self.status = "complete"
        self.cut_off = 0
        self.texts = {f"R_{number}:QID1_TEXT": sentence(number) for number in range(35)}

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route(_SURVEY, self._survey),
                Route(_EXPORTS, self._start, methods=["POST"]),
                Route(_EXPORTS + "/{progress}", self._progress),
                Route(_EXPORTS + "/{file}/file", self._file),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "survey": SURVEY,
            "datacenter": "fra1",
            "api_token": "qx-token-4711",
            "window_days": 2,
            "base_url": url,
        }

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("x-api-token") != "qx-token-4711":
            return _failed(401, "AUTH_1")
        return None if request.path_params["survey"] == SURVEY else _failed(404, "QUAL_1")

    async def _survey(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        survey = {"id": SURVEY, "name": "After your visit", "creationDate": utc(-1)}
        return _answered({**survey, "questions": self.questions})

    async def _start(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        wanted = await request.json()
        if wanted.get("format") != "json":
            return _failed(400, "RP_0.1")
        self.exports.append(wanted)
        self.polls = 0
        number = f"ES_{len(self.exports) - 1}"
        return _answered({"progressId": number, "percentComplete": 0.0, "status": "inProgress"})

    async def _progress(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        self.polls += 1
        if self.polls == 1:
            return _answered({"percentComplete": 100.0, "status": "inProgress", "fileId": None})
        number = request.path_params["progress"].removeprefix("ES_")
        return _answered({"percentComplete": 100.0, "status": self.status, "fileId": f"f-{number}"})

    async def _file(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        wanted = self.exports[int(request.path_params["file"].removeprefix("f-"))]
        start = datetime.fromisoformat(wanted.get("startDate", "2000-01-01T00:00:00Z"))
        end = datetime.fromisoformat(wanted.get("endDate", "2100-01-01T00:00:00Z"))
        fitting = [
            item
            for item in self.responses
            if start <= datetime.fromisoformat(item["values"]["recordedDate"]) < end
        ]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("After your visit.json", json.dumps({"responses": fitting}))
        body = packed.getvalue()
        return Response(body[: len(body) - self.cut_off], media_type="application/zip")

    def add(self) -> None:
        number = self.next_number()
        self.responses.append(response(number))
        self.texts[f"R_{number}:QID1_TEXT"] = sentence(number)


def response(number: int) -> dict[str, Any]:
    return {
        "responseId": f"R_{number}",
        "values": {
            "startDate": utc(number),
            "endDate": utc(number),
            "status": 0,
            "ipAddress": "192.0.2.7",
            "progress": 100,
            "duration": 117,
            "finished": 1,
            "recordedDate": utc(number).replace("Z", ".581Z"),
            "_recordId": f"R_{number}",
            "recipientEmail": "Jo.Bloggs@mail.example",
            "distributionChannel": "anonymous",
            "userLanguage": "EN-GB",
            "QID1_TEXT": sentence(number),
            "QID2": number % 11,
            "QID2_NPS_GROUP": 2,
            "QID5_1": "Jo Bloggs",
            "ward": "Ward 4",
        },
        "labels": {"status": "IP Address", "finished": "True", "QID2_NPS_GROUP": "Passive"},
        "displayedFields": ["QID1_TEXT", "QID2", "QID5_1"],
        "displayedValues": {"QID2": [*range(11)]},
    }


def utc(number: int) -> str:
    return moment(number).strftime("%Y-%m-%dT%H:%M:%SZ")


def _answered(result: dict[str, Any]) -> Response:
    return JSONResponse({"result": result, "meta": {"httpStatus": "200 - OK", "requestId": "7"}})


def _failed(status: int, code: str) -> Response:
    error = {"errorCode": code, "errorMessage": "no"}
    return JSONResponse({"meta": {"httpStatus": str(status), "error": error}}, status)
