"""Surveys of SurveyMonkey: the types of answers, by the families of questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    get_object,
    get_objects,
    get_text,
    is_personal,
    parse_iso,
    plain_text,
    unix_ms,
)

Objects = list[dict[str, Any]]
_GRACE_S: Final = 300
_CHOICE_FAMILIES: Final = frozenset({"single_choice", "multiple_choice", "matrix", "presentation"})
_PERSONAL_FAMILIES: Final = frozenset({"file_upload", "payment"})
REMOVED: Final = "removed"
"""The family of questions that are no longer in the survey."""
_VALIDATED: Final = {
    "email": AnswerType.CONTACT,
    "phone": AnswerType.CONTACT,
    "integer": AnswerType.CHOICE,
    "decimal": AnswerType.CHOICE,
    "date": AnswerType.CHOICE,
}
"""Types of lines whose input is validated, by the first word of the validation's type."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, with its choices and rows by id."""

    id: str
    wording: str
    family: str
    subtype: str
    display: str
    choices: Mapping[str, dict[str, Any]]
    rows: Mapping[str, dict[str, Any]]
    other: Mapping[str, Any]
    validation: Mapping[str, Any]
    columns: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    ends: tuple[str, str] = ("", "")


def read_questions(survey: Any) -> dict[str, Question]:
    """Return the questions of a survey's details, by id."""
    return {
        str(question.get("id")): _parse_question(question)
        for page in get_objects(survey, "pages")
        for question in get_objects(page, "questions")
    }


def read_answers(questions: Mapping[str, Question], response: Any) -> list[FormAnswer]:
    """Return a response's answers; the answer to an empty free-text question is ``""``."""
    by_id: dict[str, Objects] = {}
    for page in get_objects(response, "pages"):
        for question in get_objects(page, "questions"):
            by_id[str(question.get("id"))] = get_objects(question, "answers")
    return [
        answer
        for question in questions.values()
        for answer in _answers(question, by_id.get(question.id, []))
    ]


def count_removed(questions: Mapping[str, Question], response: Any) -> int:
    """Return the number of texts to questions that are no longer in the survey."""
    return sum(
        any(answer.get("text") for answer in get_objects(question, "answers"))
        for page in get_objects(response, "pages")
        for question in get_objects(page, "questions")
        if (current := questions.get(get_text(question, "id"))) and current.family == REMOVED
    )


def modified_ms(response: Any) -> int | None:
    """Return when a response was last modified (Unix time, ms)."""
    moment = _moment(response, "date_modified")
    return unix_ms(moment) if moment else None


def was_edited(response: Any) -> bool:
    """Return True if a response was modified well after its submission."""
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


def _parse_question(question: dict[str, Any]) -> Question:
    answers = get_object(question, "answers")
    display = get_object(question, "display_options")
    headings = [str(heading.get("heading") or "") for heading in get_objects(question, "headings")]
    return Question(
        id=str(question.get("id")),
        wording=plain_text(headings[0]) if headings else "",
        family=str(question.get("family")),
        subtype=str(question.get("subtype")),
        display=str(display.get("display_subtype") or display.get("display_type")),
        choices=_by_id(get_objects(answers, "choices")),
        rows=_by_id(get_objects(answers, "rows")),
        other=get_object(answers, "other"),
        validation=get_object(question, "validation"),
        columns=_by_id(get_objects(answers, "cols")),
        ends=(get_text(display, "left_label"), get_text(display, "right_label")),
    )


def _answers(question: Question, given: Objects) -> Iterator[FormAnswer]:
    if question.family == "open_ended" and question.subtype in ("single", "essay"):
        text = given[0].get("text", "") if given else ""
        yield _open(question, text)
    elif question.family == "open_ended":
        yield from _lines(question, given)
    elif question.family == "demographic":
        yield from _details(question, given)
    elif question.family == "datetime":
        yield from _lines(question, given)
    elif question.family not in _CHOICE_FAMILIES:
        yield from _texts(question, given)
    elif question.family == "matrix" and question.subtype == "rating":
        yield from _ratings(question, given)
        yield from _other_row(question, given)
    elif question.family == "matrix":
        yield from _rows(question, given)
        yield from _other_row(question, given)
    elif given or question.other:
        yield _choice(question, given)
    yield from _comment(question, given)


def _choice(question: Question, given: Objects) -> FormAnswer:
    """Return the choices, and the text that was typed as another choice."""
    choices = [_wording(question.choices, answer.get("choice_id")) for answer in given]
    other = None
    if question.other.get("is_answer_choice"):
        texts = [str(answer.get("text") or "") for answer in given if answer.get("other_id")]
        other = ", ".join(filter(None, texts))
    is_box = len(question.choices) == 1 and other is None
    return FormAnswer(
        question.id,
        question.wording,
        AnswerType.BOX if is_box else AnswerType.CHOICE,
        [choice for choice in choices if choice],
        other=other,
    )


def _open(question: Question, text: Any) -> FormAnswer:
    if question.display == "file_upload":
        return FormAnswer(question.id, question.wording, AnswerType.PERSONAL, text)
    if question.display == "slider":
        low, high = _number(question.validation, "min"), _number(question.validation, "max")
        return FormAnswer(
            question.id, question.wording, AnswerType.SCALE, text, low, high, ends=question.ends
        )
    validated = _VALIDATED.get(str(question.validation.get("type")).partition("_")[0])
    kind = validated or (AnswerType.TEXT if question.subtype == "essay" else AnswerType.SHORT)
    return FormAnswer(question.id, question.wording, kind, text)


def _lines(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield the answers to a question with several labelled lines."""
    texts = {str(answer.get("row_id")): answer.get("text", "") for answer in given}
    for row, line in question.rows.items():
        label = str(line.get("text") or "")
        kind = AnswerType.SHORT if question.subtype == "multi" else AnswerType.CHOICE
        kind = AnswerType.PERSONAL if is_personal(label) else kind
        yield FormAnswer(
            f"{question.id}-{row}",
            _in_row(question, label),
            kind,
            texts.get(row, ""),
            also=(label, question.wording),
        )


def _details(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield the answers to a question for contact information."""
    for answer in given:
        row = question.rows.get(str(answer.get("row_id")), {})
        kind = AnswerType.CONTACT if row.get("type") in ("email", "phone") else AnswerType.PERSONAL
        yield FormAnswer(f"{question.id}-{answer.get('row_id')}", "", kind, answer.get("text"))


def _ratings(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield one score per row: a Net Promoter Score, stars, or a scale with weights."""
    scale = [choice for choice in question.choices.values() if not choice.get("is_na")]
    weights = [_number(choice, "weight") for choice in scale]
    for answer in given:
        choice = question.choices.get(str(answer.get("choice_id")))
        if choice is None or choice.get("is_na"):
            continue
        row = str(answer.get("row_id"))
        label = str(question.rows.get(row, {}).get("text") or "")
        field = f"{question.id}-{row}" if label else question.id
        wording = _in_row(question, label)
        if len(scale) == 11 and set(weights) <= {-100.0, 0.0, 100.0}:
            place = scale.index(choice)
            yield FormAnswer(
                field, wording, AnswerType.NPS, place, 0, 10, also=(label, question.id)
            )
            continue
        ends = [weight for weight in weights if weight is not None]
        low, high = (min(ends), max(ends)) if ends else (None, None)
        kind = AnswerType.STARS if question.display == "star" else AnswerType.SCALE
        value = _number(choice, "weight")
        also = (label, question.id)
        labels = {_number(each, "weight"): str(each.get("text") or "") for each in scale}
        wordings = (labels.get(low, ""), labels.get(high, ""))
        yield FormAnswer(field, wording, kind, value, low, high, also, wordings)


def _rows(question: Question, given: Objects) -> Iterator[FormAnswer]:
    for answer in given:
        row = str(answer.get("row_id"))
        if answer.get("other_id"):
            continue
        label = str(question.rows.get(row, {}).get("text") or "")
        field = f"{question.id}-{row}" if label else question.id
        column = question.columns.get(str(answer.get("col_id")), {})
        choices = _by_id(get_objects(column, "choices")) if column else question.choices
        choice = _wording(choices, answer.get("choice_id"))
        heading = get_text(column, "text")
        if heading:
            field = f"{field}-{answer.get('col_id')}"
        wording = _in_row(question, ", ".join(filter(None, (label, heading))))
        yield FormAnswer(field, wording, AnswerType.CHOICE, choice, also=(label,))


def _other_row(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield the row that a person may add to a table, which is a text."""
    if not question.other.get("is_answer_choice"):
        return
    texts = [get_text(answer, "text") for answer in given if answer.get("other_id")]
    other = ", ".join(filter(None, texts))
    yield FormAnswer(question.id, question.wording, AnswerType.CHOICE, None, other=other)


def _texts(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield the texts of a question of another family, which may be new."""
    kind = AnswerType.PERSONAL if question.family in _PERSONAL_FAMILIES else AnswerType.SHORT
    for answer in given:
        if answer.get("text"):
            yield FormAnswer(question.id, question.wording, kind, answer["text"])


def _comment(question: Question, given: Objects) -> Iterator[FormAnswer]:
    """Yield the comment below a question with choices, also if its box was removed."""
    other = question.other
    if other.get("is_answer_choice"):
        return
    texts = {str(each["other_id"]): each.get("text") for each in given if each.get("other_id")}
    label = plain_text(str(other.get("text") or ""))
    for number in [str(other.get("id"))] if other else texts:
        field, wording = f"{question.id}-{number}", _in_row(question, label)
        yield FormAnswer(field, wording, AnswerType.TEXT, texts.get(number, ""))


def _by_id(objects: Objects) -> dict[str, dict[str, Any]]:
    return {str(each.get("id")): each for each in objects}


def _in_row(question: Question, label: str) -> str:
    return f"{question.wording} ({label})" if label else question.wording


def _wording(choices: Mapping[str, dict[str, Any]], number: Any) -> str:
    return str(choices.get(str(number), {}).get("text") or "")


def _number(holder: Mapping[str, Any], name: str) -> float | None:
    value = holder.get(name)
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None
