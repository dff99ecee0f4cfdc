from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.stages._feature_sums import BagReader
from pipeline.stages.evidence import find_strongest, merge_adjacent, places_to_spans
from pipeline.stages.questions import QuestionKind
from pipeline.stages.tokens import token_spans, tokenize
from schemas.feedback import Span


class OneOutput:
    """Weights by the names of features, of a single output."""

    outputs = 1
    terms: Mapping[str, Sequence[str]] = {"queue": ["had to stand in line"]}
    phrases: Mapping[str, Sequence[str]] = {}

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights = weights

    def lookup(self, names: Sequence[str]) -> tuple[np.ndarray[Any, Any], float] | None:
        weights = [self.weights[name] for name in names if name in self.weights]
        return (np.array([sum(weights)], dtype=np.float32), 1.0) if weights else None

    def vector_weights(self, word: str) -> None:
        return None


def show(text: str, **weights: float) -> list[str]:
    names = {name.replace("__", ":").replace("_", " "): value for name, value in weights.items()}
    reader = BagReader(OneOutput(names), {})
    tokens = tokenize(text)
    bags = reader.read([["before"], tokens], [QuestionKind.NONE, QuestionKind.NONE])
    (places,) = find_strongest(bags, reader.table, [1], [0])
    spans = places_to_spans(places, token_spans(text, tokens), bags.phrases.get(1, ()))
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "weights", "expected"),
    [
        ("The staff were RUDE.", {"w__rude": 2.0}, ["RUDE"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__slow": 1.0}, ["Rude", "slow"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__slow": 0.7}, ["Rude"]),
        ("Rude, and so slow", {"w__rude": 2.0, "w__and": -3.0}, ["Rude"]),
        ("It was not  good", {"b__not_good": 1.0, "w__not": 0.5}, ["not  good"]),
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
    assert show(":-)", **{"b__<_>": 1.0}) == []


def test_each_column_of_each_comment_has_its_own_evidence() -> None:
    reader = BagReader(OneOutput({"w:rude": 1.0, "w:slow": 1.0}), {"parking": ["car park"]})
    comments = [["rude", "car", "park"], ["the", "slow"]]
    bags = reader.read(comments, [QuestionKind.NONE, QuestionKind.NONE])
    strongest = find_strongest(bags, reader.table, [0, 0, 1, 1], [0, reader.first_group, 0, 2])
    # Rows are the words, then the pairs from before the first to behind the last word.
    assert strongest == [[0], [3 + 2], [1], []]
    assert find_strongest(bags, reader.table, [], []) == []


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
