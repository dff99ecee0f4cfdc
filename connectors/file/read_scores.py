"""Parse cells into scores. Pure. A cell that can't be read costs its score, never the comment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as ReadOnly
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from connectors.file.columns.choose_scores import find_measure
from connectors.file.columns.mapping import MEASURES, Mapping
from connectors.file.columns.profile import Column
from connectors.file.values.cells import collapse_whitespace
from connectors.file.values.names import find_scale
from connectors.file.values.scales import see_scale
from connectors.file.values.scores import Scale, fold_answer, parse_answer
from connectors.sdk.errors import BadRecord, Skip
from schemas.measures import Ces, Csat, Fft, Measure, Nps, Stars

_CLASSES: Final[dict[str, type[Measure]]] = {
    "stars": Stars, "nps": Nps, "csat": Csat, "ces": Ces, "fft": Fft,
}  # fmt: skip

AnswerScales = ReadOnly[str, tuple[str, Scale]]
"""Measure and scale by question."""

_MAX_QUESTIONS: Final = 500
_ReadScore = Callable[[str, dict[str, Any], dict[str, str]], None]


def build_score_reader(name: str, mapping: Mapping) -> _ReadScore:
    """Return a function that reads a cell into ``fields[name]``.

    Words off its scale become an attribute: they may be the rest of the comment.
    """
    not_answered = mapping.not_answered.get(name, frozenset())
    scale = mapping.scales[name]

    @lru_cache(maxsize=2_048)
    def parse(cell: str) -> Measure | None:
        return build_measure(name, cell, scale)

    def read(cell: str, fields: dict[str, Any], attributes: dict[str, str]) -> None:
        if not cell:
            return
        if not_answered and fold_answer(cell) in not_answered:
            attributes[name] = collapse_whitespace(cell)
            return
        measure = parse(cell)
        if measure is not None:
            fields[name] = measure
        elif holds_words(name, cell, mapping):
            attributes[name] = collapse_whitespace(cell)

    return read


def build_measure(name: str, cell: str, scale: Scale) -> Measure | None:
    """Return the score in a cell, or None: a cell that can't be read costs no comment."""
    answer = parse_answer(cell)
    if answer is None or scale.is_missing(answer):
        return None
    value = scale.read(answer)
    if value is None:
        return None
    try:
        return _CLASSES[name](value=value, worst=scale.worst, best=scale.best)
    except ValidationError:
        return None


def refuse_words(values: ReadOnly[str, str], mapping: Mapping) -> None:
    """Raise ``BadRecord`` if the cell of a score holds words off its scale.

    In a row without a comment they can be the comment: a delimiter within it that is not in quotes
    moves it into the cell beside its own.
    """
    for name in mapping.scales:
        own = (text.measures.get(name) for text in mapping.texts)
        for column in {mapping.columns[name], *filter(None, own)}:
            if holds_words(name, values.get(column, ""), mapping):
                raise BadRecord(f"reading {name}: words instead of a score, and no text")


def holds_words(name: str, cell: str, mapping: Mapping) -> bool:
    """Return True if the cell of a score holds words that are off its scale."""
    if not any(map(str.isalnum, cell)) or cell.strip().isdecimal():
        return False
    if fold_answer(cell) in mapping.not_answered.get(name, ()):
        return False
    answer = parse_answer(cell)
    if answer is None:
        return True  # too long for an answer
    return answer.kind == "label" and mapping.scales[name].read(answer) is None


def require_score(fields: dict[str, Any], *, is_redundant: bool) -> None:
    """Raise ``Skip`` for a row without a text that has no score, or a redundant one."""
    if not any(name in fields for name in MEASURES):
        raise Skip("no text and no score")
    if is_redundant:
        raise Skip("no text, and another row of the submission carries its score")
    fields.pop("question", None)  # nothing answers it


def see_answer_scales(answers: Iterable[tuple[str, str]]) -> AnswerScales:
    """Return the measure and the scale of each question whose answers are scores.

    ``answers`` are pairs of a question and its answer, of a file with one answer per row: the
    answers to one question are what the cells of a column are elsewhere.
    """
    columns: dict[str, Column] = {}
    for question, cell in answers:
        if question not in columns and len(columns) >= _MAX_QUESTIONS:
            continue
        columns.setdefault(question, Column(question)).add([cell])
    scales = {}
    for question, column in columns.items():
        ranked = None if column.is_open or not column.filled else find_measure(question, column)
        if ranked is not None:
            measure = ranked[0]
            scales[question] = measure, see_scale(measure, column.values, find_scale(question))
    return scales


def read_answered_score(
    question: str, cell: str, scales: AnswerScales
) -> tuple[str, Measure] | None:
    """Return the score that a cell answers a question with, such as 9 to how likely it is."""
    if question not in scales:
        return None
    name, scale = scales[question]
    measure = build_measure(name, cell, scale)
    return None if measure is None else (name, measure)
