"""SurveyMonkey's API v3 and its webhooks, as https://api.surveymonkey.com/v3/docs has them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import Delivery, FakeCaller, FakeService, moment, sentence

CLIENT = "vX1rK0yzTf6Ql9uN"
SECRET = "sm-client-secret-4711"  # noqa: S105 - made up
TOKEN = "sm-token-0815"  # noqa: S105 - made up
SURVEY = "105723396"
PER_PAGE = 10


def _choices(weights: list[int]) -> list[dict[str, Any]]:
    return [
        {"id": str(700 + place), "weight": weight, "text": "", "is_na": False}
        for place, weight in enumerate(weights)
    ]


def _question(number: str, heading: str, family: str, subtype: str, **more: Any) -> dict[str, Any]:
    question_fields = {
        "id": number,
        "family": family,
        "subtype": subtype,
        "headings": [{"heading": heading}],
    }
    return {**question_fields, **more}


DETAILS = {
    "id": SURVEY,
    "title": "After your visit",
    "language": "en",
    "pages": [
        {
            "id": "1",
            "questions": [
                _question("11", "What could we do <b>better</b>?", "open_ended", "essay"),
                _question("12", "Anything else?", "open_ended", "single"),
                _question(
                    "13",
                    "How likely is it that you would recommend us?",
                    "matrix",
                    "rating",
                    answers={
                        "rows": [{"id": "130", "text": ""}],
                        "choices": _choices([-100] * 7 + [0] * 2 + [100] * 2),
                    },
                ),
                _question(
                    "14",
                    "How many stars?",
                    "matrix",
                    "rating",
                    answers={
                        "rows": [{"id": "140", "text": ""}],
                        "choices": _choices([1, 2, 3, 4, 5]),
                    },
                    display_options={"display_type": "emoji", "display_subtype": "star"},
                ),
                _question(
                    "15",
                    "Who are you?",
                    "demographic",
                    "international",
                    answers={
                        "rows": [
                            {"id": "150", "type": "name", "text": "Your name"},
                            {"id": "151", "type": "email", "text": "Your e-mail"},
                        ]
                    },
                ),
                _question(
                    "16",
                    "Which hospital?",
                    "single_choice",
                    "vertical",
                    answers={
                        "choices": [{"id": "160", "text": "Eastgate"}],
                        "other": {"id": "169", "text": "Why there?", "is_answer_choice": False},
                    },
                ),
            ],
        }
    ],
}


def response(number: int, *answers: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    values = answers or (("11", {"text": sentence(number)}), ("13", {"choice_id": "709"}))
    at = moment(number)
    return {
        "id": str(5_007_154_000 + number),
        "survey_id": SURVEY,
        "collector_id": "50253586",
        "recipient_id": "0",
        "collection_mode": "default",
        "response_status": "completed",
        "ip_address": "192.0.2.7",
        "email_address": "jo@example.com",
        "first_name": "Jo",
        "custom_variables": {},
        "custom_value": "",
        "total_time": 60,
        "date_created": at.isoformat(),
        "date_modified": (at + timedelta(minutes=1)).isoformat(),
        "pages": [{"id": "1", "questions": [{"id": q, "answers": [item]} for q, item in values]}],
    }


class _Api:
    """Routes that both fakes serve."""

    responses: list[dict[str, Any]]

    @property
    def app(self) -> Any:
        survey = f"/v3/surveys/{SURVEY}"
        return Starlette(
            routes=[
                Route(f"{survey}/details", self._details),
                Route(f"{survey}/responses/bulk", self._bulk),
                Route(f"{survey}/responses/{{number}}/details", self._one),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "surveys": [SURVEY],
            "access_token": TOKEN,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "per_page": PER_PAGE,
            "per_minute": 60_000,
            "base_url": url,
        }

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return JSONResponse({"error": {"id": "1011"}}, 401)

    async def _details(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse(DETAILS)

    async def _one(self, request: Request) -> Response:
        number = request.path_params["number"]
        items = [item for item in self.responses if item["id"] == number]
        missing = JSONResponse({"error": {"id": "1020"}}, 404)
        return self._refused(request) or (JSONResponse(items[0]) if items else missing)

    async def _bulk(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        assert (asked["sort_by"], asked["sort_order"]) == ("date_modified", "ASC")
        after = asked.get("start_modified_at", "1970-01-01T00:00:00")
        since = datetime.fromisoformat(after).replace(tzinfo=UTC)
        items = [
            item
            for item in sorted(self.responses, key=lambda item: str(item["date_modified"]))
            if datetime.fromisoformat(item["date_modified"]) > since
            and item["response_status"] == asked.get("status", item["response_status"])
        ]
        page, size = int(asked.get("page", 1)), int(asked["per_page"])
        links = {"self": str(request.url)}
        if len(items) > page * size:
            links["next"] = str(request.url.include_query_params(page=page + 1))
        shown = items[(page - 1) * size : page * size]
        return JSONResponse({"data": shown, "page": page, "total": len(items), "links": links})


class FakeSurveyMonkey(_Api, FakeService):
    name: ClassVar[str] = "surveymonkey"
    secrets: ClassVar = (SECRET, TOKEN)

    def __init__(self) -> None:
        self.responses = [response(number) for number in range(35)]
        self.texts = {f"{item['id']}:11": sentence(at) for at, item in enumerate(self.responses)}

    def add(self) -> None:
        number = self.next_number()
        added = response(number)
        self.responses.append(added)
        self.texts[f"{added['id']}:11"] = sentence(number)

    def edit(self) -> None:
        item = self.responses[20]
        item["pages"][0]["questions"] = [
            {"id": "12", "answers": [{"text": "They called and made it good."}]}
        ]
        item["date_modified"] = moment(40).isoformat()
        del self.texts[f"{item['id']}:11"]
        self.texts[f"{item['id']}:12"] = "They called and made it good."


def event(kind: str, number: int, at: datetime | None = None) -> dict[str, Any]:
    return {
        "name": "My webhook",
        "filter_type": "survey",
        "filter_id": SURVEY,
        "event_type": kind,
        "event_id": f"10000{number}",
        "object_type": "response",
        "object_id": str(5_007_154_000 + number),
        "event_datetime": (at or moment(number)).isoformat(),
        "resources": {"collector_id": "50253586", "survey_id": SURVEY, "user_id": "7"},
    }


def signed(told: dict[str, Any]) -> Delivery:
    body = json.dumps(told).encode()
    digest = hmac.new(f"{CLIENT}&{SECRET}".encode(), body, hashlib.sha1).digest()
    headers = {"Sm-Apikey": CLIENT, "Sm-Signature": base64.b64encode(digest).decode()}
    return Delivery(
        body, {**headers, "Content-Type": "application/vnd.surveymonkey.response.v1+json"}
    )


class FakeSurveyMonkeyWebhooks(_Api, FakeCaller):
    name: ClassVar[str] = "surveymonkey"
    secrets: ClassVar = (SECRET, TOKEN)

    def __init__(self) -> None:
        self.responses = [response(number) for number in range(3)]
        kept = self.responses[:2]
        self.texts = {f"{item['id']}:11": sentence(at) for at, item in enumerate(kept)}

    def deliveries(self, at: datetime) -> list[Delivery]:
        events = [event("response_completed", number) for number in range(3)]
        gone = event("response_deleted", 2, moment(9))
        return [signed(item) for item in (*events, event("response_created", 1), gone)]

    def malformed(self, at: datetime) -> Delivery:
        return signed({"event_type": "response_completed", "object_id": "../1", "resources": {}})
