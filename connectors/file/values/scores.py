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
_FULL_STARS: Final = "★⭐✭✮✯🌟*♥❤●⬤■"
_EMPTY_STARS: Final = "☆✩✰♡🤍○◯□"
_HALF_STARS: Final = "½⯨"
_STARS: Final = re.compile(rf"[{re.escape(_FULL_STARS + _EMPTY_STARS + _HALF_STARS)}\ufe0f\s]+")
_DIGITS: Final = r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)"
_UNIT: Final = (
    r"(?:stars?|points?|pts|\*|★|⭐️?|sterne?n?|punkte?n?|étoiles?|estrellas?|estrelas?|stelle|stella"
    r"|sterren|puntos|punti|pontos)"
)
_SCORE: Final = re.compile(
    rf"(?:(?:(?:rated|rating|score|scored|grade)\s*:?|[★⭐]\ufe0f?)\s*)?(?P<value>{_DIGITS})\s*"
    r"(?:(?P<percent>%|percent|per cent)"
    rf"|{_UNIT}?\s*(?:/|out\s+of|of|von|sur|de|su|van)\s*(?P<best>{_DIGITS})\s*{_UNIT}?"
    rf"|{_UNIT}"
    r"|\s*(?:[-–—=:.|]|\()\s*(?P<label>[^\d\s].*?)\)?"
    r"|\s(?P<end>[^\W\d].*))?",
    re.IGNORECASE | re.DOTALL,
)
_LABEL_FIRST: Final = re.compile(
    rf"(?P<label>[^\d(]+?)\s*(?:[(\[]\s*(?P<value>{_DIGITS})\s*[)\]]|\s[-–—=:]\s*(?P<last>\d+))"
)
_WORDS: Final = re.compile(r"[\w/]+|-+|\.|[\u2600-\u27bf\U0001f300-\U0001faff]")


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
    is_whole: bool = False
    """True if all of its answers must be there for a column to be on it."""


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
    missing: frozenset[float] = frozenset()
    """Numbers that stand for no answer, such as 99."""
    is_mixed: bool = False
    """True if only answers that name the end of their own scale can be read."""
    prefers_words: bool = False
    """True if the label of a number counts more than the number: "5 - Extremely likely"."""

    def read(self, answer: Answer) -> float | None:
        """Return the value of an answer, or None if it is not on the scale."""
        if answer.kind in ("label", "missing"):
            return self.words.get(answer.label)
        if self.prefers_words and answer.label in self.words:
            return self.words[answer.label]
        if self.is_mixed and not answer.best:
            return None
        value = answer.value * self.factor
        if answer.best and answer.best != self.best:
            worst = begin_scale(answer.best)
            share = (answer.value - worst) / (answer.best - worst)
            value = self.worst + share * (self.best - self.worst)
        low, high = sorted((self.worst, self.best))
        return value if low <= value <= high or value in self.others else None

    def is_missing(self, answer: Answer) -> bool:
        """Return True for an answer that says that there is none."""
        if answer.kind == "missing":
            return answer.label not in self.words
        if answer.kind == "label":
            return False
        return answer.value in self.missing or (self.zero_is_missing and answer.value == 0)


def begin_scale(best: float) -> float:
    """Return where a scale up to a number usually begins: at 1 up to 7, and otherwise at 0."""
    return 1.0 if best < 8 else 0.0


def fold_answer(text: str) -> str:
    """Return an answer for comparison: without apostrophes, marks and case."""
    plain = text.casefold().replace("'", "").replace("’", "").replace("´", "")
    words = _WORDS.findall(plain)
    signs = [word for word in words if word.strip("-.")]
    named = [word for word in signs if word[0].isalnum() or word[0] in "_/"]
    return " ".join(named or signs or words)


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
        is_whole = table.get("is_whole", False)
        scales.append(WordScale(table["name"], table.get("measure"), worst, best, values, is_whole))
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
    if match is not None and _is_end(match.groupdict().get("end")):
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


def _is_end(label: str | None) -> bool:
    """Return True for no label, or one that is the end of a scale: "10 Best hospital possible"."""
    if label is None:
        return True
    folded = fold_answer(label)
    is_known = any(folded in scale.values for scale in word_scales())
    return is_known or folded.startswith(tuple(_load_words()["ends"]))


def _read_number(parts: dict[str, str | None]) -> Answer:
    value = parse_decimal(parts["value"] or parts.get("last") or "")
    if parts.get("percent"):
        return Answer("percent", value, 100.0)
    best = parts.get("best")
    return Answer(
        "number",
        value,
        parse_decimal(best) if best else None,
        fold_answer(parts.get("label") or parts.get("end") or ""),
    )


def find_word_scale(labels: Iterable[str], measure: str | None) -> WordScale | None:
    """Return the scale that knows the most of these folded answers, if it knows more than half.

    With a measure, only scales of this measure, or of none.
    """
    wanted = set(labels)
    best: tuple[tuple[int, int], WordScale] | None = None
    for scale in word_scales():
        if measure is not None and scale.measure not in (None, measure):
            continue
        values = [scale.values[label] for label in wanted if label in scale.values]
        if not values or (scale.is_whole and len(set(values)) < len(set(scale.values.values()))):
            continue
        # Answers that differ have different places on their scale.
        fit = len(values), len(set(values)) + scale.is_whole
        if best is None or fit > best[0]:
            best = fit, scale
    return best[1] if best is not None and 2 * best[0][0] > len(wanted) else None


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
