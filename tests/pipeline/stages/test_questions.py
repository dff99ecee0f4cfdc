import pytest

from pipeline.stages.questions import QuestionKind, classify_question


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (None, QuestionKind.NONE),
        (" \n", QuestionKind.NONE),
        ("How could we improve?", QuestionKind.IMPROVE),
        ("Which improvements would you make?", QuestionKind.IMPROVE),
        ("What did you like, and what should we improve?", QuestionKind.IMPROVE),
        ("WHAT COULD WE DO BETTER", QuestionKind.BETTER),
        ("Is there anything we could have done differently?", QuestionKind.BETTER),
        ("What would you change?", QuestionKind.BETTER),
        ("What went wrong?", QuestionKind.BETTER),
        ("What did you dislike?", QuestionKind.BETTER),
        ("What did you not like?", QuestionKind.BETTER),
        ("What went well and what could be better?", QuestionKind.BETTER),
        ("What was good about your visit?", QuestionKind.GOOD),
        ("What went well?", QuestionKind.GOOD),
        ("What did you like?", QuestionKind.GOOD),
        ("What did you like best?", QuestionKind.GOOD),
        ("What did you enjoy about your stay?", QuestionKind.GOOD),
        ("FFT Why?", QuestionKind.WHY),
        ("Why did you give this score?", QuestionKind.WHY),
        ("Please tell us why you gave this answer, good or bad", QuestionKind.WHY),
        ("What is the main reason for your score?", QuestionKind.WHY),
        ("Please explain your answer", QuestionKind.WHY),
        ("Anything else?", QuestionKind.OTHER),
        ("Any other comments?", QuestionKind.OTHER),
        ("How likely are you to recommend us to friends and family?", QuestionKind.OTHER),
        ("¿Qué podríamos hacer mejor?", QuestionKind.OTHER),
    ],
)
def test_questions_in_plain_wording_have_their_kind(
    question: str | None, kind: QuestionKind
) -> None:
    assert classify_question(question) is kind


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
    assert classify_question(question) is QuestionKind.OTHER


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
    assert classify_question(question) is QuestionKind.BETTER
