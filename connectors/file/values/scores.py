"""Parse answers on a scale, and see from a column which scale it is. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

from connectors.file.values.names import parse_decimal

Kind = Literal["number", "percent", "stars", "label", "missing"]

_MAX_CHARACTERS: Final = 100
_FULL_STARS: Final = "★⭐✭✮✯🌟*"
_EMPTY_STARS: Final = "☆✩✰"
_HALF_STARS: Final = "½⯨"
_STARS: Final = re.compile(rf"[{re.escape(_FULL_STARS + _EMPTY_STARS + _HALF_STARS)}\ufe0f\s]+")
_DIGITS: Final = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)"
_SCORE: Final = re.compile(
    rf"(?:(?:rated|rating|score|scored|grade)\s*:?\s*)?(?P<value>{_DIGITS})\s*"
    r"(?:(?P<percent>%|percent|per cent)"
    rf"|(?:/|out\s+of|of|von|sur|de)\s*(?P<best>{_DIGITS})\s*(?:stars?|points?|sterne[n]?)?"
    r"|(?:stars?|points?|pts|\*|★|⭐️?|sterne[n]?|étoiles?|estrellas?)"
    r"|\s*(?:[-–—=:.|]|\()\s*(?P<label>[^\d\s].*?)\)?)?",
    re.IGNORECASE | re.DOTALL,
)
_LABEL_FIRST: Final = re.compile(rf"(?P<label>[^\d(]+?)\s*[(\[]\s*(?P<value>{_DIGITS})\s*[)\]]")
_WORDS: Final = re.compile(r"[\w/]+|-+|\.")


class Answer(NamedTuple):
    """An answer as its cell tells it, before the scale is known."""

    kind: Kind
    value: float = 0.0
    best: float | None = None
    """The end of the scale, if the cell names it: 5 in "4/5"."""
    label: str = ""
    """Its words, folded."""


class WordScale(NamedTuple):
    """A scale whose answers are words."""

    name: str
    measure: str | None
    worst: float
    best: float
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale, and how the answers of a column are read on it."""

    worst: float
    best: float
    words: Mapping[str, float] = field(default_factory=dict)
    factor: float = 1.0
    others: frozenset[float] = frozenset()
    """Values beside the scale, such as 6 for "don't know"."""
    zero_is_missing: bool = False
    is_seen: bool = True
    """False if nothing but the usual scale of the measure supports it."""

    def read(self, answer: Answer) -> float | None:
        """Return the value of an answer, or None if it is not on the scale."""
        if answer.kind in ("label", "missing"):
            return self.words.get(answer.label)
        value = answer.value * self.factor
        if answer.best and answer.best != self.best:
            value = value * self.best / answer.best
        low, high = sorted((self.worst, self.best))
        return value if low <= value <= high or value in self.others else None

    def is_missing(self, answer: Answer) -> bool:
        """Return True for an answer that says that there is none."""
        if answer.kind == "missing":
            return answer.label not in self.words
        return self.zero_is_missing and answer.kind != "label" and answer.value == 0


def fold_answer(text: str) -> str:
    """Return an answer for comparison: without apostrophes, marks and case."""
    plain = text.casefold().replace("'", "").replace("’", "").replace("´", "")
    words = _WORDS.findall(plain)
    named = [word for word in words if word.strip("-.")]
    return " ".join(named or words)


@cache
def _load_words() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("score_words.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def word_scales() -> tuple[WordScale, ...]:
    """Return the scales whose answers are words."""
    scales = []
    for table in _load_words()["scales"]:
        worst, best = table.get("worst", 1), table.get("best", len(table["answers"]))
        step = (best - worst) / (len(table["answers"]) - 1)
        values = {
            fold_answer(wording): worst + place * step
            for place, wordings in enumerate(table["answers"])
            for wording in wordings
        }
        values |= {fold_answer(word): float(n) for word, n in table.get("values", {}).items()}
        scales.append(WordScale(table["name"], table.get("measure"), worst, best, values))
    return tuple(scales)


@cache
def _missing_answers() -> frozenset[str]:
    return frozenset(map(fold_answer, _load_words()["not_answered"]))


@cache
def _number_words() -> dict[str, float]:
    return {word: float(number) for number, word in enumerate(_load_words()["numbers"])}


def parse_answer(cell: str) -> Answer | None:
    """Return the answer in a cell, or None if it is empty or too long for one."""
    text = " ".join(cell.split())
    if not text or len(text) > _MAX_CHARACTERS:
        return None
    if _STARS.fullmatch(text):
        full = sum(text.count(sign) for sign in _FULL_STARS)
        empty = sum(text.count(sign) for sign in _EMPTY_STARS)
        halves = sum(text.count(sign) for sign in _HALF_STARS)
        total = full + empty + halves
        return Answer("stars", full + 0.5 * halves, total if empty or halves else None)
    match = _SCORE.fullmatch(text) or _LABEL_FIRST.fullmatch(text)
    if match is not None:
        return _read_number(match.groupdict())
    label = fold_answer(text)
    if label in _missing_answers():
        return Answer("missing", label=label)
    first = label.split(" ")
    if first[0] in _number_words() and first[1:] in (
        [],
        ["star"],
        ["stars"],
        ["out", "of", "five"],
    ):
        return Answer("number", _number_words()[first[0]])
    return Answer("label", label=label)


def _read_number(parts: dict[str, str | None]) -> Answer:
    value = parse_decimal(parts["value"] or "")
    if parts.get("percent"):
        return Answer("percent", value, 100.0)
    best = parts.get("best")
    return Answer(
        "number",
        value,
        parse_decimal(best) if best else None,
        fold_answer(parts.get("label") or ""),
    )


def find_word_scale(labels: Iterable[str], measure: str | None) -> WordScale | None:
    """Return the scale that knows the most of these folded answers, if it knows more than half.

    With a measure, only scales of this measure, or of none.
    """
    wanted = set(labels)
    best: tuple[int, WordScale] | None = None
    for scale in word_scales():
        count = len(wanted & scale.values.keys())
        if measure is not None and scale.measure not in (None, measure):
            continue
        if count and (best is None or count > best[0]):
            best = count, scale
    return best[1] if best is not None and 2 * best[0] > len(wanted) else None


def describe_ends(answers: Iterable[Answer]) -> int:
    """Return -1 if the labels of numbers show that the lowest is the best, 1 if the worst, else 0.

    "1 - Very satisfied" is the best of its scale.
    """
    labelled = [answer for answer in answers if answer.kind == "number" and answer.label]
    scale = find_word_scale((answer.label for answer in labelled), None)
    if scale is None:
        return 0
    upward = 1 if scale.best > scale.worst else -1
    ranked = sorted(
        (answer.value, upward * scale.values[answer.label])
        for answer in labelled
        if answer.label in scale.values
    )
    if len(ranked) < 2 or ranked[0][1] == ranked[-1][1]:
        return 0
    return 1 if ranked[-1][1] > ranked[0][1] else -1
