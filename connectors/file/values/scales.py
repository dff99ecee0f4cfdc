"""See from the cells of a column on which scale its answers are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from connectors.file.values.scores import (
    Answer,
    Scale,
    describe_ends,
    find_word_scale,
    parse_answer,
    word_scales,
)
from schemas.measures import FFT_DONT_KNOW

USUAL: Final[Mapping[str, tuple[float, float]]] = {
    "stars": (1, 5), "nps": (0, 10), "csat": (1, 5), "ces": (1, 7), "fft": (5, 1),
}  # fmt: skip

_TYPICAL_SHARE: Final = 0.98
"""Larger values than those of this share of the answers are typing errors."""
_MAX_STRAY_SHARE: Final = 0.5
_CODES: Final = frozenset({77.0, 88.0, 97.0, 98.0, 99.0, 777.0, 888.0, 997.0, 998.0, 999.0, 9999.0})
"""Numbers by which surveys say that there is no answer; negative ones do, too."""
_SHORT_CODES: Final = frozenset({8.0, 9.0})
"""The same on scales up to 5."""
_MIN_ANSWERS_FOR_CODES: Final = 10


def parse_answers(cells: Mapping[str, int]) -> list[tuple[Answer, int]]:
    """Return the answers of a column's distinct cells, each with its count."""
    answers = ((parse_answer(cell), count) for cell, count in cells.items())
    return [(answer, count) for answer, count in answers if answer is not None]


def read_numbers(cells: Mapping[str, int]) -> list[float]:
    """Return the numbers among a column's distinct answers."""
    return [answer.value for answer, _ in parse_answers(cells) if answer.kind == "number"]


def is_scored(cells: Mapping[str, int], measure: str) -> bool:
    """Return True if most answers of a column can be answers of this measure."""
    answers = parse_answers(cells)
    labels = [answer.label for answer, _ in answers if answer.kind == "label"]
    scale = find_word_scale(labels, measure) if labels else None
    words = scale.values if scale is not None else {}
    strays = sum(n for a, n in answers if a.kind == "label" and a.label not in words)
    codes = find_codes(answers, measure)
    strays += sum(
        n for a, n in answers
        if a.kind == "number" and not 0 <= a.value <= 100 and a.value not in codes
    )  # fmt: skip
    scored = sum(n for a, n in answers if a.kind != "missing") - strays
    return scored > 0 and strays <= _MAX_STRAY_SHARE * (scored + strays)


def find_worded_measure(cells: Mapping[str, int]) -> str | None:
    """Return the measure that the words of a column tell by themselves, such as fft."""
    answers = parse_answers(cells)
    numbers = sum(n for a, n in answers if a.kind in ("number", "stars", "percent") and not a.label)
    labelled = sum(n for a, n in answers if a.kind == "number" and a.label)
    worded = sum(n for a, n in answers if a.kind == "label")
    if worded + labelled <= numbers:
        return None
    scale = find_word_scale({a.label for a, _ in answers if a.kind == "label" or a.label}, None)
    if scale is None or scale.measure is None or not labelled:
        return None if scale is None else scale.measure
    largest = max(a.value for a, _ in answers if a.kind == "number")
    is_told = scale.measure == "fft" and largest <= FFT_DONT_KNOW + 1
    return scale.measure if is_told or worded > labelled else None


def find_codes(counted: Sequence[tuple[Answer, int]], measure: str) -> frozenset[float]:
    """Return the numbers of a column that stand for no answer, such as 99 beside 1 to 5."""
    numbers = {a.value: n for a, n in counted if a.kind == "number" and not a.best}
    codes = {value for value in numbers if value in _CODES or value < 0}
    usual = max(max(USUAL[measure]), 10)
    rest = {value: count for value, count in numbers.items() if value not in codes}
    if not rest or max(rest) > usual:
        codes = {value for value in codes if value < 0 and rest and min(rest) >= 0}
        return frozenset(codes)
    short = rest.keys() & _SHORT_CODES
    others = rest.keys() - short
    if measure != "nps" and short and others and max(others) == 5 and (
        sum(rest[value] for value in others) >= _MIN_ANSWERS_FOR_CODES
    ):  # fmt: skip
        codes |= short
    return frozenset(codes)


def see_scale(
    measure: str, cells: Mapping[str, int], named: tuple[float, float] | None = None
) -> Scale:
    """Return the scale of a measure's column; ``named`` are the ends that its header names."""
    counted = parse_answers(cells)
    answers = [answer for answer, _ in counted]
    labels = [answer.label for answer in answers if answer.kind == "label"]
    words = find_word_scale(labels, measure) if labels else None
    if measure == "fft":
        tables = [scale.values for scale in word_scales() if scale.measure == "fft"]
        return Scale(
            5, 1,
            {word: value for values in tables for word, value in values.items()},
            others=frozenset({float(FFT_DONT_KNOW)}),
            zero_is_missing=True,
            missing=find_codes(counted, measure) | {7.0},
            prefers_words=True,
        )  # fmt: skip
    if words is not None and not any(answer.kind in ("number", "stars") for answer in answers):
        return Scale(words.worst, words.best, words.values)
    codes = find_codes(counted, measure)
    numbers = [(answer, count) for answer, count in counted if answer.value not in codes]
    scale = replace(_see_numbers(measure, numbers, named), missing=codes)
    if describe_ends(answers) < 0:
        scale = replace(
            scale, worst=max(scale.worst, scale.best), best=min(scale.worst, scale.best)
        )
    if words is not None:
        width = (scale.best - scale.worst) / (words.best - words.worst)
        values = {w: scale.worst + (v - words.worst) * width for w, v in words.values.items()}
        scale = replace(scale, words=values)
    return scale


def _see_numbers(
    measure: str, counted: Sequence[tuple[Answer, int]], named: tuple[float, float] | None
) -> Scale:
    numbers = sorted((a.value, n) for a, n in counted if a.kind in ("number", "stars"))
    values = [value for value, _ in numbers]
    if named is not None:
        return Scale(*named, zero_is_missing=min(named) == 1)
    if any(answer.kind == "percent" for answer, _ in counted):
        return Scale(0, 100)
    bests = {answer.best for answer, _ in counted if answer.best}
    if len(bests) > 1:
        return Scale(0, 100, is_mixed=True)
    if bests:
        return _scale_to(bests.pop(), values, is_seen=True)
    if values and values[-1] <= 1 and any(not value.is_integer() for value in values):
        return Scale(0, 100, factor=100.0)  # a workbook shows 0.8 as 80 %
    worst, usual = USUAL[measure]
    largest = _typical_max(numbers)
    if largest <= usual:
        is_seen = largest == usual or (measure == "nps" and largest > 5)
        return Scale(worst, usual, zero_is_missing=worst == 1, is_seen=is_seen)
    for best in (7.0, 10.0, 100.0) if measure in ("csat", "ces") else (10.0, 100.0):
        if largest <= best:
            return _scale_to(best, values, is_seen=largest == best)
    return Scale(worst, usual, zero_is_missing=worst == 1, is_seen=False)


def _scale_to(best: float, values: Sequence[float], *, is_seen: bool) -> Scale:
    """Return the scale that ends with a number; one up to 5 or 7 begins at 1."""
    begins_at_zero = best >= 20 or (best >= 8 and 0 in values)
    return Scale(0 if begins_at_zero else 1, best, zero_is_missing=best < 8, is_seen=is_seen)


def _typical_max(numbers: Sequence[tuple[float, int]]) -> float:
    """Return the largest value, without the few of a long column that are typing errors."""
    total = sum(count for _, count in numbers)
    running = 0
    for value, count in numbers:
        running += count
        if running >= _TYPICAL_SHARE * total:
            return value
    return 0.0
