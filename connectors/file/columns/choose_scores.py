"""Choose the columns of scores, by the words of their names and of their cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from connectors.file.columns.mapping import MEASURES
from connectors.file.columns.presets import load_words
from connectors.file.columns.profile import Column
from connectors.file.values.names import find_scale, is_question, split_words
from connectors.file.values.scales import (
    find_codes,
    find_worded_measure,
    is_scored,
    parse_answers,
    read_numbers,
)
from connectors.file.values.scores import find_word_scale
from connectors.sdk.short_answers import asks_for_fact

_MEASURES_BY_NAME: Final = ("nps", "fft", "csat", "ces", "stars")
_MIN_ANSWERS: Final = 20
"""So many answers up to 5 are not on a scale up to 10."""
_JUDGES: Final = frozenset({
    "rating", "rate", "recommend", "likely", "friends", "family", "fft", "score", "experience",
    "overall", "response", "answer", "how",
})  # fmt: skip
_LAST: Final = 99
_GROUPS: Final = frozenset({"promoter", "passive", "neutral", "detractor", "n/a"})
_PART: Final = re.compile(r"(.+?)\s*(?:\[[^\]]*[^\W\d][^\]]*\]|– .+)")
""""Rate us [Food]" and "Rate us – Food": a question with several columns."""


class Chooser(Protocol):
    """The columns of a file, as they are chosen."""

    @property
    def columns(self) -> dict[str, str]:
        """The columns taken so far, by field."""

    def column(self, name: str) -> Column:
        """Return what the cells of a column show."""

    @property
    def taken(self) -> set[str]:
        """The columns that a field has taken."""

    def has_column(self, name: str) -> bool:
        """Return True if the file has a column of this name."""

    def empty_columns(self, aside: set[str]) -> list[Column]:
        """Return the columns without cells that no field has taken."""

    def free_columns(self, aside: set[str]) -> list[Column]:
        """Return the columns with cells that no field has taken."""

    def wording(self, name: str) -> str:
        """Return a column's name, or its question."""

    def take(self, field: str, name: str) -> None:
        """Let a column be the field's."""

    def is_person(self, name: str) -> bool:
        """Return True if a column names people."""


def choose_scores(chooser: Chooser, aside: set[str]) -> None:
    """Take the likeliest column of each measure that has none."""
    ranked: dict[str, list[tuple[int, str]]] = {}
    free = chooser.free_columns(aside)
    stems = Counter(_find_stem(chooser.wording(column.name)) for column in free)
    has_groups = any(map(holds_groups, free))
    for column in free:
        if column.is_open or column.is_date or chooser.is_person(column.name):
            continue
        wording = chooser.wording(column.name)
        stem = _find_stem(wording)
        if stem and stems[stem] > 1 and not holds_score_part(wording):
            continue  # one aspect of several: none is the answer to the whole
        measure_rank = find_measure(wording, column)
        if measure_rank is not None and measure_rank[0] == "stars" and has_groups:
            measure_rank = _check_groups(column, measure_rank)
        if measure_rank is not None:
            ranked.setdefault(measure_rank[0], []).append((measure_rank[1], column.name))
    for measure in MEASURES:
        if measure in ranked and measure not in chooser.columns:
            chooser.take(measure, min(ranked[measure], key=lambda pair: pair[0])[1])


def list_left_out(chooser: Chooser, names: Iterable[str]) -> list[str]:
    """Return the columns among those left out whose cells are scores."""
    scored = []
    for name in names:
        column, wording = chooser.column(name), chooser.wording(name)
        if not column.filled or column.is_open or column.is_date or chooser.is_person(name):
            continue
        if column.has_choices or holds_groups(column):
            continue
        is_score = find_measure(wording, column) is not None or is_worded_scale(column)
        if is_score or _asks_for_number(wording, column):
            scored.append(name)
    return scored


def _asks_for_number(wording: str, column: Column) -> bool:
    """Return True for a question that is answered on a scale up to 5 or 10, whatever it asks."""
    numbers = read_numbers(column.values)
    if not column.is_number or not numbers:
        return False
    is_scale = min(numbers) >= 0 and max(numbers) <= 10 and all(n.is_integer() for n in numbers)
    return is_scale and is_question(wording) and not asks_for_fact(wording)


def is_worded_scale(column: Column) -> bool:
    """Return True if most cells are the answers of a scale in words."""
    labels = [answer.label for answer, _ in parse_answers(column.values) if answer.kind == "label"]
    return bool(labels) and find_word_scale(labels, None) is not None


def holds_groups(column: Column) -> bool:
    """Return True for promoters, passives and detractors: a score of 0 to 10 in three groups."""
    if column.is_open or not column.values:
        return False
    return {cell.strip().casefold().rstrip("s") for cell in column.values} <= _GROUPS


def holds_score_part(wording: str) -> bool:
    """Return True for the part of a question that is its score, beside its group."""
    return split_words(wording)[-1:] in (("score",), ("rating",))


def _find_stem(wording: str) -> str:
    """Return what the columns of one question have in common: "Rate us [Food]"."""
    match = _PART.fullmatch(wording)
    return match[1].strip() if match else ""


def _check_groups(column: Column, rank: tuple[str, int]) -> tuple[str, int]:
    """Return nps for a score up to 10, beside a column of its groups."""
    numbers = read_numbers(column.values)
    is_nps = bool(numbers) and max(numbers) <= 10 and min(numbers) >= 0
    return ("nps", _LAST) if is_nps and all(n.is_integer() for n in numbers) else rank


def find_measure(wording: str, column: Column) -> tuple[str, int] | None:
    """Return the measure of a column with the rank of its name, or None if it has none."""
    by_name = rank_measures(wording)
    worded = find_worded_measure(column.values)
    words = set(split_words(wording))
    if worded is not None and (by_name or is_question(wording) or words & _JUDGES):
        if worded != "fft" or words & _JUDGES or _tells_likelihood(column):
            return worded, by_name.get(worded, _LAST)
        return None
    for measure in _MEASURES_BY_NAME:
        if measure in by_name and is_scored(column.values, measure):
            return _check_scale(measure, wording, column), by_name[measure]
    if find_scale(wording) and is_question(wording) and is_scored(column.values, "stars"):
        return ("stars", _LAST) if column.is_number else None
    return None


def rank_measures(wording: str) -> dict[str, int]:
    """Return the measures that the words of a name tell, with the rank of the phrase."""
    words = load_words()
    ranks = {measure: words[measure].rank(wording) for measure in _MEASURES_BY_NAME}
    return {measure: rank for measure, rank in ranks.items() if rank is not None}


def _check_scale(measure: str, wording: str, column: Column) -> str:
    """Return csat for a recommendation on a scale that ends with 5, and is not NPS."""
    if measure != "nps" or "nps" in split_words(wording):
        return measure
    counted = parse_answers(column.values)
    codes = find_codes(counted, measure)
    answers = [(a, n) for a, n in counted if a.kind == "number" and a.value not in codes]
    if not answers:
        return "csat"  # in words of another scale
    largest = max((answer.value for answer, _ in answers), default=0)
    named = find_scale(wording)
    if named is not None:
        return measure if max(named) == 10 else "csat"
    is_short = largest <= 5 and sum(count for _, count in answers) >= _MIN_ANSWERS
    return "csat" if is_short or largest > 10 else measure


def _tells_likelihood(column: Column) -> bool:
    return any("likely" in cell.casefold() for cell in column.values)
