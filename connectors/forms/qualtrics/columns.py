"""Answers of a Qualtrics response: which column is which question's, and what is in it.

A column is named after its question: ``QID3``, ``QID3_TEXT``, ``QID3_4`` for a row or a field,
``2_QID3`` where the question is asked in a loop. What is named otherwise is embedded data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_object, is_personal, plain_text

_COLUMN: Final = re.compile(r"(?:\d+_)?(QID\d+)(?:[_#](.+))?")
_DERIVED: Final = re.compile(r"(?:.*_)?(?:NPS_GROUP|DO|FILE_(?:ID|NAME|SIZE|TYPE))")
_PERSONAL: Final = frozenset({"FileUpload", "Draw", "Meta", "Timing", "Captcha", "HeatMap"})
_WRITTEN: Final = re.compile(r"(?:(.+)_)?TEXT")
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")
_SCRIPTS: Final = {"ZH-S": "zh-Hans", "ZH-T": "zh-Hant"}


def answers_of(
    response: dict[str, Any], questions: dict[str, Any], numbers: frozenset[str]
) -> Iterator[FormAnswer]:
    """The answers to questions that are still in the survey, by their columns.

    ``numbers`` are ids, names or wordings, in small letters, of the questions with choices of
    which the recoded number is wanted rather than the wording.
    """
    values, labels = get_object(response, "values"), get_object(response, "labels")
    for column, value in values.items():
        found = _COLUMN.fullmatch(column)
        question = get_object(questions, found[1]) if found else {}
        if found is None or not question or _DERIVED.fullmatch(found[2] or ""):
            continue
        number, part = found[1], found[2] or ""
        below = _wording_below(question, part)
        wording = ": ".join(one for one in (_text(question.get("questionText")), below) if one)
        also = (number, str(question.get("questionName") or ""))
        kind = _kind(question, part, f"{column}_NPS_GROUP" in values)
        if kind is AnswerType.TEXT and is_personal(below):
            kind = AnswerType.PERSONAL
        asked = {one.casefold() for one in (column, *also, wording)}
        if kind is AnswerType.CHOICE and numbers.isdisjoint(asked):
            value = labels.get(column, value)
        yield FormAnswer(column, wording, kind, value, also=also)


def embedded(response: dict[str, Any]) -> dict[str, Any]:
    """What is no answer: embedded data, and what Qualtrics notes of each response."""
    values = get_object(response, "values")
    return {name: value for name, value in values.items() if not _COLUMN.fullmatch(name)}


def language(code: Any) -> str | None:
    """A BCP 47 tag of the code of a survey's language; None where it is none."""
    if not isinstance(code, str):
        return None
    found = _LANGUAGE.fullmatch(code)
    if found is None or code.upper() in _SCRIPTS:
        return _SCRIPTS.get(code.upper())
    return "-".join(part for part in (found[1].lower(), (found[2] or "").upper()) if part)


def _wording_below(question: dict[str, Any], part: str) -> str:
    """The row, field or choice of a question that this column is about."""
    written = _WRITTEN.fullmatch(part)
    part = (written[1] or "") if written else part
    told = get_object(get_object(question, "subQuestions"), part) or get_object(
        get_object(question, "choices"), part
    )
    return _text(told.get("choiceText"))


def _text(html: Any) -> str:
    return plain_text(html) if isinstance(html, str) else ""


def _kind(question: dict[str, Any], part: str, has_nps_group: bool) -> AnswerType:
    told = get_object(question, "questionType")
    kind, selector = told.get("type"), told.get("selector")
    if kind in _PERSONAL:
        return AnswerType.PERSONAL
    if kind == "TE" or selector == "TE" or _WRITTEN.fullmatch(part):
        return AnswerType.TEXT
    return AnswerType.NPS if selector == "NPS" or has_nps_group else AnswerType.CHOICE
