from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.stages._feature_sums import BagReader
from pipeline.stages.evidence import (
    find_strongest,
    merge_adjacent,
    words_of_rows,
)
from pipeline.stages.questions import QuestionKind
from pipeline.stages.sentences import read_sentences
from pipeline.stages.tokens import token_spans
from schemas.feedback import Span


class OneOutput:
    """Weights by the names of features, of a single output; the next column is the bag's size."""

    width = 2
    terms: Mapping[str, Sequence[str]] = {"queue": ["had to stand in line"]}
    phrases: Mapping[str, Sequence[str]] = {}

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def add(
        self,
        row: np.ndarray[Any, Any],
        plain: Sequence[str],
        marked: Sequence[str],
        word: str | None,
    ) -> bool:
        weights = [self.weights[name] for name in marked if name in self.weights]
        row[0] += sum(weights)
        return bool(weights)


def show(text: str, **weights: float) -> list[str]:
    names = {name.replace("__", ":").replace("_", " "): value for name, value in weights.items()}
    reader = BagReader(OneOutput(names), {})
    readings = [read_sentences("before"), read_sentences(text)]
    bags = reader.read(readings, [QuestionKind.NONE, QuestionKind.NONE])
    first, end = bags.starts[bags.first_clauses()[1:]]
    (rows,) = find_strongest(bags, reader.table, [first], [end], [0])
    if not readings[1].tokens:
        return []
    # Words are counted in the batch.
    spans = [*token_spans("before", readings[0].tokens), *token_spans(text, readings[1].tokens)]
    words = words_of_rows(readings, bags, rows)
    passages = merge_adjacent([(spans[first][0], spans[last][1]) for first, last in words])
    return [text[start:end] for start, end in passages]


@pytest.mark.parametrize(
    ("text", "weights", "expected"),
    [
        ("The staff were RUDE.", {"w__rude": 2.0}, ["RUDE"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__slow": 1.0}, ["Rude", "slow"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__slow": 0.7}, ["Rude"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__and": -3.0}, ["Rude"]),
        ("It was not  good", {"b__not_~good": 1.0, "w__not": 0.5}, ["not  good"]),
        ("Nothing", {"b__<_nothing": 1.0}, ["Nothing"]),
        ("Nothing!", {"b__!_>": 1.0}, ["!"]),
        ("I had to stand in line, sir", {"t__queue": 1.0}, ["had to stand in line"]),
        ("a b c d", {"w__a": 1.0, "w__b": 1.1, "w__c": 1.2, "w__d": 1.3}, ["b c d"]),
        ("a, b, c, d", {"w__a": 1.0, "w__b": 1.1, "w__c": 1.2, "w__d": 1.3}, ["b", "c", "d"]),
        ("can’t say", {"w__can't": 1.0}, ["can’t"]),
        ("fine", {"w__fine": -1.0}, []),
        ("what", {}, []),
    ],
)
def test_evidence_is_the_words_that_speak_most(
    text: str, weights: dict[str, float], expected: list[str]
) -> None:
    assert show(text, **weights) == expected


def test_a_text_without_words_has_no_evidence_even_where_that_says_something() -> None:
    assert show("...", **{"b__<_>": 1.0}) == []


def test_words_of_a_later_sentence_have_their_own_places() -> None:
    assert show("It was fine. But the food, as ever, was cold!", w__cold=1.0) == ["cold"]
    assert show("Kind. I had to stand in line. Good.", t__queue=1.0) == ["had to stand in line"]


def test_each_range_of_rows_has_its_own_evidence() -> None:
    reader = BagReader(OneOutput({"w:rude": 1.0, "w:slow": 1.0}), {"parking": ["car park"]})
    readings = [read_sentences("rude car park"), read_sentences("the slow")]
    bags = reader.read(readings, [QuestionKind.NONE, QuestionKind.NONE])
    begins, ends = [0, 0, 7, 7], [7, 7, 12, 12]
    assert bags.starts.tolist() == [0, 7, 12]
    columns = [0, reader.first_group, 0, 1]
    strongest = find_strongest(bags, reader.table, begins, ends, columns)
    # Rows are the words, then the pairs from before the first to behind the last word.
    assert strongest == [[0], [3 + 2], [7 + 1], []]
    assert find_strongest(bags, reader.table, [], [], []) == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], ()),
        ([(4, 8)], ((4, 8),)),
        ([(9, 12), (4, 8)], ((4, 12),)),
        ([(4, 8), (10, 12)], ((4, 8), (10, 12))),
        ([(4, 20), (5, 8), (22, 23)], ((4, 20), (22, 23))),
    ],
)
def test_spans_are_in_order_and_merged_where_they_meet(
    spans: list[Span], expected: tuple[Span, ...]
) -> None:
    assert merge_adjacent(spans) == expected
