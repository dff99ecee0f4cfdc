"""Whatever a survey holds: each text answer is in a record, a dead letter or a count.

``FORMS_INPUTS`` is the number of generated inputs per service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.forms.fhir.connector import Fhir
from connectors.forms.google_forms import GoogleForms, _questions
from connectors.forms.qualtrics.connector import Qualtrics
from connectors.forms.surveymonkey.connector import SurveyMonkey
from connectors.forms.surveymonkey.survey import read_questions
from connectors.sdk.base import Item
from connectors.sdk.errors import BadRecord, Skip
from tests.connectors.forms.test_no_text_is_lost import CONTEXT, INPUTS, MAX_FIELDS, TITLES, Writer

AT = "2026-11-19T10:00:00Z"
CHOICES = {"choices": [{"id": "10", "text": "Bad"}, {"id": "11", "text": "Good"}]}
ROWS = {"rows": [{"id": "5", "text": "Food"}]}
SETTINGS: dict[str, Sequence[Any]] = {
    "comments": (["f0"], ["f1", "QID1", "1"]),
    "personal": (["f1", "QID2"],),
    "keep": (["f2", "2"],),
    "contact_field": ("f3", "QID3", "3"),
    "site_field": ("f4", "4", "QID4_TEXT"),
    "scores": ({"f5": "stars", "5": "stars", "QID5": "stars"},),
}


def write_google(writer: Writer, count: int) -> Any:
    items, answers = [], {}
    for number in range(count):
        kind = writer.pick("long", "line", "other", "new", "row", "removed")
        question: dict[str, Any] = {"questionId": f"f{number}"}
        if kind in ("long", "line", "removed"):
            question["textQuestion"] = {"paragraph": kind == "long"}
        elif kind == "other":
            question["choiceQuestion"] = {"options": [{"value": "Food"}, {"isOther": True}]}
        else:
            question["rowQuestion" if kind == "row" else "newQuestion"] = {"title": "Row"}
        shown: dict[str, Any] = {"questionItem": {"question": question}}
        if kind == "row":
            shown = {"questionGroupItem": {"questions": [question]}}
        if kind != "removed":
            items.append({"title": writer.pick(*TITLES), **shown})
        text = "Food" if kind == "row" else writer.text()
        answers[f"f{number}"] = {"textAnswers": {"answers": [{"value": text}]}}
    return {"form": {"items": items}, "response": {"answers": answers}}


def write_qualtrics(writer: Writer, count: int) -> Any:
    questions, values = {}, {}
    for number in range(1, count + 1):
        kind, selector, suffix = writer.pick(
            *(("TE", "ML", "_TEXT"), ("TE", "SL", "_TEXT"), ("TE", "FORM", "_1")),
            ("", "", "_TEXT"),
            *(("MC", "SAVR", "_1_TEXT"), ("MC", "MAVR", "_1_TEXT"), ("Matrix", "TE", "_1_1")),
            *(("SBS", "SBSMatrix", "#2_1_1"), ("SBS", "SBSMatrix", "#2_1_TEXT")),
        )  # fmt: skip
        part = {"1": {"choiceText": writer.pick(*TITLES)}}
        if kind:
            questions[f"QID{number}"] = {
                "questionType": {"type": kind, "selector": selector},
                "questionText": writer.pick(*TITLES),
                **({"choices": part} if kind != "SBS" else {}),
                **({"subQuestions": part} if kind in ("SBS", "Matrix") else {}),
            }
        values[f"QID{number}{suffix}"] = writer.text()
    return {"questions": questions, "values": {"endDate": AT, "recordedDate": AT, **values}}


def write_surveymonkey(writer: Writer, count: int) -> Any:
    questions, given_answers = [], []
    other = {"id": "9", "text": "Other", "is_answer_choice": True}
    comment = {"id": "9", "text": "Why?"}
    typed = {"other_id": "9"}
    for number in range(1, count + 1):
        family, subtype, answers, told = writer.pick(
            ("open_ended", "essay", {}, {}),
            ("open_ended", "single", {}, {}),
            ("open_ended", "multi", ROWS, {"row_id": "5"}),
            ("single_choice", "vertical", {**CHOICES, "other": other}, typed),
            ("multiple_choice", "vertical", {**CHOICES, "other": comment}, typed),
            ("single_choice", "vertical", CHOICES, typed),
            ("matrix", "single", {**CHOICES, **ROWS, "other": other}, typed),
            ("matrix", "rating", {**CHOICES, **ROWS, "other": other}, typed),
            ("matrix", "rating", {**CHOICES, **ROWS, "other": comment}, typed),
            ("demographic", "us", {"rows": [{"id": "5", "type": "name"}]}, {"row_id": "5"}),
            ("future", "new", {}, {}),
            ("file_upload", "new", {}, {}),
        )
        headings = [{"heading": writer.pick(*TITLES)}]
        question = {"id": str(number), "family": family, "subtype": subtype, "answers": answers}
        questions.append({**question, "headings": headings})
        given_answers.append({"id": str(number), "answers": [{**told, "text": writer.text()}]})
    survey = {"pages": [{"questions": questions}]}
    return {"survey": survey, "response": {"pages": [{"questions": given_answers}]}}


def write_fhir(writer: Writer, count: int) -> Any:
    items = []
    for number in range(count):
        question = {"linkId": f"f{number}", "text": writer.pick(*TITLES)}
        answer = {"valueString": writer.text()}
        match writer.pick("text", "choice", "below", "group"):
            case "text":
                items.append({**question, "answer": [answer]})
            case "choice":
                items.append({**question, "answer": [{"valueCoding": {"display": "a"}}, answer]})
            case "below":
                below = {**question, "answer": answer}
                items.append({"linkId": "b", "answer": [{"valueBoolean": True, "item": [below]}]})
            case _:
                items.append({"linkId": "g", "item": {**question, "answer": answer}})
    return {"item": items}


def read_google(source: GoogleForms, given_data: Any) -> list[Item]:
    response = {"responseId": "r", "createTime": AT, **given_data["response"]}
    return source._items(response, _questions(given_data["form"]), "")


def read_qualtrics(source: Qualtrics, given_data: Any) -> list[Item]:
    response = {"responseId": "R_1", "values": given_data["values"], "labels": {}}
    return source._items(response, {"name": "S", "questions": given_data["questions"]})


def read_surveymonkey(source: SurveyMonkey, given_data: Any) -> list[Item]:
    source._questions_by_survey["1"] = read_questions(given_data["survey"])
    common = {"id": "9", "response_status": "completed", "date_created": AT}
    return source._items("1", {**common, **given_data["response"]})


def read_fhir(source: Fhir, given_data: Any) -> list[Item]:
    common = {"id": "1", "status": "completed", "authored": AT, "questionnaire": "https://q"}
    return source._items({**common, **given_data})


class Service(NamedTuple):
    """A connector, its settings, and what is read by it."""

    kind: Any
    settings: dict[str, Any]
    write: Callable[[Writer, int], Any]
    read: Callable[[Any, Any], list[Item]]


GOOGLE = {"form": "F", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
SERVICES = {
    "fhir": Service(
        Fhir, {"base_url": "https://f", "questionnaire": "https://q"}, write_fhir, read_fhir
    ),
    "google_forms": Service(GoogleForms, GOOGLE, write_google, read_google),
    "qualtrics": Service(
        Qualtrics,
        {"survey": "SV_1", "datacenter": "fra1", "api_token": "t"},
        write_qualtrics,
        read_qualtrics,
    ),
    "surveymonkey": Service(
        SurveyMonkey, {"surveys": ["1"], "access_token": "t"}, write_surveymonkey, read_surveymonkey
    ),
}  # fmt: skip


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_every_text_is_in_a_record_or_a_dead_letter_or_counted(service: str) -> None:
    kind, fixed, write, read = SERVICES[service]

    @given(st.integers(0, 2**63))
    @settings(max_examples=INPUTS, deadline=None, database=None)
    def check(seed: int) -> None:
        random = Random(seed)
        chosen = {
            name: random.choice(values)
            for name, values in SETTINGS.items()
            if random.random() < 0.25
        }
        source = kind(kind.Config.model_validate({**fixed, **chosen}), CONTEXT)
        writer = Writer(random)
        held, left_out = [], 0
        for item in read(source, write(writer, random.randrange(MAX_FIELDS))):
            left_out += sum(item.left_out.values())
            try:
                held.append(source.parse(item).to_payload().decode())
            except BadRecord:
                held.append(json.dumps(item.data, ensure_ascii=False))
            except Skip:
                left_out += 1
        missing = [mark for mark in writer.marks if mark not in "".join(held)]
        placed = sum(name in chosen for name in ("contact_field", "site_field"))
        assert len(missing) <= left_out + placed

    check()
