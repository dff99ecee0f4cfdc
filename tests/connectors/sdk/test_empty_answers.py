"""Answers that say nothing are told from short ones that do."""

from __future__ import annotations

import pytest

from connectors.sdk.empty_answers import says_nothing


@pytest.mark.parametrize(
    "text",
    ["-", ".", "N/A", "n.a.", "No comment", "  ?? ", "Nil", "none.", "。。", "Ｎ／Ａ", "\ufeff-"],
)
def test_signs_and_placeholders_say_nothing(text: str) -> None:
    assert says_nothing(text)


@pytest.mark.parametrize("text", ["None", "Nothing", "no", "Nothing at all!", "Not really"])
def test_none_says_nothing_where_faults_are_asked_for(text: str) -> None:
    assert says_nothing(text, "What could we do better?")
    assert says_nothing(text, "Anything else you would like to add?")
    assert not says_nothing(text, "What did the nurse tell you?")


@pytest.mark.parametrize("question", ["Comments", "your_comment", "Feedback:", "Any comments?"])
def test_none_says_nothing_where_only_a_comment_is_asked_for(question: str) -> None:
    assert says_nothing("None", question)
    assert says_nothing("No comments", question)
    assert not says_nothing("No lift", question)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Nein", "Was könnten wir besser machen?"),
        ("Keine", "Haben Sie Anmerkungen?"),
        ("Rien", "Que pourrions-nous faire de mieux ?"),
        ("Ninguna", "¿Tiene alguna sugerencia?"),
        ("Brak", "Co możemy poprawić?"),
        ("没有", "您有什么建议？"),
        ("нет", "Что можно улучшить?"),
    ],
)
def test_none_says_nothing_in_other_languages(text: str, question: str) -> None:
    assert says_nothing(text, question)
    assert not says_nothing(text, "?")


def test_a_title_and_a_body_say_nothing_if_neither_does() -> None:
    assert says_nothing("N/A\n\n-")
    assert not says_nothing("N/A\nThe lift")


@pytest.mark.parametrize(
    "text", ["👍", ":-(", "Good", "Parking", "No lift", "Nothing works here", "5"]
)
def test_short_answers_say_something(text: str) -> None:
    assert not says_nothing(text)
    assert not says_nothing(text, "What could we improve?")
