"""Answers of a FHIR R4 QuestionnaireResponse, at whatever depth.

An item is a group of items, or a question with answers, which may have items of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_object, get_objects

_ORDINAL: Final = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_PARTIAL: Final = re.compile(r"(\d{4})(-\d{2})?")


def answers_of(resource: dict[str, Any], numbers: frozenset[str]) -> Iterator[FormAnswer]:
    """The answers in their order; a question that is asked again is ``linkId#2``.

    ``numbers`` are linkIds or wordings, in small letters, of the questions with choices of which
    the number is wanted rather than the wording.
    """
    asked: Counter[str] = Counter()
    waiting = get_objects(resource, "item")[::-1]
    while waiting:
        item = waiting.pop()
        answers = get_objects(item, "answer")
        below = [
            *get_objects(item, "item"),
            *(one for answer in answers for one in get_objects(answer, "item")),
        ]
        waiting += below[::-1]
        if below and not answers:
            continue
        link, wording = str(item.get("linkId")), str(item.get("text") or "")
        asked[link] += 1
        wants_number = not numbers.isdisjoint({link.casefold(), wording.casefold()})
        kind, value = _answered(answers, wants_number)
        field = link if asked[link] == 1 else f"{link}#{asked[link]}"
        yield FormAnswer(field, wording, kind, value, also=(link,))


def whole_moment(text: Any) -> Any:
    """A dateTime that may end with its year or month, with the first day of it."""
    partial = _PARTIAL.fullmatch(text) if isinstance(text, str) else None
    if partial:
        text = f"{partial[1]}{partial[2] or '-01'}-01"
    return f"{text}T00:00:00Z" if isinstance(text, str) and len(text) == 10 else text


def _answered(answers: list[dict[str, Any]], wants_number: bool) -> tuple[AnswerType, Any]:
    """What was answered; no answer may be one to a free-text question."""
    texts = [str(one["valueString"]) for one in answers if "valueString" in one]
    if texts or not answers:
        return AnswerType.TEXT, "\n".join(texts)
    values = [_value(one, wants_number) for one in answers]
    chosen = [value for value in values if value is not None]
    if not chosen:
        return AnswerType.PERSONAL, None
    return AnswerType.CHOICE, chosen[0] if len(chosen) == 1 else chosen


def _value(answer: dict[str, Any], wants_number: bool) -> Any:
    """A number, a yes or no, or a choice; None for dates, files, persons and the like."""
    for name in ("valueInteger", "valueDecimal", "valueBoolean"):
        if name in answer:
            return answer[name]
    if "valueQuantity" in answer:
        return get_object(answer, "valueQuantity").get("value")
    coding = get_object(answer, "valueCoding")
    if wants_number:
        ordinals = (one for one in get_objects(coding, "extension") if one.get("url") == _ORDINAL)
        ordinal = next((one.get("valueDecimal") for one in ordinals), None)
        return coding.get("code") if ordinal is None else ordinal
    return coding.get("display") or coding.get("code")
