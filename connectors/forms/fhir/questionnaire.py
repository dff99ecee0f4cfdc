"""Answers of a FHIR R4 QuestionnaireResponse, at any depth.

An item is a group of items, or a question with answers, which may contain items.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from connectors.forms.fhir.definition import Definition, Question, coding_names, find_weight
from connectors.sdk import (
    AnswerType,
    FormAnswer,
    get_object,
    get_objects,
    get_text,
    guess_text_type,
)

_NUMBER: Final = re.compile(r"\s*[+-]?\d+\s*")
"""A code that is nothing but a number; 1.1 may be the code of a section."""
_UNKNOWN: Final = Question()
_PARTIAL: Final = re.compile(r"(\d{4})(-\d{2})?")


def read_answers(
    resource: dict[str, Any], numbers: frozenset[str], definition: Definition
) -> Iterator[FormAnswer]:
    """Yield the answers in their order; a repeated question is ``linkId#2``.

    ``numbers`` are case-folded linkIds or wordings of the questions whose choices stand for
    numbers. The wording of a question is that of the response, or of its definition, or its linkId.
    """
    occurrences: Counter[str] = Counter()
    stack = _list_objects(resource, "item")[::-1]
    while stack:
        item = stack.pop()
        answers = _list_objects(item, "answer")
        children = [
            *_list_objects(item, "item"),
            *(child for answer in answers for child in _list_objects(answer, "item")),
        ]
        stack += children[::-1]
        if children and not answers:
            continue
        link = str(item.get("linkId"))
        question = definition.get(link, _UNKNOWN)
        wording = get_text(item, "text") or question.wording or link
        occurrences[link] += 1
        wants_number = not numbers.isdisjoint({link.casefold(), wording.casefold()})
        kind, value, other = _parse_answers(answers, wants_number, question)
        if kind is AnswerType.TEXT and question.is_line:
            kind = AnswerType.SHORT
        elif kind is AnswerType.TEXT and not question.is_text:
            kind = guess_text_type(value, wording)
        field = link if occurrences[link] == 1 else f"{link}#{occurrences[link]}"
        yield FormAnswer(field, wording, kind, value, also=(link,), other=other)


def _list_objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of that name; a list of one is an object where XML was converted."""
    value = holder.get(name)
    return [value] if isinstance(value, dict) else get_objects(holder, name)


def list_absent(definition: Definition, answers: Iterable[FormAnswer]) -> Iterator[FormAnswer]:
    """Yield empty texts for the questions that have no answer: an earlier version may have one."""
    answered = {name for answer in answers for name in (answer.field, *answer.also)}
    for link, question in definition.items():
        if question.is_text and link not in answered:
            yield FormAnswer(link, question.wording or link, AnswerType.TEXT, "")


def complete_date(text: Any) -> Any:
    """Return a dateTime, which may be only a year or month, with the first day of it."""
    partial = _PARTIAL.fullmatch(text) if isinstance(text, str) else None
    if partial:
        text = f"{partial[1]}{partial[2] or '-01'}-01"
    return f"{text}T00:00:00Z" if isinstance(text, str) and len(text) == 10 else text


def _parse_answers(
    answers: list[dict[str, Any]], wants_number: bool, question: Question
) -> tuple[AnswerType, Any, str | None]:
    """Return type and value of the answers, and the text beside choices.

    An item without answers may be a free-text question.
    """
    texts = [str(answer["valueString"]) for answer in answers if "valueString" in answer]
    others = [answer for answer in answers if "valueString" not in answer]
    text = "\n".join(texts)
    if not others:
        return AnswerType.TEXT, text, None
    values = (_value(answer, wants_number, question) for answer in others)
    choices = [value for value in values if value is not None]
    if not choices and not texts:
        return AnswerType.PERSONAL, _other_values(others), None
    return AnswerType.CHOICE, choices[0] if len(choices) == 1 else choices, text or None


def _other_values(answers: list[dict[str, Any]]) -> list[str]:
    """Return dates, addresses and the like, which become attributes if settings say so.

    Files and persons are empty texts: they are only counted.
    """
    return [
        value if isinstance(value, str) else ""
        for answer in answers
        for name, value in answer.items()
        if name.startswith("value")
    ]


def _value(answer: dict[str, Any], wants_number: bool, question: Question) -> Any:
    """Return a number, a boolean or a choice; None for dates, files, persons and the like."""
    for name in ("valueInteger", "valueDecimal", "valueBoolean"):
        if name in answer:
            return answer[name]
    if "valueQuantity" in answer:
        return get_object(answer, "valueQuantity").get("value")
    coding = get_object(answer, "valueCoding")
    display, code = coding.get("display"), coding.get("code")
    if not wants_number:
        return display or code
    number = _weigh(answer, coding, question)
    if number is None and not display and code:
        return f"code {code}"  # it may begin with a digit, and is still a name
    return display if number is None else number


def _weigh(answer: dict[str, Any], coding: dict[str, Any], question: Question) -> Any:
    """Return the number that a choice stands for, or None if nothing says it.

    A code is a number only if it is nothing else: 1.1.1.4 and LA6569-3 are names.
    """
    weight = find_weight(answer, coding)
    if weight is not None:
        return weight
    weights = (question.weights[name] for name in coding_names(coding) if name in question.weights)
    if (weight := next(weights, None)) is not None:
        return weight
    code = get_text(coding, "code")
    return code if _NUMBER.fullmatch(code) else None
