import time

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from pipeline.stages.score_sentiment import SentimentScorer, split_sentences
from schemas.feedback import Label, Language

ENGLISH = Language(code="en", confidence=0.9)
SCORER = SentimentScorer()


@pytest.mark.parametrize(
    "sentence", ["The nurses were lovely!!", "Rude, and I waited FOUR hours :(", "A chair."]
)
def test_a_sentence_has_exactly_vaders_scores(sentence: str) -> None:
    expected = SentimentIntensityAnalyzer().polarity_scores(sentence)
    scored = SCORER.score(sentence, ENGLISH)
    assert {
        "compound": scored.compound,
        "pos": scored.positive,
        "neu": scored.neutral,
        "neg": scored.negative,
    } == expected


def test_a_comment_has_the_mean_of_its_sentences() -> None:
    parts = ["The nurses were lovely.", "The food was horrible."]
    compounds = [SCORER.score(part, ENGLISH).compound or 0 for part in parts]
    assert SCORER.score(" ".join(parts), ENGLISH).compound == round(sum(compounds) / 2, 4)


@pytest.mark.parametrize("text", ["", "  \n "])
def test_a_comment_without_words_is_not_scored(text: str) -> None:
    assert SCORER.score(text, ENGLISH).label is Label.NOT_SCORED


def test_another_language_is_not_scored() -> None:
    scored = SCORER.score("La espera fue horrible", Language(code="es", confidence=0.9))
    assert (scored.label, scored.compound) == (Label.NOT_SCORED, None)


def test_sentences_keep_their_marks_and_are_bounded() -> None:
    assert split_sentences("Why?! It hurt…\nNo one came.") == ["Why?!", "It hurt…", "No one came."]
    assert [len(s.split()) for s in split_sentences("word " * 100)] == [40, 40, 20]


def test_twenty_thousand_words_take_no_longer_than_the_bound() -> None:
    text = "the doctor was not very kind to me " * 2_500
    began = time.process_time()
    SCORER.score(text, ENGLISH)
    assert time.process_time() - began < 2
