"""A FHIR R4 Questionnaire: the wordings of its questions, and the weights of their answers.

Responses may leave both out: LOINC's answers, such as LA6569-3, have their weight here only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.sdk import get_object, get_objects, get_text

_WEIGHT: Final = re.compile(r".*/(?:\w+-)?(?:ordinalValue|itemWeight|CO-value)")
_TEXTS: Final = frozenset({"string", "text", "open-choice"})
_LINES: Final = frozenset({"string", "open-choice"})
_MAX_ITEMS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was defined."""

    wording: str = ""
    is_text: bool = False
    """True if its answer may be free text."""
    is_line: bool = False
    """True if that text is a single line."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weights of answers by code, by system and code, and by case-folded display."""


Definition = Mapping[str, Question]
"""The questions of a Questionnaire by linkId; empty if it is not known."""


def read_definition(questionnaire: dict[str, Any]) -> dict[str, Question]:
    """Return the questions of a Questionnaire, at any depth."""
    value_sets = {
        f"#{get_text(resource, 'id')}": _set_weights(resource)
        for resource in get_objects(questionnaire, "contained")
        if resource.get("resourceType") == "ValueSet"
    }
    questions: dict[str, Question] = {}
    stack = get_objects(questionnaire, "item")
    while stack and len(questions) < _MAX_ITEMS:
        item = stack.pop()
        stack += get_objects(item, "item")
        options = dict(_option_weights(item))
        weights = options or value_sets.get(get_text(item, "answerValueSet"), {})
        questions[get_text(item, "linkId")] = Question(
            get_text(item, "text"), item.get("type") in _TEXTS, item.get("type") in _LINES, weights
        )
    return questions


def find_weight(*holders: dict[str, Any]) -> float | None:
    """Return the weight in the extensions of an answer, a choice or its coding, if any."""
    for holder in holders:
        for extension in get_objects(holder, "extension"):
            if not _WEIGHT.fullmatch(get_text(extension, "url")):
                continue
            for name in ("valueDecimal", "valueInteger"):
                if isinstance(value := extension.get(name), int | float):
                    return float(value)
    return None


def coding_names(coding: dict[str, Any]) -> Iterator[str]:
    """Yield the names of a coding in ``Question.weights``, the most exact first."""
    system, code = get_text(coding, "system"), get_text(coding, "code")
    if code:
        yield f"{system}|{code}"
        yield code
    if display := get_text(coding, "display"):
        yield display.strip().casefold()


def _option_weights(item: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for option in get_objects(item, "answerOption"):
        coding = get_object(option, "valueCoding")
        weight = find_weight(option, coding)
        if weight is not None:
            yield from ((name, weight) for name in coding_names(coding))


def _set_weights(value_set: dict[str, Any]) -> dict[str, float]:
    weights = {}
    for include in get_objects(get_object(value_set, "compose"), "include"):
        for concept in get_objects(include, "concept"):
            weight = find_weight(concept)
            if weight is not None:
                coding = {**concept, "system": include.get("system")}
                weights.update(dict.fromkeys(coding_names(coding), weight))
    return weights
