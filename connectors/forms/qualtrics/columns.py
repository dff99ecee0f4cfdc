"""Columns of a Qualtrics response, which hold answers and embedded data.

A column of answers is named after its question: ``QID3``, ``QID3_TEXT``, ``QID3_4`` for a row or a
field, ``2_QID3`` for a question in a loop. All other columns are embedded data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import (
    AnswerType,
    FormAnswer,
    get_object,
    is_other_comment,
    is_personal,
    plain_text,
)

_COLUMN: Final = re.compile(r"(?:\d+_)?(QID\d+)(?:([_#])(.+))?")
_DERIVED: Final = re.compile(
    r"(?:.*_)?(?:NPS_GROUP|DO|FILE_(?:ID|NAME|SIZE|TYPE)|TEXT[_ -].+)"
    r"|.*(?:Topics?|Sentiment(?:Score|Polarity|Label)?|Actionability\w*|Emotion\w*)"
)
"""Parts that Qualtrics adds: its groups and files, and what its text analytics finds."""
_GRID_PART: Final = re.compile(r"(x?\d+)_(\d+)")
_BY_SIDE_PART: Final = re.compile(r"(\d+)_(.+)")
_NUMBER: Final = re.compile(r"\s*-?\d+(?:\.\d+)?\s*")
_PERSONAL: Final = frozenset({"FileUpload", "Draw", "Meta", "Timing", "Captcha", "HeatMap"})
_FREE_TEXT: Final = re.compile(r"(?:(.+)_)?TEXT")
_SHORT: Final = frozenset({"SL", "FORM", "PW"})
_VALIDATED: Final = {
    "email": AnswerType.CONTACT,
    "phone": AnswerType.CONTACT,
    "number": AnswerType.CHOICE,
    "date": AnswerType.CHOICE,
    "zip": AnswerType.PERSONAL,
    "postal": AnswerType.PERSONAL,
    "state": AnswerType.PERSONAL,
}
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")
_SCRIPTS: Final = {"ZH-S": "zh-Hans", "ZH-T": "zh-Hant"}


def read_answers(
    response: dict[str, Any], questions: dict[str, Any], numbers: frozenset[str]
) -> Iterator[FormAnswer]:
    """Yield the answers to questions that are still in the survey, by column.

    ``numbers`` are case-folded ids, names or wordings of the questions whose choices stand for
    their recoded numbers.
    """
    values, labels = get_object(response, "values"), get_object(response, "labels")
    for column, value in values.items():
        match = _COLUMN.fullmatch(column)
        question = get_object(questions, match[1]) if match else {}
        if match is None or not question or _DERIVED.fullmatch(match[3] or ""):
            continue
        number, part = match[1], match[3] or ""
        column_question, part = _split_side_by_side(question, part, is_by_side=match[2] == "#")
        part_wording = _part_wording(column_question, part)
        asked = _text(question.get("questionText"))
        wording = ": ".join(filter(None, (asked, part_wording)))
        also = (number, str(question.get("questionName") or ""), asked)
        kind = _answer_type(column_question, part, f"{column}_NPS_GROUP" in values)
        if kind is AnswerType.CHOICE and not _is_line(column_question):
            kind = _choice_type(part, value, labels.get(column), asked)
        is_text = kind in (AnswerType.TEXT, AnswerType.SHORT)
        if is_text and any(map(is_personal, part_wording.split(", "))):
            kind = AnswerType.PERSONAL
        names = {name.casefold() for name in (column, *also, wording)}
        if kind in (AnswerType.CHOICE, AnswerType.BOX) and numbers.isdisjoint(names):
            value = labels.get(column, value)
        yield FormAnswer(column, wording, kind, value, also=also)


def embedded_data(response: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that are not answers: embedded data and Qualtrics' metadata."""
    values = get_object(response, "values")
    return {name: value for name, value in values.items() if not _COLUMN.fullmatch(name)}


def language_tag(code: Any) -> str | None:
    """Return the BCP 47 tag of a survey language, or None if its code is not valid."""
    if not isinstance(code, str):
        return None
    match = _LANGUAGE.fullmatch(code)
    if match is None or code.upper() in _SCRIPTS:
        return _SCRIPTS.get(code.upper())
    return "-".join(part for part in (match[1].lower(), (match[2] or "").upper()) if part)


def count_removed(response: dict[str, Any], questions: dict[str, Any]) -> int:
    """Return the number of texts to questions that are no longer in the survey."""
    values = get_object(response, "values")
    matches = ((_COLUMN.fullmatch(column), value) for column, value in values.items())
    return sum(
        match is not None
        and match[1] not in questions
        and _FREE_TEXT.fullmatch(match[3] or "") is not None
        and bool(value)
        for match, value in matches
    )


def _split_side_by_side(
    question: dict[str, Any], part: str, *, is_by_side: bool
) -> tuple[dict[str, Any], str]:
    """Return the column of a side-by-side question that a part names, and the rest of the part."""
    match = _BY_SIDE_PART.fullmatch(part) if is_by_side else None
    if match is None:
        return question, part
    columns = (get_object(question, name, match[1]) for name in ("columns", "additionalQuestions"))
    column = next(filter(None, columns), {})
    return {**question, **column, "isColumn": True, "column": column.get("questionText")}, match[2]


def _is_typed(value: Any, label: Any) -> bool:
    """Return True for text where a choice has a number and a label: it was typed."""
    return isinstance(value, str) and not label and not _NUMBER.fullmatch(value)


def _part_wording(question: dict[str, Any], part: str) -> str:
    """Return the wording of the row, field or choice that a column is about."""
    match = _FREE_TEXT.fullmatch(part)
    part = (match[1] or "") if match else part
    cell = _GRID_PART.fullmatch(part)
    if cell and not get_object(question, "choices", part):
        row = get_object(question, "subQuestions", cell[1])
        choice = {} if question.get("isColumn") else get_object(question, "choices", cell[2])
        wordings = (question.get("column"), row.get("choiceText"), choice.get("choiceText"))
        return ", ".join(filter(None, map(_text, wordings)))
    if question.get("isColumn"):
        row = get_object(question, "subQuestions", part)
        return ", ".join(filter(None, (_text(question["column"]), _text(row.get("choiceText")))))
    choice = get_object(get_object(question, "subQuestions"), part) or get_object(
        get_object(question, "choices"), part
    )
    return _text(choice.get("choiceText"))


def _text(html: Any) -> str:
    return plain_text(html) if isinstance(html, str) else ""


def _answer_type(question: dict[str, Any], part: str, has_nps_group: bool) -> AnswerType:
    question_type = get_object(question, "questionType")
    kind, selector = question_type.get("type"), question_type.get("selector")
    if kind in _PERSONAL:
        return AnswerType.PERSONAL
    if _is_line(question):
        return _line_type(question, str(selector))
    if selector == "TE":
        return AnswerType.TEXT
    if kind == "Slider":
        return AnswerType.SCALE
    if kind == "MC" and len(get_object(question, "choices")) == 1 and not part.endswith("TEXT"):
        return AnswerType.BOX
    return AnswerType.NPS if selector == "NPS" or has_nps_group else AnswerType.CHOICE


def _is_line(question: dict[str, Any]) -> bool:
    return get_object(question, "questionType").get("type") == "TE"


def _choice_type(part: str, value: Any, label: Any, asked: str) -> AnswerType:
    """Return the type of a choice, or of a text that was typed beside it or in its place."""
    if _FREE_TEXT.fullmatch(part):
        return AnswerType.TEXT if is_other_comment(asked, str(value)) else AnswerType.SHORT
    return AnswerType.SHORT if _is_typed(value, label) else AnswerType.CHOICE


def _line_type(question: dict[str, Any], selector: str) -> AnswerType:
    """Return the type of a text, which may be validated as an address or a number."""
    for validation in _validations(question):
        for word, kind in _VALIDATED.items():
            if word in validation:
                return kind
    return AnswerType.SHORT if selector in _SHORT else AnswerType.TEXT


def _validations(question: dict[str, Any]) -> Iterator[str]:
    """Yield what a text is validated as, in the words of both of Qualtrics' interfaces."""
    validation = get_object(question, "validation") or get_object(question, "Validation")
    below = (get_object(validation, name) for name in ("Settings", "settings"))
    for settings in (validation, *below):
        for name in ("type", "contentType", "Type", "ContentType"):
            if isinstance(settings.get(name), str):
                yield settings[name].casefold().removeprefix("valid")
