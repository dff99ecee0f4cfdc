"""Answers on scales, and the scale that a column shows."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.file.values.names import find_scale
from connectors.file.values.scales import is_scored, see_scale
from connectors.file.values.scores import parse_answer


def read(measure: str, *cells: str) -> tuple[float, float, list[float | None]]:
    scale = see_scale(measure, Counter(cells))
    answers = [parse_answer(cell) for cell in cells]
    return scale.worst, scale.best, [scale.read(each) if each else None for each in answers]


@pytest.mark.parametrize(
    ("measure", "cells", "expected"),
    [
        ("stars", ("3,5", " 2 ", "5.", "+1", "2 stars", "three", "FIVE"), (1, 5)),
        ("stars", ("2.0 out of 5 stars", "Rated 5 out of 5", "4/5", "★★★☆☆", "⭐⭐"), (1, 5)),
        ("stars", ("★ 2", "★3", "5 ★"), (1, 5)),
        ("stars", ("60%", "5 %", "100%"), (0, 100)),
        ("stars", ("0.6", "0.05", "1"), (0, 100)),
        ("stars", ("7", "10", "2"), (1, 10)),
        ("stars", ("7/10", "2/10"), (1, 10)),
        ("stars", ("65", "90", "12"), (0, 100)),
        ("nps", ("10 - Extremely likely", "0 (Not at all likely)", "6"), (0, 10)),
        ("fft", ("Extremely likely", "Very poor", "Dont know", "2"), (5, 1)),
        ("csat", ("Very satisfied", "Dissatisfied", "Neither satisfied nor dissatisfied"), (1, 5)),
        ("csat", ("1 - Very satisfied", "4", "5 - Very dissatisfied"), (5, 1)),
        ("csat", ("Excellent", "Poor", "Good"), (1, 5)),
    ],
)
def test_the_scale_is_seen_from_the_cells(
    measure: str, cells: tuple[str, ...], expected: tuple[float, float]
) -> None:
    worst, best, values = read(measure, *cells)
    assert (worst, best) == expected
    assert None not in values


def test_answers_have_their_values() -> None:
    assert read("stars", "★★★☆☆", "4.0 out of 5 stars", "five")[2] == [3, 4, 5]
    assert read("stars", "★★★★½", "2/5")[2] == [4.5, 2]
    assert read("fft", "Extremely likely", "Neither good nor poor", "Don’t know")[2] == [1, 3, 6]
    assert read("nps", "9 - Extremely likely", "0 - Not at all likely")[2] == [9, 0]
    assert read("stars", "0.8", "0.25")[2] == [80, 25]


@pytest.mark.parametrize("cell", ["0", "n/a", "Not answered", "-", "Prefer not to say"])
def test_what_is_not_answered_is_no_score(cell: str) -> None:
    scale = see_scale("stars", Counter([cell, "4", "5"]))
    answer = parse_answer(cell)
    assert answer is not None
    assert scale.is_missing(answer)
    assert scale.worst == 1


def test_a_typing_error_does_not_make_a_scale() -> None:
    scale = see_scale("stars", Counter({"5": 60, "4": 60, "1": 20, "55": 1}))
    answer = parse_answer("55")
    assert answer is not None
    assert (scale.best, scale.read(answer)) == (5, None)


def test_a_scale_that_the_answers_do_not_reach_is_a_guess() -> None:
    assert see_scale("stars", Counter(["5", "1"])).is_seen
    assert not see_scale("stars", Counter(["3", "1"])).is_seen


def test_words_and_dates_are_no_scores() -> None:
    assert not is_scored(Counter(["Nurses", "Meals"]), "stars")
    assert is_scored(Counter(["Very good", "Good"]), "fft")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("How was it? (1-5)", (1, 5)),
        ("Score (0 to 10)", (0, 10)),
        ("Rating [1 = excellent, 6 = poor]", (6, 1)),
        ("Wie war es? (1 = sehr zufrieden, 6 = sehr unzufrieden)", (6, 1)),
        ("Note (1 = mauvais, 5 = excellent)", (1, 5)),
        ("1=Not at all likely - 10=Extremely likely", (1, 10)),
        ("Rating out of 10", (0, 10)),
        ("Star rating", None),
        ("COVID-19 comments", None),
    ],
)
def test_a_name_may_show_the_scale(name: str, expected: tuple[float, float] | None) -> None:
    assert find_scale(name) == expected
