"""The NHS website's Ratings and Reviews API, as https://developer.api.nhs.uk documents it."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fake_service import FakeService, moment, sentence

KEY = "nhs-key-4711"
CODES = ("RRV03", "A12345")
PER_PAGE = 10
_RATED = "How do you rate your experience?"


class FakeNhsReviews(FakeService):
    name: ClassVar[str] = "nhs_reviews"
    place_paths: ClassVar = tuple(f"odsCode={code}&" for code in CODES)
    secrets: ClassVar = (KEY,)
    pages_by_offset: ClassVar[bool] = True

    def __init__(self) -> None:
        self.header = "subscription-key"
        self.entries: list[dict[str, Any]] = []
        self.texts: dict[str, str] = {}
        self.wraps = True
        """False if an entry is the comment itself, with its response."""
        self.ignores_status = False
        self.says: dict[str, Any] = {}
        """What each comment says in place of what it is."""
        self.answer: object = None
        """What is returned in place of each list."""
        for number in range(25):
            self._put(CODES[0], number)
        for number in range(25, 33):
            self._put(CODES[1], number)
        gone = self._entry(CODES[1], 40)
        gone["comment"]["status"] = "removed"
        self.entries.insert(7, gone)  # no order is documented

    def _put(self, code: str, number: int) -> None:
        entry = self._entry(code, number)
        self.entries.append(entry)
        self.texts[entry["comment"]["commentId"]] = f"Visit {number}\n{sentence(number)}"

    def _entry(self, code: str, number: int) -> dict[str, Any]:
        at = _local(number)
        comment = {
            "commentId": f"0f3b6c1e-0000-4000-8000-{number:012}",
            "commentRef": f"W{number}",
            "responseID": None,
            "odsCode": code,
            "commentOriginalURL": f"https://www.nhs.uk/services/hospital/eastgate/{number}",
            "title": f"Visit {number}",
            "commentText": sentence(number),
            "dateSubmitted": at,
            "lastUpdated": at,
            "sentimentScore": 0,
            "department": None,
            "publisherID": "7e0d1c5a-nhs",
            "publishersCommentRef": f"{number}",
            "screenName": "Jo Bloggs" if number % 2 else "Anonymous",
            "status": "published",
            "removeReportLink": False,
            "ratings": [{"question": _RATED, "rating": number % 5 + 1}],
            "visit": {"month": 10, "year": 2026},
        }
        return {"comment": comment, "response": None}

    def find(self, number: int) -> dict[str, Any]:
        """Return the entry of a number."""
        name = f"{number:012}"
        return next(each for each in self.entries if each["comment"]["commentId"].endswith(name))

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/comments/Comments", self._list)])

    def settings(self, url: str) -> dict[str, Any]:
        sites = dict(zip(CODES, ("Eastgate", "Westgate"), strict=True))
        return {"ods_codes": sites, "api_key": KEY, "per_page": PER_PAGE, "base_url": url}

    async def _list(self, request: Request) -> Response:
        if request.headers.get(self.header) != KEY:
            return JSONResponse({"statusCode": 401, "message": "Access denied"}, 401)
        if self.answer is not None:
            return JSONResponse(self.answer)
        asked = request.query_params
        assert asked["api-version"] == "1.0"
        if asked["odsCode"] not in CODES:
            return JSONResponse({"message": "Not found"}, 404)
        since = asked.get("fromDate", "")
        listed = [
            self._show(entry)
            for entry in self.entries
            if entry["comment"]["odsCode"] == asked["odsCode"]
            and (self.ignores_status or entry["comment"]["status"] == asked["status"])
            and entry["comment"]["dateSubmitted"] >= since
        ]
        start, size = int(asked["offset"]), int(asked["limit"])
        return JSONResponse({"comments": listed[start : start + size]})

    def _show(self, entry: dict[str, Any]) -> dict[str, Any]:
        comment = {**entry["comment"], **self.says}
        if not self.wraps:
            return {**comment, "response": entry["response"]}
        return {**entry, "comment": comment}

    def respond(self, number: int) -> None:
        """Let the organization respond, which leaves the comment's own times as they are."""
        entry = self.find(number)
        entry["comment"]["responseID"] = f"a-{number}"
        entry["response"] = {
            "commentID": f"a-{number}",
            "commentText": "Thank you for telling us.",
            "dateSubmitted": _local(number + 3),
            "lastUpdated": _local(number + 3),
            "status": "published",
        }

    def add(self) -> None:
        number = self.next_number()
        for code, other in zip(CODES, (0, 100), strict=True):
            entry = self._entry(code, number)
            entry["comment"]["commentId"] = f"0f3b6c1e-0000-4000-8000-{number + other:012}"
            self.entries.append(entry)
            self.texts[entry["comment"]["commentId"]] = f"Visit {number}\n{sentence(number)}"

    def edit(self) -> None:
        comment = self.find(3)["comment"]
        comment["commentText"] = "I take it back: they called and made it good."
        comment["lastUpdated"] = _local(41)
        self.texts[comment["commentId"]] = f"Visit 3\n{comment['commentText']}"

    def delete(self) -> None:
        comment = self.find(4)["comment"]
        comment["status"] = "removed"
        del self.texts[comment["commentId"]]


def _local(number: int) -> str:
    return moment(number).replace(tzinfo=None).isoformat(timespec="milliseconds")
