"""Fields of a REDCap project, and the answers that a row of an export holds.

Fields that are tagged as identifiers are dropped at once: nothing below can take them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.sdk import AnswerType, FormAnswer, get_text, plain_text

_HIDDEN: Final = re.compile(r"@(?:HIDDEN(?:-SURVEY)?|PASSWORDMASK)(?![\w-])", re.IGNORECASE)
"""Action tags of fields that people do not see in a survey, or whose answers are secret."""
_FIXED_CHOICES: Final = {
    "yesno": {"1": "Yes", "0": "No"},
    "truefalse": {"1": "True", "0": "False"},
}
_CHOICES: Final = frozenset({"radio", "dropdown", "checkbox", "sql", "calc", *_FIXED_CHOICES})
_NOT_ANSWERED: Final = frozenset({"descriptive", "file"})
"""Types of fields that hold no answer in words or numbers."""
_VALIDATED: Final = (
    ("email", AnswerType.CONTACT),
    ("phone", AnswerType.CONTACT),
    ("postal", AnswerType.PERSONAL),
    ("zip", AnswerType.PERSONAL),
    ("mrn", AnswerType.PERSONAL),
    ("ssn", AnswerType.PERSONAL),
)
_SLIDER: Final = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class ProjectField:
    """A field of a project."""

    name: str
    form: str
    """The instrument that it is on."""
    type: str
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    """Wordings by codes."""
    validation: str = ""
    scale: tuple[float, float] = _SLIDER
    ends: tuple[str, str] = ("", "")
    """Wordings of the ends of a slider."""
    is_hidden: bool = False

    @property
    def columns(self) -> dict[str, str]:
        """Codes of a checkbox's choices by the columns that they have in an export."""
        codes = {code.lower().replace("-", "_"): code for code in self.choices}
        return {f"{self.name}___{suffix}": code for suffix, code in codes.items()}


def read_fields(metadata: Iterable[Mapping[str, Any]]) -> dict[str, ProjectField]:
    """Return the fields of a data dictionary by name, without those that identify people."""
    return {
        name: _read_field(name, row)
        for row in metadata
        if (name := get_text(row, "field_name"))
        and get_text(row, "identifier").strip().lower() != "y"
        and get_text(row, "field_type") not in _NOT_ANSWERED
    }


def read_answers(
    row: Mapping[str, Any], fields: Iterable[ProjectField], numbers: frozenset[str]
) -> Iterator[FormAnswer]:
    """Yield the answers of a row to fields that people see.

    ``numbers`` are case-folded names and labels of the fields whose codes are scores.
    """
    for each in fields:
        if each.is_hidden or not holds_answer(row, each):
            continue
        is_number = not numbers.isdisjoint((each.name.casefold(), each.label.casefold()))
        kind = _answer_type(each)
        value = row.get(each.name) if is_number else read_value(row, each)
        worst, best = each.scale if kind is AnswerType.SCALE else (None, None)
        yield FormAnswer(each.name, each.label, kind, value, worst, best, ends=each.ends)


def holds_answer(row: Mapping[str, Any], each: ProjectField) -> bool:
    """Return True if a row has the columns of a field."""
    return each.name in row or any(column in row for column in each.columns)


def read_value(row: Mapping[str, Any], each: ProjectField) -> Any:
    """Return the value of a field, choices by their wordings; "" if it is empty."""
    if each.type == "checkbox":
        codes = [code for column, code in each.columns.items() if str(row.get(column)) == "1"]
        return [each.choices[code] for code in codes]
    value = row.get(each.name)
    if value is None:
        return ""
    return each.choices.get(str(value), value)


def _read_field(name: str, row: Mapping[str, Any]) -> ProjectField:
    kind = get_text(row, "field_type")
    definition = get_text(row, "select_choices_or_calculations")
    choices: Mapping[str, str] = _FIXED_CHOICES.get(kind, {})
    ends, scale = ("", ""), _SLIDER
    if kind in ("radio", "dropdown", "checkbox"):
        choices = _read_choices(definition)
    elif kind == "slider":
        labels = [plain_text(label) for label in definition.split("|")]
        ends = (labels[0], labels[-1]) if len(labels) > 1 else ends
        scale = (
            _number(get_text(row, "text_validation_min"), _SLIDER[0]),
            _number(get_text(row, "text_validation_max"), _SLIDER[1]),
        )
    return ProjectField(
        name,
        get_text(row, "form_name"),
        kind,
        plain_text(get_text(row, "field_label")),
        choices,
        get_text(row, "text_validation_type_or_show_slider_number").lower(),
        scale,
        ends,
        bool(_HIDDEN.search(get_text(row, "field_annotation"))),
    )


def _read_choices(definition: str) -> dict[str, str]:
    """Return wordings by codes of ``1, Poor | 2, Good``."""
    pairs = [choice.partition(",") for choice in definition.split("|") if choice.strip()]
    return {code.strip(): plain_text(label.strip()) or code.strip() for code, _, label in pairs}


def _answer_type(each: ProjectField) -> AnswerType:
    if each.type == "notes":
        return AnswerType.TEXT
    if each.type == "slider":
        return AnswerType.SCALE
    if each.type == "checkbox" and len(each.choices) == 1:
        return AnswerType.BOX
    if each.type in _CHOICES:
        return AnswerType.CHOICE
    if not each.validation:
        return AnswerType.SHORT
    kinds = (kind for word, kind in _VALIDATED if word in each.validation)
    return next(kinds, AnswerType.CHOICE)


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default
