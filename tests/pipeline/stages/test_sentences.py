"""Words are read in their sentences, with what is denied and what is set aside."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stages.sentences import Role, read_sentences
from pipeline.stages.tokens import MAX_TOKENS, token_spans


def show(text: str) -> list[tuple[str, str]]:
    """The segments of a text, each with its role."""
    reading, begin, segments = read_sentences(text), 0, []
    for end, role in zip(reading.ends, reading.roles, strict=True):
        segments.append((Role(role).name.lower(), " ".join(reading.tokens[begin:end])))
        begin = end
    return segments


def denied(text: str) -> list[str]:
    return [token[1:] for token in read_sentences(text).tokens if token[0] == "~"]


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("Kind staff. Cold food!", ["kind staff", "cold food !"]),
        ("Kind staff\nCold food", ["kind staff", "cold food"]),
        ("Great!!! Really great", ["great ! ! !", "really great"]),
        ("Dr. Smith came at 9.30 sharp", ["dr smith came at 9 30 sharp"]),
        ("", [""]),
    ],
)
def test_a_comment_is_read_by_its_sentences(text: str, segments: list[str]) -> None:
    assert [words for _, words in show(text)] == segments


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        (
            "Lovely nurses but the food was cold",
            [("conceded", "lovely nurses"), ("decisive", "but the food was cold")],
        ),
        (
            "Although it was full, they were kind",
            [("conceded", "although it was full"), ("decisive", "they were kind")],
        ),
        (
            "They were kind although it was full",
            [("decisive", "they were kind"), ("conceded", "although it was full")],
        ),
        ("Fine. However, cold.", [("conceded", "fine"), ("decisive", "however cold")]),
        ("Nothing but praise", [("plain", "nothing but praise")]),
        ("It looked as though it rained", [("plain", "it looked as though it rained")]),
    ],
)
def test_a_contrast_parts_what_is_conceded_from_what_it_comes_to(
    text: str, segments: list[tuple[str, str]]
) -> None:
    assert show(text) == segments


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The porter was not kind or gentle", ["kind", "gentle"]),
        ("Not kind, but clean", ["kind"]),
        ("Nobody was rude and the ward was clean", ["rude"]),
        ("It wasn’t painful", ["painful"]),
        ("It wasnt painful", ["painful"]),
        ("I was never not helped", []),
        ("Not only kind but quick", []),
        ("Could have been cleaner", ["cleaner"]),
        ("It would be nice to sit", ["nice", "sit"]),
        ("I would be lost in this building", []),
        ("It could not have been smoother", []),
        ("I wish they had listened", ["listened"]),
        ("I would like to thank the porter", []),
        ("I would have liked some water", ["liked", "some", "water"]),
        ("It used to be clean", ["clean"]),
        ("Far from clean", ["clean"]),
        ("Anything but clean", ["clean"]),
    ],
)
def test_a_negator_or_a_wish_reaches_to_the_end_of_its_clause(text: str, words: list[str]) -> None:
    assert denied(text) == words


@pytest.mark.parametrize(
    "closing",
    [
        "Thank you.",
        "thanks",
        "Many thanks for your time!",
        "Kind regards",
        "Hope this helps.",
        "Kind regards,\nJo Bloggs",
        "Thank you\nBest wishes\nJo",
    ],
)
def test_courtesies_and_signatures_at_the_end_are_set_aside(closing: str) -> None:
    for mark in (". ", "\n", "! "):
        first, *others = show(f"Nobody changed my sheets{mark}{closing}")
        assert first[0] == "plain"
        assert {role for role, _ in others} == {"aside"}


@pytest.mark.parametrize("closing", ["thank you", "thanks", "many thanks", "kind regards"])
def test_a_courtesy_needs_no_mark_before_it(closing: str) -> None:
    role, words = show(f"Nobody changed my sheets {closing}")[-1]
    assert (role, words.replace("~", "")) == ("aside", closing)


@pytest.mark.parametrize(
    "text",
    [
        "Thank you",
        "Thanks. Kind regards",
        "Thank you for saving my leg.",
        "Please give the team my thanks",
        "I cannot say a big enough thank you",
        "Lovely. Thanks for losing my notes",
    ],
)
def test_thanks_that_say_something_are_not_set_aside(text: str) -> None:
    assert "aside" not in {role for role, _ in show(text)}


def test_emoji_and_faces_are_words_whatever_their_skin() -> None:
    assert read_sentences("👍🏽 :) ❤️").tokens == ["👍🏽", ":)", "❤️"]


def test_clauses_end_at_commas_and_at_and() -> None:
    reading = read_sentences("The nurses were kind, the car park was full and the soup was cold")
    assert list(reading.clauses) == [4, 9, 14]


@given(st.text())
def test_every_word_has_its_place_in_any_text(text: str) -> None:
    reading = read_sentences(text)
    assert len(token_spans(text, reading.tokens)) == len(reading.tokens)
    assert len(reading.ends) == len(reading.roles)
    assert reading.ends[-1] == reading.clauses[-1] == len(reading.tokens)
    assert set(reading.ends) <= set(reading.clauses)
    assert list(reading.clauses) == sorted(set(reading.clauses)) or not reading.tokens


@pytest.mark.parametrize("text", ["not " * 50_000, "but " * 50_000, ". " * 99_000, "👍🏽" * 50_000])
def test_no_text_takes_long_to_read(text: str) -> None:
    began = time.process_time()
    reading = read_sentences(text)
    assert time.process_time() - began < 0.5
    assert len(reading.tokens) <= MAX_TOKENS
