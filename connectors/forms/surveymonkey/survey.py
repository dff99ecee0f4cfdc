"""Surveys as SurveyMonkey describes them: which answer is what, by the questions' families."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    get_object,
    get_objects,
    is_personal,
    parse_iso,
    plain_text,
    unix_ms,
)

Objects = list[dict[str, Any]]
_GRACE_S: Final = 300


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its choices and rows by their ids."""

    id: str
    wording: str
    family: str
    subtype: str
    display: str
    choices: Mapping[str, dict[str, Any]]
    rows: Mapping[str, dict[str, Any]]
    other: Mapping[str, Any]
    validation: Mapping[str, Any]


def questions_of(survey: Any) -> dict[str, Question]:
    """The questions of a survey's details, by their ids."""
    listed = (
        one for page in get_objects(survey, "pages") for one in get_objects(page, "questions")
    )
    return {str(one.get("id")): _question(one) for one in listed}


def answers_of(questions: Mapping[str, Question], response: Any) -> list[FormAnswer]:
    """A response's answers; free text that was left empty is an answer of ``""``."""
    given: dict[str, Objects] = {}
    for page in get_objects(response, "pages"):
        for one in get_objects(page, "questions"):
            given[str(one.get("id"))] = get_objects(one, "answers")
    return [
        answer
        for question in questions.values()
        for answer in _answers(question, given.get(question.id, []))
    ]


def modified(response: Any) -> int | None:
    """When a response was last modified, in milliseconds."""
    moment = _moment(response, "date_modified")
    return unix_ms(moment) if moment else None


def was_edited(response: Any) -> bool:
    """Whether it was modified well after it was sent in."""
    created, last = _moment(response, "date_created"), _moment(response, "date_modified")
    spent = response.get("total_time")
    if created is None or last is None or not isinstance(spent, int):
        return False
    return (last - created).total_seconds() > max(0, spent) + _GRACE_S


def _moment(response: Any, name: str) -> datetime | None:
    try:
        return parse_iso(response[name])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _question(told: dict[str, Any]) -> Question:
    answers = get_object(told, "answers")
    display = get_object(told, "display_options")
    headings = [str(one.get("heading") or "") for one in get_objects(told, "headings")]
    return Question(
        id=str(told.get("id")),
        wording=plain_text(headings[0]) if headings else "",
        family=str(told.get("family")),
        subtype=str(told.get("subtype")),
        display=str(display.get("display_subtype") or display.get("display_type")),
        choices={str(one.get("id")): one for one in get_objects(answers, "choices")},
        rows={str(one.get("id")): one for one in get_objects(answers, "rows")},
        other=get_object(answers, "other"),
        validation=get_object(told, "validation"),
    )


def _answers(question: Question, given: Objects) -> Iterator[FormAnswer]:
    if question.family == "open_ended" and question.subtype in ("single", "essay"):
        text = given[0].get("text", "") if given else ""
        yield _open(question, text)
    elif question.family == "open_ended":
        yield from _lines(question, given)
    elif question.family == "demographic":
        yield from _details(question, given)
    elif question.family == "matrix" and question.subtype == "rating":
        yield from _ratings(question, given)
    elif question.family == "matrix":
        yield from _rows(question, given)
    elif given:
        chosen = [_wording(question.choices, one.get("choice_id")) for one in given]
        chosen += [str(one.get("text") or "") for one in given if one.get("other_id")]
        yield FormAnswer(
            question.id, question.wording, AnswerType.CHOICE, [one for one in chosen if one]
        )
    yield from _comment(question, given)


def _open(question: Question, text: Any) -> FormAnswer:
    if question.display == "file_upload":
        return FormAnswer(question.id, question.wording, AnswerType.PERSONAL, text)
    if question.display == "slider":
        low, high = _number(question.validation, "min"), _number(question.validation, "max")
        return FormAnswer(question.id, question.wording, AnswerType.SCALE, text, low, high)
    return FormAnswer(question.id, question.wording, AnswerType.TEXT, text)


def _lines(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Several lines to write on, each with a label of its own."""
    written = {str(one.get("row_id")): one.get("text", "") for one in given}
    for row, told in question.rows.items():
        label = str(told.get("text") or "")
        kind = AnswerType.TEXT if question.subtype == "multi" else AnswerType.CHOICE
        kind = AnswerType.PERSONAL if is_personal(label) else kind
        yield FormAnswer(
            f"{question.id}-{row}",
            _in_row(question, label),
            kind,
            written.get(row, ""),
            also=(label,),
        )


def _details(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Contact information: who it is, and where they can be reached."""
    for one in given:
        row = question.rows.get(str(one.get("row_id")), {})
        kind = AnswerType.CONTACT if row.get("type") in ("email", "phone") else AnswerType.PERSONAL
        yield FormAnswer(f"{question.id}-{one.get('row_id')}", "", kind, one.get("text"))


def _ratings(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """A score in each row: a Net Promoter Score, stars, or a scale with weights."""
    scale = [one for one in question.choices.values() if not one.get("is_na")]
    weights = [_number(one, "weight") for one in scale]
    for one in given:
        chosen = question.choices.get(str(one.get("choice_id")))
        if chosen is None or chosen.get("is_na"):
            continue
        row = str(one.get("row_id"))
        label = str(question.rows.get(row, {}).get("text") or "")
        field = f"{question.id}-{row}" if label else question.id
        asked = _in_row(question, label)
        if len(scale) == 11 and set(weights) <= {-100.0, 0.0, 100.0}:
            place = scale.index(chosen)
            yield FormAnswer(field, asked, AnswerType.NPS, place, 0, 10, also=(label, question.id))
            continue
        known = [weight for weight in weights if weight is not None]
        low, high = (min(known), max(known)) if known else (None, None)
        kind = AnswerType.STARS if question.display == "star" else AnswerType.SCALE
        value = _number(chosen, "weight")
        yield FormAnswer(field, asked, kind, value, low, high, also=(label, question.id))


def _rows(question: Question, given: Objects) -> Iterator[FormAnswer]:
    for one in given:
        row = str(one.get("row_id"))
        label = str(question.rows.get(row, {}).get("text") or "")
        field = f"{question.id}-{row}" if label else question.id
        chosen = _wording(question.choices, one.get("choice_id"))
        yield FormAnswer(field, _in_row(question, label), AnswerType.CHOICE, chosen, also=(label,))


def _comment(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """The box for comments below a question with choices."""
    other = question.other
    if not other or other.get("is_answer_choice"):
        return
    number = str(other.get("id"))
    text = next((one.get("text") for one in given if str(one.get("other_id")) == number), "")
    label = plain_text(str(other.get("text") or ""))
    yield FormAnswer(f"{question.id}-{number}", _in_row(question, label), AnswerType.TEXT, text)


def _in_row(question: Question, label: str) -> str:
    return f"{question.wording} ({label})" if label else question.wording


def _wording(choices: Mapping[str, dict[str, Any]], number: Any) -> str:
    return str(choices.get(str(number), {}).get("text") or "")


def _number(holder: Mapping[str, Any], name: str) -> float | None:
    value = holder.get(name)
    return float(value) if isinstance(value, int | float) else None
