"""A FHIR R4 server, as https://hl7.org/fhir/R4 specifies searches and paging."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

CANONICAL = "https://eastgate.example/Questionnaire/after-your-visit"
FHIR_JSON = "application/fhir+json"
PER_PAGE = 10


class FakeFhir(FakeService):
    name: ClassVar[str] = "fhir"
    secrets: ClassVar = ("fhir-secret-4711",)
    faults: ClassVar = ("429", "500", "truncated", "hang up", "401")
    spared: ClassVar = ("/token",)

    def __init__(self) -> None:
        self.resources = [response(number) for number in range(35)]
        self.token = 0
        self.next_is_at = ""
        """Address that links to the next page lead to; empty: this server."""
        self.forgets_pages = False
        self.questionnaires: list[dict[str, Any]] = [questionnaire()]
        self.texts = {f"eastgate/{number}:better": sentence(number) for number in range(35)}

    @property
    def app(self) -> Any:
        return Starlette(
            routes=[
                Route("/token", self._give_token, methods=["POST"]),
                Route("/r4/QuestionnaireResponse", self._search),
                Route("/r4/Questionnaire", self._find_questionnaire),
                Route("/r4", self._page),
            ]
        )

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "base_url": f"{url}/r4",
            "server": "eastgate",
            "questionnaire": CANONICAL,
            "token_url": f"{url}/token",
            "client_id": "feedback",
            "client_secret": "fhir-secret-4711",
            "per_page": PER_PAGE,
        }

    async def _give_token(self, request: Request) -> Response:
        form = await request.form()
        basic = base64.b64encode(b"feedback:fhir-secret-4711").decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials" or not form.get("scope"):
            return JSONResponse({"error": "invalid_request"}, 400)
        self.token += 1
        return JSONResponse({"access_token": f"token-{self.token}", "token_type": "Bearer"})

    def _refused(self, request: Request) -> Response | None:
        if request.headers.get("accept") != FHIR_JSON:
            return _outcome(406, "not-supported")
        if request.headers.get("authorization") != f"Bearer token-{self.token}":
            return _outcome(401, "login")
        return None

    async def _search(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        asked = request.query_params
        since = asked.get("_lastUpdated", "ge")
        if asked.get("_sort") != "_lastUpdated" or not since.startswith("ge"):
            return _outcome(400, "invalid")
        resources = [
            resource
            for resource in self.resources
            if resource["meta"]["lastUpdated"] >= since[2:]
            and asked.get("questionnaire", resource["questionnaire"]) == resource["questionnaire"]
        ]
        resources.sort(key=lambda resource: str(resource["meta"]["lastUpdated"]))
        return self._bundle(request, resources, 0, int(asked.get("_count", 20)))

    async def _page(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        if self.forgets_pages:
            return _outcome(410, "not-found")
        _, ids, start, size = request.query_params["_getpages"].split("/")
        by_id = {resource["id"]: resource for resource in self.resources}
        resources = [by_id[resource] for resource in ids.split(",")]
        return self._bundle(request, resources, int(start), int(size))

    def _bundle(
        self, request: Request, found: list[dict[str, Any]], start: int, size: int
    ) -> Response:
        links = [{"relation": "self", "url": str(request.url)}]
        if start + size < len(found):
            ids = ",".join(resource["id"] for resource in found)
            here = self.next_is_at or f"{request.url.scheme}://{request.url.netloc}"
            url = f"{here}/r4?_getpages=search/{ids}/{start + size}/{size}"
            links.append({"relation": "next", "url": url})
        entries = [
            {"fullUrl": f"urn:{resource['id']}", "resource": resource, "search": {"mode": "match"}}
            for resource in found[start : start + size]
        ]
        bundle = {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}
        return JSONResponse(bundle, media_type=FHIR_JSON)

    async def _find_questionnaire(self, request: Request) -> Response:
        if refused := self._refused(request):
            return refused
        url = request.query_params.get("url")
        found = [each for each in self.questionnaires if each["url"] == url]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        return JSONResponse(bundle, media_type=FHIR_JSON)

    def add(self) -> None:
        number = self.next_number()
        self.resources.append(response(number))
        self.texts[f"eastgate/{number}:better"] = sentence(number)

    def edit(self) -> None:
        resource = response(20) | {"status": "amended"}
        resource["item"][0]["item"][0]["answer"] = [
            {"valueString": "I take it back, all was well."}
        ]
        resource["meta"]["lastUpdated"] = instant(40)
        self.resources[20] = resource
        self.texts["eastgate/20:better"] = "I take it back, all was well."

    def delete(self) -> None:
        resource = response(21) | {"status": "entered-in-error"}
        resource["meta"]["lastUpdated"] = instant(41)
        self.resources[21] = resource
        del self.texts["eastgate/21:better"]


def questionnaire() -> dict[str, Any]:
    good = {"system": "http://loinc.org", "code": "LA8967-7", "display": "Excellent"}
    ordinal = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
    weight = {"url": ordinal, "valueDecimal": 5}
    return {
        "resourceType": "Questionnaire",
        "url": CANONICAL,
        "item": [
            {
                "linkId": "visit",
                "type": "group",
                "item": [
                    {"linkId": "better", "type": "text", "text": "What could we do better?"},
                    {
                        "linkId": "overall",
                        "type": "choice",
                        "text": "Overall",
                        "answerOption": [{"valueCoding": {**good, "extension": [weight]}}],
                    },
                ],
            }
        ],
    }


def response(number: int) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "id": str(number),
        "meta": {"versionId": "1", "lastUpdated": instant(number)},
        "questionnaire": CANONICAL,
        "status": "completed",
        "subject": {"reference": f"Patient/p{number % 7}"},
        "authored": instant(number),
        "item": [
            {
                "linkId": "visit",
                "text": "Your visit",
                "item": [
                    {
                        "linkId": "better",
                        "text": "What could we do better?",
                        "answer": [{"valueString": sentence(number)}],
                    },
                    {
                        "linkId": "overall",
                        "text": "Overall",
                        "answer": [{"valueInteger": number % 5 + 1}],
                    },
                ],
            }
        ],
    }


def instant(number: int) -> str:
    return moment(number).isoformat().replace("+00:00", ".000Z")


def _outcome(status: int, code: str) -> Response:
    issue = {"severity": "error", "code": code}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    return JSONResponse(outcome, status, media_type=FHIR_JSON)
