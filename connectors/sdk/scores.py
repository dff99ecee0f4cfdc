"""Scores of forms: the measure and the scale of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final, Self

from connectors.sdk.answers import AnswerType, FormAnswer, join_choices
from connectors.sdk.questions import Measure, ScoreQuestion
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
_MAX_SCORE_WORDS: Final = 6
"""Words of "3 - neither good nor poor"."""
_FFT_VALUES: Final = frozenset({1, 2, 3, 4, 5, FFT_DONT_KNOW})
_NUMBER: Final = re.compile(r"\s*([+-]?\d+(?:[.,]\d+)?)(?!\d|[.,]\d|\s?[-–]\s?\d|[eE][+-]?\d)")
_OUT_OF: Final = re.compile(
    r"\s*\d+(?:[.,]\d+)?\s*(?:/|out of|of|von|sur|de|su|van|z)\s*(\d{1,6})\b", re.IGNORECASE
)
_BARE_NUMBER: Final = re.compile(
    r"\s*[+-]?\d+(?:[.,]\d+)?\s*(?:(?:/|out of|of)\s*\d+|%|stars?|points?)?\s*", re.IGNORECASE
)
_STARS: Final = re.compile(r"\s*([★⭐🌟]\ufe0f?(?:[★⭐🌟]\ufe0f?){0,9})☆{0,9}\s*")
_RECOMMEND: Final = re.compile(
    r"\brecomm?[ae]nd(?!ed\b|ation|ac)|\b(?:weiter)?empfehl(?!ung)|\bconsigli|\braccomand|\baanbevel|\bpolec",
    re.IGNORECASE,
)
_SATISFIED: Final = re.compile(
    r"\bsatisf|\bzufrieden|\bsoddisfa|\btevreden|\bzadowol", re.IGNORECASE
)
_EASY: Final = re.compile(r"\bhow easy\b|\beasy (?:it )?(?:was )?to\b", re.IGNORECASE)
_GOOD: Final = re.compile(
    r"\b(?:good|excellent|great|outstanding|best|happy|gut|ausgezeichnet|bon|bien|bueno|excelente"
    r"|buono|ottimo|goed|dobr)",
    re.IGNORECASE,
)
_BAD: Final = re.compile(
    r"\b(?:not|no|un\w+|dis\w+|very poor|poor|bad|terrible|awful|worst|unlikely|difficult|hard"
    r"|nicht|schlecht|mangelhaft|pas|mauvais|insatis\w+|malo|pessimo|slecht|źle)\b",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(r"\b(?:not|never|nicht|pas)\b|n['’]t\b", re.IGNORECASE)
_NO_QUALITY: Final = re.compile(
    r"\b(?:pain|hurt|sore|sever|anxi|anxious|worr|afraid|fear|stress|depress|sad|tired|fatigue"
    r"|exhaust|nausea|sick|difficult|hard|bad|badly|poor|unhappy|dissatisf|unsatisf|frustrat"
    r"|breath|cough|itch|appetite|discomfort|bleed|dizz|weak|energy|mood|sleep|hung(?:er|ry)|nois"
    r"|loud|your (?:\w+ ){0,2}health\b|overall health\b|health (?:today|now|stat)"
    r"|quality of (?:your )?life|well-?being|mobility|disappoint|effort|likely|risk|urgent|symptom"
    r"|how (?:long|often|old|much|far|many(?! stars))"
    r"|schmerz|angst|schlimm|schwer|douleur|mal|dolor|dolore|paura|pijn|ból|bólu)",
    re.IGNORECASE,
)
"""What a scale may measure that is not the quality of a service."""


@dataclass(slots=True)
class Scores:
    """A submission's scores: the first of each measure, and the others as attributes."""

    placed: dict[str, dict[str, float]] = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Questions that settings name as scores, and whose answers are not on their scales."""

    @classmethod
    def from_answers(cls, answers: Iterable[tuple[FormAnswer, ScoreQuestion | None]]) -> Self:
        """Return the scores of answers, each given with its question's settings, if any."""
        scores = cls()
        for answer, question in sorted(answers, key=lambda pair: pair[1] is None):
            if answer.value not in (None, "", []):
                scores._add(answer, question)
        return scores

    def _add(self, answer: FormAnswer, question: ScoreQuestion | None) -> None:
        measure = question.measure if question else _find_measure(answer)
        score = _score_answer(answer, measure, question) if measure else None
        if score is not None and measure is not None and measure not in self.placed:
            self.placed[measure] = score
            return
        if question and score is None and not question.choices:
            self.unread.append(answer.field)
        number, name = _number(answer.value), answer.question or answer.field
        if number is not None:
            self.others.append((name, f"{number:g}"))
        elif question and answer.kind in (AnswerType.CHOICE, AnswerType.BOX):
            self.others.append((name, _normalize(join_choices(answer.value))[:100]))


def is_score(answer: FormAnswer, question: ScoreQuestion) -> bool:
    """Return True if an answer is on the scale of its question, and hardly more than that."""
    if _score_answer(answer, question.measure, question) is None:
        return False
    return len(str(answer.value).split()) <= _MAX_SCORE_WORDS


def says_more_than_score(answer: FormAnswer, question: ScoreQuestion) -> bool:
    """Return True if a line is words, and neither a score nor a number off its scale."""
    if len(str(answer.value).split()) > _MAX_SCORE_WORDS:
        return True
    if _score_answer(answer, question.measure, question) is not None:
        return False
    return bool(question.choices) or _BARE_NUMBER.fullmatch(str(answer.value)) is None


def _find_measure(answer: FormAnswer) -> Measure | None:
    """Return the measure of an answer, or None if neither type nor wording leaves no doubt.

    A scale alone says nothing: nine of ten may be pain.
    """
    question = answer.question
    if answer.kind not in (AnswerType.SCALE, AnswerType.STARS):
        return _MEASURES[answer.kind]
    low, high = answer.ends
    if _BAD.search(high):  # a scale from good to bad
        return None
    if (answer.worst, answer.best) == (0, 10) and _RECOMMEND.search(question):
        return "nps"
    is_satisfaction = _SATISFIED.search(question)
    if _NO_QUALITY.search(question) and not is_satisfaction:
        return None
    if answer.kind is AnswerType.STARS:
        return "stars"
    if _DENIES.search(question):
        return None
    if is_satisfaction or _SATISFIED.search(high) or (_BAD.search(low) and _GOOD.search(high)):
        return "csat"
    return "ces" if _EASY.search(question) else None


def _score_answer(
    answer: FormAnswer, measure: Measure, question: ScoreQuestion | None
) -> dict[str, float] | None:
    """Return the value with its scale, or None if it is not a number on a known scale."""
    if question and question.choices:
        return _score_choice(answer.value, measure, question)
    value = _fft_value(answer.value) if measure == "fft" else _number(answer.value)
    worst, best = _scale(answer, measure, question)
    if not _fits_maximum(answer.value, worst, best):  # "4/10" is not 4 of 5
        return None
    if value is None or worst is None or best is None or worst == best:
        return None
    if measure == "fft":
        usable = value in _FFT_VALUES
    else:
        usable = min(worst, best) <= value <= max(worst, best)
    return {"value": value, "worst": worst, "best": best} if usable else None


def _fits_maximum(value: Any, worst: float | None, best: float | None) -> bool:
    """Return False if an answer names a maximum that is not its scale's."""
    match = _OUT_OF.match(value) if isinstance(value, str) else None
    return match is None or float(match[1]) in (worst, best)


def _scale(
    answer: FormAnswer, measure: Measure, question: ScoreQuestion | None
) -> tuple[float | None, float | None]:
    """Return the scale of the settings or of the service, otherwise the usual one."""
    if measure in _FIXED:
        return _FIXED[measure]
    if question and question.worst is not None and question.best is not None:
        return question.worst, question.best
    if question and (answer.worst is None or answer.best is None):
        return _USUAL[measure]
    return answer.worst, answer.best


def _score_choice(value: Any, measure: Measure, question: ScoreQuestion) -> dict[str, float] | None:
    """Return a choice's score; the choices are spread evenly over the scale."""
    wordings = [_normalize(choice) for choice in question.choices]
    wording = _normalize(value)
    if wording not in wordings or len(wordings) < 2:
        return None
    place = wordings.index(wording)
    if measure == "fft":
        value = FFT_DONT_KNOW if place == FFT_DONT_KNOW - 1 else 5 - place
        return {"value": value, "worst": 5, "best": 1} if value in _FFT_VALUES else None
    worst, best = _FIXED.get(measure, (1.0, float(len(wordings))))
    if question.worst is not None and question.best is not None:
        worst, best = question.worst, question.best
    step = (best - worst) / (len(wordings) - 1)
    return {"value": worst + place * step, "worst": worst, "best": best}


def _normalize(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else ""
    return str(value).replace("’", "'").strip().casefold()


def _fft_value(value: Any) -> float | None:
    number = _FFT_WORDS.get(_normalize(value))
    return float(number) if number else _number(value)


def _number(value: Any) -> float | None:
    """Return a number, or the one that a wording begins with ("10 - extremely likely")."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _finite(value)
    if not isinstance(value, str):
        return None
    if stars := _STARS.fullmatch(value):
        return float(len(stars[1].replace("\ufe0f", "")))
    match = _NUMBER.match(value)
    return _finite(match[1].replace(",", ".")) if match else None


def _finite(value: float | str) -> float | None:
    """Return a number, or None for one that no scale has."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
