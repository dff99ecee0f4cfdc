"""Answers of a FHIR R4 QuestionnaireResponse, at any depth.

An item is a group of items, or a question with answers, which may contain items.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_object, get_objects

_ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_PARTIAL: Final = re.compile(r"(\d{4})(-\d{2})?")


def read_answers(resource: dict[str, Any], numbers: frozenset[str]) -> Iterator[FormAnswer]:
    """Yield the answers in their order; a repeated question is ``linkId#2``.

    ``numbers`` are case-folded linkIds or wordings of the questions whose choices stand for
    numbers.
    """
    occurrences: Counter[str] = Counter()
    stack = get_objects(resource, "item")[::-1]
    while stack:
        item = stack.pop()
        answers = get_objects(item, "answer")
        children = [
            *get_objects(item, "item"),
            *(child for answer in answers for child in get_objects(answer, "item")),
        ]
        stack += children[::-1]
        if children and not answers:
            continue
        link, wording = str(item.get("linkId")), str(item.get("text") or "")
        occurrences[link] += 1
        wants_number = not numbers.isdisjoint({link.casefold(), wording.casefold()})
        kind, value = _parse_answers(answers, wants_number)
        field = link if occurrences[link] == 1 else f"{link}#{occurrences[link]}"
        yield FormAnswer(field, wording, kind, value, also=(link,))


def complete_date(text: Any) -> Any:
    """Return a dateTime, which may be only a year or month, with the first day of it."""
    partial = _PARTIAL.fullmatch(text) if isinstance(text, str) else None
    if partial:
        text = f"{partial[1]}{partial[2] or '-01'}-01"
    return f"{text}T00:00:00Z" if isinstance(text, str) and len(text) == 10 else text


def _parse_answers(answers: list[dict[str, Any]], wants_number: bool) -> tuple[AnswerType, Any]:
    """Return type and value of the answers; none may be those to a free-text question."""
    texts = [str(answer["valueString"]) for answer in answers if "valueString" in answer]
    if texts or not answers:
        return AnswerType.TEXT, "\n".join(texts)
    values = (_value(answer, wants_number) for answer in answers)
    choices = [value for value in values if value is not None]
    if not choices:
        return AnswerType.PERSONAL, None
    return AnswerType.CHOICE, choices[0] if len(choices) == 1 else choices


def _value(answer: dict[str, Any], wants_number: bool) -> Any:
    """Return a number, a boolean or a choice; None for dates, files, persons and the like."""
    for name in ("valueInteger", "valueDecimal", "valueBoolean"):
        if name in answer:
            return answer[name]
    if "valueQuantity" in answer:
        return get_object(answer, "valueQuantity").get("value")
    coding = get_object(answer, "valueCoding")
    if wants_number:
        extensions = get_objects(coding, "extension")
        ordinals = (each.get("valueDecimal") for each in extensions if each.get("url") == _ORDINAL)
        ordinal = next(ordinals, None)
        return coding.get("code") if ordinal is None else ordinal
    return coding.get("display") or coding.get("code")
