"""The REDCap API, as each server documents it at ``/api/help/``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schemas.record import deterministic_id
from tests.support.fake_service import FakeService, moment, sentence

TOKEN = "9A81268476645C4E5F03428B8AC3AA7B"  # noqa: S105
OTHER_TOKEN = "1B9D1AE5C4E8F0A72D6B3C0E4F5A6978"  # noqa: S105
FORM = "visit"


def field(name: str, kind: str, label: str, **more: str) -> dict[str, str]:
    """Return a field of the data dictionary."""
    validation = {"text_validation_type_or_show_slider_number": more.pop("validation", "")}
    empty = ("select_choices_or_calculations", "identifier", "field_annotation")
    named = {"field_name": name, "form_name": FORM, "field_type": kind, "field_label": label}
    return {**named, **dict.fromkeys(empty, ""), **validation, **more}


FIELDS: list[dict[str, str]] = [
    field("record_id", "text", "Record ID", form_name="intake"),
    field(
        "ward", "dropdown", "Ward", form_name="intake", select_choices_or_calculations="4, Ward 4"
    ),
    field("remarks", "notes", "Remarks of the nurse", form_name="intake"),
    field("better", "notes", "What could we do <b>better</b>?"),
    field("recommend", "radio", "Recommend?", select_choices_or_calculations="0, No | 8, Likely"),
    field("full_name", "text", "Name on the card", identifier="y"),
]


class FakeREDCap(FakeService):
    name: ClassVar[str] = "redcap"
    secrets: ClassVar = (TOKEN, OTHER_TOKEN)

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {TOKEN: [row(n) for n in range(35)]}
        self.changed: dict[str, datetime] = {str(n + 1): moment(n) for n in range(35)}
        """Times of the last change by record, which the server does not tell."""
        self.fields = FIELDS
        self.forms = {"intake": "Intake", FORM: "After your visit"}
        self.zone = timedelta(0)
        self.asked: list[dict[str, str]] = []
        self.refuses = ""
        """Token of a project whose user may not export."""
        self.texts = {native_id(n): sentence(n) for n in range(35)}

    @property
    def app(self) -> Any:
        return Starlette(routes=[Route("/redcap/api/", self._answer, methods=["POST"])])

    def settings(self, url: str) -> dict[str, Any]:
        return {
            "url": f"{url}/redcap/api/",
            "tokens": {"visits": TOKEN},
            "server": "eastgate",
            "window_days": 1,
        }

    async def _answer(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.asked.append(form)
        rows = self.rows.get(form["token"])
        if rows is None or form["token"] == self.refuses:
            error = "You do not have permissions to use the API"
            return JSONResponse({"error": error}, 403)
        if form["content"] == "project":
            created = moment(-1) + self.zone
            number = 41 if form["token"] == TOKEN else 42
            return JSONResponse(
                {"project_id": number, "creation_time": f"{created:%Y-%m-%d %H:%M:%S}"}
            )
        if form["content"] == "instrument":
            return JSONResponse(
                [
                    {"instrument_name": name, "instrument_label": label}
                    for name, label in self.forms.items()
                ]
            )
        return JSONResponse(
            self.fields if form["content"] == "metadata" else self._export(form, rows)
        )

    def _export(self, form: dict[str, str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert (form["type"], form["rawOrLabel"]) == ("flat", "raw")
        assert form["exportSurveyFields"] == "true"
        begin = self._server_time(form.get("dateRangeBegin", "2000-01-01 00:00:00"))
        end = self._server_time(form.get("dateRangeEnd", "2100-01-01 00:00:00"))
        wanted = {value for name, value in form.items() if name.startswith("fields[")}
        return [
            {
                name: value
                for name, value in each.items()
                if name in wanted
                or name.partition("___")[0] in wanted
                or name.startswith("redcap_")
                or name.endswith("_timestamp")
            }
            for each in rows
            if begin < self.changed[each["record_id"]] < end
        ]

    def _server_time(self, text: str) -> datetime:
        return datetime.fromisoformat(f"{text}+00:00") - self.zone

    def add(self) -> None:
        number = self.next_number()
        self.rows[TOKEN].append(row(number))
        self.changed[str(number + 1)] = moment(number)
        self.texts[native_id(number)] = sentence(number)


def row(number: int, **values: Any) -> dict[str, Any]:
    """Return a record of one row, as the flat export has it."""
    return {
        "record_id": str(number + 1),
        "redcap_survey_identifier": "Jo.Bloggs@mail.example",
        "ward": "4",
        "remarks": "Patient was restless.",
        f"{FORM}_timestamp": f"{moment(number):%Y-%m-%d %H:%M:%S}",
        "better": sentence(number),
        "recommend": "8",
        "full_name": "Jo Bloggs",
        f"{FORM}_complete": "2",
        **values,
    }


def native_id(number: int, project: int = 41, form: str = FORM, name: str = "better") -> str:
    hashed = deterministic_id(f"eastgate/{project}/{number + 1}")[:16]
    return f"eastgate/{project}/{hashed}/{form}:{name}"
