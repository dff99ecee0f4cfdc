import pytest

from pipeline.stages.terms import Phrase, Terms, follows, term_words


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("Parking", ["parking"]),
        ("WAIT*", ["wait*"]),
        ("CAN’T fault", ["can't", "fault"]),
        ("x-ray*", ["x", "ray*"]),
        ("  10/10 ", ["10", "10"]),
        ("İyi ẞ", ["İyi", "ß"]),
        ("...", []),
        ("*", []),
        ("!", []),
    ],
)
def test_a_term_is_read_in_any_case_and_with_any_apostrophe(term: str, words: list[str]) -> None:
    assert term_words(term) == words


@pytest.mark.parametrize(
    ("word", "groups"),
    [
        ("wait", ["stem"]),
        ("waiting", ["stem", "longer_stem", "word"]),
        ("waitings", ["stem", "longer_stem"]),
        ("wai", []),
        ("await", []),
        ("", []),
    ],
)
def test_a_word_is_found_itself_and_by_its_beginnings(word: str, groups: list[str]) -> None:
    terms = Terms({"word": ["waiting"], "stem": ["wait*"], "longer_stem": ["waiting*"]})
    assert sorted(terms.groups_for_word(word)) == sorted(groups)


def test_two_words_are_found_alone_or_with_those_that_have_to_follow() -> None:
    terms = Terms(
        {
            "fault": ["can't fault"],
            "stems": ["couldn* fault*"],
            "long": ["no problem at all", "no problem*"],
            "word": ["problem"],
        }
    )
    assert terms.phrases_for_pair("can't", "fault") == [Phrase((), "fault")]
    assert terms.phrases_for_pair("couldn't", "faulted") == [Phrase((), "stems")]
    assert sorted(terms.phrases_for_pair("no", "problem")) == [
        Phrase((), "long"),
        Phrase(("at", "all"), "long"),
    ]
    assert terms.phrases_for_pair("no", "problems") == [Phrase((), "long")]
    assert terms.phrases_for_pair("fault", "can't") == []
    assert terms.groups_for_word("no") == []


@pytest.mark.parametrize(
    ("position", "rest", "follow"),
    [
        (2, ("at", "all"), True),
        (2, ("a*", "all"), True),
        (2, ("at", "al"), False),
        (3, ("at", "all"), False),
        (3, ("all", "day"), False),
        (4, (), True),
    ],
)
def test_what_has_to_follow_is_compared_word_by_word(
    position: int, rest: tuple[str, ...], follow: bool
) -> None:
    assert follows(["no", "problem", "at", "all"], position, rest) is follow


def test_an_answer_is_the_same_when_it_is_asked_again() -> None:
    terms = Terms({"long": ["no problem at all"]})
    assert [terms.phrases_for_pair("no", "problem") for _ in range(2)] == [
        [Phrase(("at", "all"), "long")]
    ] * 2
    assert terms.phrases_for_pair("no", "wait") == []
