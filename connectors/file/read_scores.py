"""Parse cells into scores. Pure. A cell that can't be read costs its score, never the comment."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from pydantic import ValidationError

from connectors.file.columns.choose_scores import rank_measures
from connectors.file.columns.mapping import Mapping
from connectors.file.values.cells import collapse_whitespace
from connectors.file.values.scales import USUAL
from connectors.file.values.scores import Scale, fold_answer, parse_answer
from schemas.measures import Ces, Csat, Fft, Measure, Nps, Stars

_CLASSES: Final[dict[str, type[Measure]]] = {
    "stars": Stars, "nps": Nps, "csat": Csat, "ces": Ces, "fft": Fft,
}  # fmt: skip

_ReadScore = Callable[[str, dict[str, Any], dict[str, str]], None]


def build_score_reader(name: str, mapping: Mapping) -> _ReadScore:
    """Return a function that reads a cell into ``fields[name]``, or keeps it as an attribute."""
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


def read_answered_score(question: str, cell: str) -> tuple[str, Measure] | None:
    """Return the score that a cell answers a question with, such as 9 to how likely it is."""
    answer = parse_answer(cell)
    if answer is None or answer.kind not in ("number", "stars", "percent") or (
            answer.label and len(answer.label) > 40):  # fmt: skip
        return None
    for name in rank_measures(question):
        ends = (0.0, 100.0) if answer.kind == "percent" else USUAL[name]
        measure = build_measure(name, cell, Scale(*ends))
        if measure is not None:
            return name, measure
    return None
