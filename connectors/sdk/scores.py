"""Scores of a form: which measure an answer is, and on which scale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from connectors.sdk.questions import AnswerType, FormAnswer, Measure, ScoreQuestion
from schemas.measures import FFT_DONT_KNOW

_FFT_WORDS: Final = {
    "very good": 1,
    "good": 2,
    "neither good nor poor": 3,
    "poor": 4,
    "very poor": 5,
    "don't know": 6,
    "extremely likely": 1,
    "likely": 2,
    "neither likely nor unlikely": 3,
    "unlikely": 4,
    "extremely unlikely": 5,
}
_MEASURES: Final[dict[AnswerType, Measure]] = {
    AnswerType.STARS: "stars",
    AnswerType.NPS: "nps",
    AnswerType.CSAT: "csat",
    AnswerType.CES: "ces",
    AnswerType.FFT: "fft",
}
_FIXED: Final[dict[str, tuple[float, float]]] = {"nps": (0, 10), "fft": (5, 1)}
_USUAL: Final[dict[str, tuple[float, float]]] = {"stars": (1, 5), "csat": (1, 5), "ces": (1, 7)}
_FFT_VALUES: Final = frozenset({1, 2, 3, 4, 5, FFT_DONT_KNOW})
_NUMBER: Final = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)(?!\d)")
_RECOMMEND: Final = re.compile(r"\brecommend", re.IGNORECASE)
_EFFORT: Final = re.compile(r"\bhow easy\b|\bhow (?:much )?effort\b|\beasy to\b", re.IGNORECASE)
_YES: Final = frozenset({"yes", "y", "true", "1", "on", "ja", "oui", "si", "sí", "sim"})


@dataclass(slots=True)
class Scores:
    """A submission's scores: the first of each measure, and the others as attributes."""

    placed: dict[str, dict[str, float]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Iterable[tuple[FormAnswer, ScoreQuestion | None]]) -> Self:
        """The scores of answers, each with what the settings say of its question, if anything."""
        scores = cls()
        for answer, asked in sorted(found, key=lambda one: one[1] is None):
            if answer.value is not None and answer.value != "":
                scores._take(answer, asked)
        return scores

    def _take(self, answer: FormAnswer, asked: ScoreQuestion | None) -> None:
        measure = asked.measure if asked else _measure(answer)
        score = _score(answer, measure, asked)
        if score is not None and measure not in self.placed:
            self.placed[measure] = score
            return
        number = _number(answer.value)
        if number is not None:
            self.others[(answer.question or answer.field)[:100]] = f"{number:g}"
        elif asked and answer.kind is AnswerType.CHOICE:
            self.others[(answer.question or answer.field)[:100]] = _said(answer.value)[:100]


def is_yes(value: Any) -> bool:
    """Whether an answer says yes; the wording of a choice may go on after it."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, str):
        return bool(value)
    return re.split(r"[\s,.;:!]", value.strip().casefold(), maxsplit=1)[0] in _YES


def _measure(answer: FormAnswer) -> Measure:
    if answer.kind in _MEASURES:
        return _MEASURES[answer.kind]
    if (answer.worst, answer.best) == (0, 10) and _RECOMMEND.search(answer.question):
        return "nps"
    return "ces" if _EFFORT.search(answer.question) else "csat"


def _score(
    answer: FormAnswer, measure: Measure, asked: ScoreQuestion | None
) -> dict[str, float] | None:
    """The value with its scale; None where it is no number, or not on a known scale."""
    if asked and asked.choices:
        return _chosen(answer.value, measure, asked)
    value = _fft(answer.value) if measure == "fft" else _number(answer.value)
    worst, best = _ends(answer, measure, asked)
    if value is None or worst is None or best is None or worst == best:
        return None
    if measure == "fft":
        usable = value in _FFT_VALUES
    else:
        usable = min(worst, best) <= value <= max(worst, best)
    return {"value": value, "worst": worst, "best": best} if usable else None


def _ends(
    answer: FormAnswer, measure: Measure, asked: ScoreQuestion | None
) -> tuple[float | None, float | None]:
    """The scale: as the settings have it, as the service tells it, or as is usual."""
    if measure in _FIXED:
        return _FIXED[measure]
    if asked and asked.worst is not None and asked.best is not None:
        return asked.worst, asked.best
    if asked and (answer.worst is None or answer.best is None):
        return _USUAL[measure]
    return answer.worst, answer.best


def _chosen(value: Any, measure: Measure, asked: ScoreQuestion) -> dict[str, float] | None:
    """A wording's place among the choices, evenly on the scale."""
    wordings = [_said(choice) for choice in asked.choices]
    said = _said(value)
    if said not in wordings or len(wordings) < 2:
        return None
    place = wordings.index(said)
    if measure == "fft":
        value = FFT_DONT_KNOW if place == FFT_DONT_KNOW - 1 else 5 - place
        return {"value": value, "worst": 5, "best": 1} if value in _FFT_VALUES else None
    worst, best = _FIXED.get(measure, (1.0, float(len(wordings))))
    if asked.worst is not None and asked.best is not None:
        worst, best = asked.worst, asked.best
    step = (best - worst) / (len(wordings) - 1)
    return {"value": worst + place * step, "worst": worst, "best": best}


def _said(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else ""
    return str(value).replace("’", "'").strip().casefold()


def _fft(value: Any) -> float | None:
    number = _FFT_WORDS.get(_said(value))
    return float(number) if number else _number(value)


def _number(value: Any) -> float | None:
    """A number, or the one that a wording begins with ("10 - extremely likely")."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    found = _NUMBER.match(value) if isinstance(value, str) else None
    return float(found[1].replace(",", ".")) if found else None
