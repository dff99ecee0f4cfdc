"""Columns of a Qualtrics response, which hold answers and embedded data.

A column of answers is named after its question: ``QID3``, ``QID3_TEXT``, ``QID3_4`` for a row or a
field, ``2_QID3`` for a question in a loop. All other columns are embedded data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_object, is_personal, plain_text

_COLUMN: Final = re.compile(r"(?:\d+_)?(QID\d+)(?:[_#](.+))?")
_DERIVED: Final = re.compile(
    r"(?:.*_)?(?:NPS_GROUP|DO|FILE_(?:ID|NAME|SIZE|TYPE)|TEXT[_ -].+)"
    r"|.*(?:Topics?|Sentiment(?:Score|Polarity|Label)?|Actionability\w*|Emotion\w*)"
)
"""Parts that Qualtrics adds: its groups and files, and what its text analytics finds."""
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
        if match is None or not question or _DERIVED.fullmatch(match[2] or ""):
            continue
        number, part = match[1], match[2] or ""
        part_wording = _part_wording(question, part)
        wordings = (_text(question.get("questionText")), part_wording)
        wording = ": ".join(filter(None, wordings))
        also = (number, str(question.get("questionName") or ""))
        kind = _answer_type(question, part, f"{column}_NPS_GROUP" in values)
        if kind in (AnswerType.TEXT, AnswerType.SHORT) and is_personal(part_wording):
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


def _part_wording(question: dict[str, Any], part: str) -> str:
    """Return the wording of the row, field or choice that a column is about."""
    match = _FREE_TEXT.fullmatch(part)
    part = (match[1] or "") if match else part
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
    if kind == "TE":
        return _line_type(question, str(selector))
    if selector == "TE" or _FREE_TEXT.fullmatch(part):
        return AnswerType.TEXT
    if kind == "MC" and len(get_object(question, "choices")) == 1:
        return AnswerType.BOX
    return AnswerType.NPS if selector == "NPS" or has_nps_group else AnswerType.CHOICE


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
    for settings in (validation, get_object(validation, "Settings")):
        for name in ("type", "contentType", "Type", "ContentType"):
            if isinstance(settings.get(name), str):
                yield settings[name].casefold().removeprefix("valid")
