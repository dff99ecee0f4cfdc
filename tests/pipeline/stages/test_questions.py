import pytest

from pipeline.stages.questions import Kind, kind_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (None, Kind.NONE),
        (" \n", Kind.NONE),
        ("How could we improve?", Kind.IMPROVE),
        ("Which improvements would you make?", Kind.IMPROVE),
        ("What did you like, and what should we improve?", Kind.IMPROVE),
        ("WHAT COULD WE DO BETTER", Kind.BETTER),
        ("Is there anything we could have done differently?", Kind.BETTER),
        ("What would you change?", Kind.BETTER),
        ("What went wrong?", Kind.BETTER),
        ("What did you dislike?", Kind.BETTER),
        ("What did you not like?", Kind.BETTER),
        ("What went well and what could be better?", Kind.BETTER),
        ("What was good about your visit?", Kind.GOOD),
        ("What went well?", Kind.GOOD),
        ("What did you like?", Kind.GOOD),
        ("What did you like best?", Kind.GOOD),
        ("What did you enjoy about your stay?", Kind.GOOD),
        ("FFT Why?", Kind.WHY),
        ("Why did you give this score?", Kind.WHY),
        ("Please tell us why you gave this answer, good or bad", Kind.WHY),
        ("What is the main reason for your score?", Kind.WHY),
        ("Please explain your answer", Kind.WHY),
        ("Anything else?", Kind.OTHER),
        ("Any other comments?", Kind.OTHER),
        ("How likely are you to recommend us to friends and family?", Kind.OTHER),
        ("¿Qué podríamos hacer mejor?", Kind.OTHER),
    ],
)
def test_questions_in_plain_wording_have_their_kind(question: str | None, kind: Kind) -> None:
    assert kind_of(question) is kind


@pytest.mark.parametrize(
    "question",
    [
        "Is there anything else you would like to tell us?",
        "Is there anything else you'd like to add?",
        "Anything you’d like to say?",
        "Would you like to tell us more?",
    ],
)
def test_what_somebody_would_like_to_say_is_not_what_they_liked(question: str) -> None:
    assert kind_of(question) is Kind.OTHER


@pytest.mark.parametrize(
    "question",
    [
        "What didn't you like?",
        "What didn’t you like?",
        "What did you like least?",
        "What was not so good?",
        "What wasn't good?",
        "What didn't go well?",
        "What did not go so well?",
        "What was the worst part of your stay?",
    ],
)
def test_what_was_not_good_is_not_what_was_good(question: str) -> None:
    assert kind_of(question) is Kind.BETTER
