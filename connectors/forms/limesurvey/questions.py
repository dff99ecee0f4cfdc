"""Questions of a LimeSurvey survey, and the columns of its exports that hold their answers.

A column is named after its question: ``Q1``, ``Q2[SQ001]`` for a subquestion, ``Q3[other]`` and
``Q4[comment]`` for texts beside choices, ``Q5[SQ001comment]`` for one beside a box, and
``Q6[SQ001_SQ002]`` for a cell of a table. All other columns are metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_object, get_text, is_personal, plain_text

LONG_TEXTS: Final = frozenset("TU")
LINES: Final = frozenset("SQ;")
"""Types of short texts: a line, several lines, a table of texts."""
WITH_OPTIONS: Final = frozenset("L!OFH1R")
"""Types whose codes stand for answer options."""
_BOXES: Final = frozenset("MP")
_UPLOAD: Final = "|"
_TEXT_BESIDE: Final = frozenset("L!")
_OTHER_CODE: Final = "-oth-"
_OTHER: Final = "other"
_COMMENT: Final = "comment"
_FIXED: Final[Mapping[str, Mapping[str, str]]] = {
    "Y": {"Y": "Yes", "N": "No"},
    "C": {"Y": "Yes", "U": "Uncertain", "N": "No"},
    "E": {"I": "Increase", "S": "Same", "D": "Decrease"},
    "G": {"M": "Male", "F": "Female"},
}
"""Codes of the types that have no options of their own."""
_COLUMN: Final = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?(?:\[([^\[\]]*)\])?")
_JOINED: Final = re.compile(rf"(.+?)({_OTHER}|{_COMMENT})")


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a survey."""

    code: str
    id: str
    type: str
    wording: str
    parts: Mapping[str, str] = field(default_factory=dict)
    """Wordings of its subquestions by their codes."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Wordings of its answer options by their codes."""
    has_other: bool = False
    is_validated: bool = False
    """True if it accepts numbers or a pattern only."""
    is_hidden: bool = False
    """True if people do not see it."""


def read_questions(rows: Sequence[Mapping[str, Any]]) -> dict[str, Question]:
    """Return the questions of a list of questions and subquestions, by their codes."""
    parts: dict[str, dict[str, str]] = {}
    for row in rows:
        if (parent := get_text(row, "parent_qid")) not in ("", "0"):
            parts.setdefault(parent, {})[get_text(row, "title")] = _wording(row)
    return {
        code: Question(
            code,
            native_id,
            get_text(row, "type"),
            _wording(row),
            parts.get(native_id, {}),
            has_other=row.get("other") == "Y",
            is_validated=bool(get_text(row, "preg").strip()),
        )
        for row in rows
        if get_text(row, "parent_qid") in ("", "0")
        and (code := get_text(row, "title"))
        and (native_id := get_text(row, "qid") or get_text(row, "id"))
    }


def read_options(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return the wordings of a question's answer options, by their codes."""
    options = get_object(properties, "answeroptions")
    return {
        code: wording
        for code, option in options.items()
        if (wording := plain_text(get_text(option, "answer")))
    }


def read_attributes(properties: Mapping[str, Any]) -> tuple[bool, bool]:
    """Return whether a question accepts numbers only, and whether it is hidden."""
    attributes = get_object(properties, "attributes")
    return get_text(attributes, "numbers_only") == "1", get_text(attributes, "hidden") == "1"


def read_answers(
    response: Mapping[str, Any], questions: Mapping[str, Question], numbers: frozenset[str]
) -> Iterator[FormAnswer]:
    """Yield the answers to the questions that people see.

    ``numbers`` are case-folded codes, ids or wordings of the questions whose codes are scores.
    """
    boxes: dict[str, list[str]] = {}
    others: dict[str, str] = {}
    for column, value in response.items():
        question, part, scale = find_question(column, questions)
        if question is None or question.is_hidden:
            continue
        if part == _OTHER and question.type in _BOXES | _TEXT_BESIDE:
            others[question.code] = "" if value is None else str(value)
        elif question.type in _BOXES and not part.endswith(_COMMENT):
            chosen = boxes.setdefault(question.code, [])
            if value == "Y":
                chosen.append(question.parts.get(part, part))
        elif question.type not in _TEXT_BESIDE:
            yield _answer(column, value, question, part, scale, numbers)
    for code, question in questions.items():
        if code in boxes or (question.type in _TEXT_BESIDE and code in response):
            value = boxes.get(code, response.get(code))
            yield _choice(value, question, others.get(code), numbers)


def find_question(
    column: str, questions: Mapping[str, Question]
) -> tuple[Question | None, str, str]:
    """Return the question of a column, the part of it that the column holds, and its scale."""
    match = _COLUMN.fullmatch(column)
    if match is not None and match[1] in questions:
        return questions[match[1]], match[2] or "", match[3] or ""
    joined = _JOINED.fullmatch(column)
    if joined is not None and joined[1] in questions:
        return questions[joined[1]], joined[2], ""
    return None, "", ""


def _answer(
    column: str,
    value: Any,
    question: Question,
    part: str,
    scale: str,
    numbers: frozenset[str],
) -> FormAnswer:
    """Return the answer in a column of its own."""
    part_wording = _part_wording(question, part)
    wording = ": ".join(filter(None, (question.wording, part_wording, scale)))
    also = (question.code, question.id)
    kind = _answer_type(question, part, part_wording)
    if kind is AnswerType.CHOICE:
        value = _decode(value, question, {column, wording, *also}, numbers)
    elif value is None:
        value = ""
    return FormAnswer(column, wording, kind, value, also=also)


def _choice(
    value: Any, question: Question, other: str | None, numbers: frozenset[str]
) -> FormAnswer:
    """Return a choice of one or several, with the text that was typed beside it."""
    names = {question.code, question.id, question.wording}
    if not isinstance(value, list):
        value = "" if value == _OTHER_CODE else _decode(value, question, names, numbers)
    if not question.has_other:
        other = None
    kind = AnswerType.BOX if question.type in _BOXES else AnswerType.CHOICE
    if kind is AnswerType.BOX and (len(question.parts) != 1 or question.has_other):
        kind = AnswerType.CHOICE
    return FormAnswer(
        question.code, question.wording, kind, value, also=(question.id,), other=other
    )


def _answer_type(question: Question, part: str, part_wording: str) -> AnswerType:
    if part.endswith(_COMMENT) and question.type in "OP":
        return AnswerType.TEXT
    if question.type in LONG_TEXTS:
        return AnswerType.TEXT
    if question.type == _UPLOAD:
        return AnswerType.PERSONAL
    if question.type in LINES and not question.is_validated:
        return AnswerType.PERSONAL if is_personal(part_wording) else AnswerType.SHORT
    return AnswerType.CHOICE


def _decode(value: Any, question: Question, names: set[str], numbers: frozenset[str]) -> Any:
    """Return the wording of an answer's code, or the code if it is a score's number."""
    if value is None:
        return ""
    is_number = not numbers.isdisjoint(name.casefold() for name in names)
    if is_number and str(value).strip().lstrip("+-").isdecimal():
        return value
    options = question.options or _FIXED.get(question.type, {})
    return options.get(str(value), value)


def _part_wording(question: Question, part: str) -> str:
    """Return the wording of a subquestion, or of the row and the column of a cell."""
    if part in question.parts:
        return question.parts[part]
    base = part.removesuffix(_COMMENT)
    if base in question.parts:
        return question.parts[base]
    row, _, column = part.partition("_")
    return ": ".join(question.parts[each] for each in (row, column) if each in question.parts)


def _wording(row: Mapping[str, Any]) -> str:
    return plain_text(get_text(row, "question"))
