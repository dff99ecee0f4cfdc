import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.redact import TYPES
from pipeline.stages.tokens import (
    MAX_TOKENS,
    blank_placeholders,
    lowercase,
    token_spans,
    tokenize,
)

# Surrogates that stand alone are among them, and all that is written from right to left.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
TRICKY_TEXT = st.text(
    st.sampled_from("aZ'’_!? .İßẞΣςﬁǅ\0\n\u0301\u200d\u202e\ud800\udfffמعก医½٣👍🏽")
)


@pytest.mark.parametrize(
    ("text", "lower"),
    [
        ("The STAFF", "the staff"),
        ("İstanbul İYİ", "İstanbul İyİ"),
        ("STRAẞE Maße", "straße maße"),
        ("ΧΡΌΝΟΣ", "χρόνος"),
        ("İ ΧΡΌΝΟΣ", "İ χρόνοσ"),
        ("Can’t", "can't"),
        ("CAN'T", "can't"),
        ("\ud800A\udfff", "\ud800a\udfff"),
    ],
)
def test_lower_case_has_straight_apostrophes_and_no_letter_more(text: str, lower: str) -> None:
    assert lowercase(text) == lower


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The nurse's tea, 2 sugars!", ["the", "nurse's", "tea", "2", "sugars", "!"]),
        (
            "Why?! 'Fine' it’s ’tis rock'n'roll'",
            ["why", "?", "!", "fine", "it's", "tis", *["rock'n'roll"]],
        ),
        ("snake_case A&E follow-up", ["snake", "case", "a", "e", "follow", "up"]),
        ("كان الانتظار طويلا", ["كان", "الانتظار", "طويلا"]),
        ("医生很好。", ["医生很好"]),
        ("a\0b\ud800c", ["a", "b", "c"]),
        ("👍🏽 ... -- _", []),
        ("", []),
    ],
)
def test_words_keep_inner_apostrophes_and_marks_of_tone_are_words(
    text: str, tokens: list[str]
) -> None:
    assert tokenize(text) == tokens


@given(ANY_TEXT | TRICKY_TEXT)
def test_the_spans_of_any_text_hold_its_words(text: str) -> None:
    lower, tokens = lowercase(text), tokenize(text)
    assert len(lower) == len(text)
    spans = token_spans(text, tokens)
    assert [lower[start:end] for start, end in spans] == tokens
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_no_text_has_more_than_a_thousand_words() -> None:
    assert tokenize("so slow " * 5_000) == ["so", "slow"] * (MAX_TOKENS // 2)
    spans = token_spans("so slow " * 5_000, tokenize("so slow " * 5_000))
    assert spans[-1] == (8 * MAX_TOKENS // 2 - 5, 8 * MAX_TOKENS // 2 - 1)


@pytest.mark.parametrize("letter", ["a", "İ", "医", "9", "a'", "a’"])
def test_a_megabyte_of_one_letter_is_cut_into_words_of_bounded_length(letter: str) -> None:
    text = letter * 1_000_000
    began = time.process_time()
    tokens = tokenize(text)
    spans = token_spans(text, tokens)
    assert time.process_time() - began < 2
    assert max(end - start for start, end in spans) <= 200


@pytest.mark.parametrize("kind", TYPES)
def test_a_placeholder_is_no_word_and_moves_none(kind: str) -> None:
    text = f"Mine is [{kind.upper()}], yours [I]?"
    plain = blank_placeholders(text)
    assert len(plain) == len(text)
    assert tokenize(plain) == ["mine", "is", "yours", "i", "?"]
    assert token_spans(plain, ["yours"]) == [(text.index("yours"), text.index("yours") + 5)]
