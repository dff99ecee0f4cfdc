import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages._spelling import SpellingCorrector, count_edits

WORDS = ("tablets", "breathing", "knife", "nurse", "blood", "wrong", "someone", "abused")
VOCABULARY = {*WORDS, "table", "abscess", "brooding", "stop", "carry"}
CORRECTOR = SpellingCorrector(lambda: WORDS, VOCABULARY)


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("tabelts", "tablets"),
        ("tabletts", "tablets"),
        ("breething", "breathing"),
        ("brethin", "breathing"),
        ("nife", "knife"),
        ("wron", "wrong"),
        ("sombody", None),
        ("nursse", "nurse"),
    ],
)
def test_a_misspelt_word_becomes_the_nearest_word(word: str, right: str | None) -> None:
    assert CORRECTOR.correct(word) == right


@pytest.mark.parametrize(
    "word", ["table", "tables", "stopped", "carries", "restop", "abscesses", "unstoppable"]
)
def test_a_word_spelt_right_or_derived_from_one_is_left_alone(word: str) -> None:
    assert CORRECTOR.correct(word) is None


@pytest.mark.parametrize("word", ["nif", "x" * 21, "kn1fe", "", "12345"])
def test_short_words_long_ones_and_those_with_digits_are_left_alone(word: str) -> None:
    assert CORRECTOR.correct(word) is None


def test_a_word_nearer_to_one_outside_the_list_is_left_alone() -> None:
    assert count_edits("absess", "abused") <= 3
    assert SpellingCorrector(lambda: ("abuses",), {"abscess"}).correct("absess") is None
    assert SpellingCorrector(lambda: ("abuses",), set()).correct("absess") == "abuses"


def test_what_may_be_a_name_differs_by_one_letter_at_most() -> None:
    assert CORRECTOR.correct("brethin", is_name=True) is None
    assert CORRECTOR.correct("tabelts", is_name=True) == "tablets"


@pytest.mark.parametrize(
    ("word", "other", "edits"),
    [
        ("nurse", "nurse", 0),
        ("nrse", "nurse", 1),
        ("nusre", "nurse", 1),
        ("", "ab", 2),
        ("ab", "cd", 2),
    ],
)
def test_edits_are_counted(word: str, other: str, edits: int) -> None:
    assert count_edits(word, other) == count_edits(other, word) == edits


@given(st.text("abnurse", min_size=4, max_size=9))
def test_a_correction_is_a_word_of_the_list_within_two_edits(word: str) -> None:
    right = CORRECTOR.correct(word)
    assert right is None or (right in WORDS and count_edits(word, right) <= 2)


def test_no_word_takes_long() -> None:
    CORRECTOR.correct("warming")
    began = time.process_time()
    for number in range(200):
        CORRECTOR.correct("".join(chr(97 + (number * 7 + place * 5) % 26) for place in range(20)))
    assert time.process_time() - began < 1
