import csv
import os
import subprocess
import sys
import time
from functools import cache
from math import sqrt
from pathlib import Path
from statistics import correlation

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vaderSentiment import vaderSentiment

from pipeline.stages._vader_words import VaderVocabulary
from pipeline.stages.vader import Scores, Vader, WordPart, _runs

DATA = Path(os.environ.get("FEEDBACK_DATA", "../shared/data"))
ANALYZER = vaderSentiment.SentimentIntensityAnalyzer()
VADER = Vader()


def expected_scores(text: str) -> Scores:
    scores = ANALYZER.polarity_scores(text)
    return Scores(scores["neg"], scores["neu"], scores["pos"], scores["compound"])


class Sentiments(vaderSentiment.SentimentIntensityAnalyzer):  # type: ignore[misc]
    """vaderSentiment, to the list of valences that it adds up."""

    def score_valence(self, sentiments: list[float], text: str) -> list[float]:
        return [valence for valence in sentiments if valence]


SENTIMENTS = Sentiments()

# -- the same scores as vaderSentiment ------------------------------------------------------------


@cache
def rated_snippets(name: str) -> list[tuple[float, str]]:
    path = DATA / f"{name}_GroundTruth.txt"
    if not path.exists():
        pytest.skip(f"the rated {name} are not at {DATA}; FEEDBACK_DATA names their folder")
    with path.open(encoding="utf-8", errors="replace") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [(float(row[1]), row[2]) for row in rows]


@pytest.mark.parametrize(
    ("name", "agreement"),
    [
        ("tweets", 0.872),
        ("amazonReviewSnippets", 0.590),
        ("movieReviewSnippets", 0.427),
        ("nytEditorialSnippets", 0.503),
    ],
)
def test_rated_snippets_have_vaders_scores_and_its_agreement_with_readers(
    name: str, agreement: float
) -> None:
    snippets = rated_snippets(name)
    sample = [text for _, text in snippets[::5]]
    assert [VADER.score(text) for text in sample] == [expected_scores(text) for text in sample]
    compounds = [VADER.score(text).compound for _, text in snippets]
    assert round(correlation([rating for rating, _ in snippets], compounds), 3) == agreement


def test_patients_comments_have_vaders_scores() -> None:
    path = DATA / "nhs_feedback.csv"
    if not path.exists():
        pytest.skip(f"the NHS data are not at {DATA}; FEEDBACK_DATA names their folder")
    with path.open(encoding="utf-8", errors="replace", newline="") as rows:
        texts = [row["FFT answer"][:1000] for row in csv.DictReader(rows)][::5]
    assert [VADER.score(text) for text in texts] == [expected_scores(text) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t",
        "!?",
        "chair",
        "x :) y",
        "It was good!!!!! Was it??",
        "I was NOT very HAPPY with it",
        "ALL GOOD",
        "it is kind of good, just enough of it and sort of nice",
        "the doctor has no good or bad news",
        "the doctor has no good nor bad news",
        "no problems, no",
        "it was at least good, the very least good, the least good; least good",
        "never so good, never this good and never ever so good",
        "without doubt good, without a doubt good, without any good",
        "with it came the shit, then a bad ass at the bus stop",
        "we heard yeah right and a kiss of death is to die for pretty good",
        "you can't love it, haven’t loved it, DON'T love it",
        "good \N{FACE WITH TEARS OF JOY}bad\N{SMILING FACE WITH HEART-SHAPED EYES}\ufe0f ok",
        "\U0001f51b good",
        "good but bad",
        "good good BUT good good but good",
        "great ok, great ok, but great ok great ok",
        "\ud83d good \udcff",
        "good\0bad \0 nice\x1cnice\x85nice\u2028nice",
        "\u202eجيد good\u202c سيئ bad",
    ],
)
def test_each_rule_and_its_quirks_are_vaders(text: str) -> None:
    assert VADER.score(text) == expected_scores(text)


_LIKED = ["good", "bad", "great", "ok", "nice", "horrible", "love", "hate", "lol", ":)", ":("]
_RULES = [
    *("but", "BUT", "But,", "no", "nor", "or", "at", "least", "very", "never", "so", "this"),
    *("without", "doubt", "the", "a", "to", "for", "of", "kind", "sort", "just", "enough"),
    *("bus", "stop", "die", "yeah", "right", "kiss", "death", "beating", "heart", "badass"),
    *("bad", "ass", "shit", "bomb", "n't", "isn't", "I", "X", "nurse", "room"),
]
_EMOJI = sorted(emoji for emoji in ANALYZER.emojis if len(emoji) == 1)
_PHRASES = [
    *vaderSentiment.SPECIAL_CASES,
    *("at least", "very least", "the least", "never so", "never this", "without doubt", "kind of"),
]
_cased = st.sampled_from([str.lower, str.lower, str.lower, str.upper, str.capitalize])
_words = st.one_of(
    st.sampled_from(_LIKED),
    st.sampled_from(_RULES),
    st.sampled_from(_PHRASES),
    st.sampled_from(sorted(vaderSentiment.BOOSTER_DICT)),
    st.sampled_from(sorted(vaderSentiment.NEGATE)),
    st.sampled_from(sorted(ANALYZER.lexicon)),
)
_tokens = st.one_of(
    st.builds(
        lambda word, case, mark: case(word) + mark,
        _words,
        _cased,
        st.sampled_from(["", "", "", ",", "!", "?!", "...", '"', ")"]),
    ),
    st.builds(
        str.__add__, st.sampled_from(_EMOJI), st.sampled_from(["", "", "good", "!", "\ufe0f"])
    ),
    st.sampled_from(["!", "??", "???", "????", "!!!!!", "\ufe0f", "\u200d"]),
)
_sentences = st.lists(_tokens, max_size=25).map(" ".join)
# Few values, halved and stressed into one another, so that "but" meets equal ones again and again.
_VALUES = [
    word
    for value in (4.0, 3.0, 2.0, 1.5, 1.0, 0.5, -1.0, -1.5, -2.0, -3.0)
    for word in [word for word, valence in ANALYZER.lexicon.items() if valence == value][:2]
]
_divided = st.lists(st.sampled_from([*_VALUES, "x", "not", "but"]), max_size=60).map(" ".join)
_any_text = st.text(st.characters(), max_size=40)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(_sentences, _divided, _any_text))
def test_any_text_has_vaders_scores(text: str) -> None:
    assert VADER.score(text) == expected_scores(text)


# -- the parts of words ---------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(_sentences, _divided, _any_text))
def test_the_parts_are_the_valences_that_vader_adds_up(text: str) -> None:
    assert [part.valence for part in VADER.parts(text)] == SENTIMENTS.polarity_scores(text)


def test_the_parts_add_up_to_the_compound_score_where_no_mark_adds_emphasis() -> None:
    sentence = "The nurses were not very kind, but the food was REALLY good"
    total = sum(part.valence for part in VADER.parts(sentence))
    assert round(total / sqrt(total * total + 15), 4) == VADER.score(sentence).compound


def test_parts_point_at_the_words() -> None:
    sentence = 'So "good", :) and\t(terrible)!'
    assert [sentence[part.start : part.end] for part in VADER.parts(sentence)] == [
        "good",
        ":)",
        "terrible",
    ]


def test_the_words_of_an_emoji_are_where_it_is() -> None:
    text = "It’s a \N{FACE WITH TEARS OF JOY}, good"
    assert VADER.parts(text) == [
        WordPart(7, 8, ANALYZER.lexicon["tears"]),
        WordPart(7, 8, ANALYZER.lexicon["joy"]),
        WordPart(10, 14, ANALYZER.lexicon["good"]),
    ]


def test_the_parts_of_a_comment_are_those_of_its_sentences() -> None:
    text = "  Not good. \nBut lovely!  " + "word " * 45 + "horrible"
    assert [text[part.start : part.end] for part in VADER.parts_comment(text)] == [
        "good",
        "lovely",
        "horrible",
    ]
    sentences = ["Not good.", "But lovely!", "word " * 40, "word " * 5 + "horrible"]
    assert [part.valence for part in VADER.parts_comment(text)] == [
        part.valence for sentence in sentences for part in VADER.parts(sentence)
    ]


# -- comments -------------------------------------------------------------------------------------


def mean_of(sentences: list[str]) -> Scores:
    columns = zip(*map(VADER.score, sentences), strict=True)
    return Scores(*(round(sum(column) / len(sentences), 4) for column in columns))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Good?! It hurt…\nNot bad.", ["Good?!", "It hurt…", "Not bad."]),
        (
            'He said "good."  So\r\n \n ) awful . 3.5 !',
            ['He said "good.', "So", ") awful .", "3.5 !"],
        ),
        ("word " * 38 + "not good", ["word " * 38 + "not good"]),
        ("word " * 39 + "not good", ["word " * 39 + "not", "good"]),
        ("So. " * 199 + "Good. Awful.", ["So."] * 199 + ["Good."]),
    ],
)
def test_sentences_keep_their_marks_and_are_bounded(text: str, sentences: list[str]) -> None:
    assert VADER.score_comment(text) == mean_of(sentences)


def test_a_comment_has_the_mean_of_its_sentences() -> None:
    parts = ["The nurses were lovely!", "The food was horrible.", "A chair."]
    columns = zip(*map(VADER.score, parts), strict=True)
    expected = Scores(*(round(sum(column) / 3, 4) for column in columns))
    assert VADER.score_comment(" ".join(parts)) == expected


@pytest.mark.parametrize("text", ["The nurses were lovely!!", "good\n", "a " * 30 + "good", "Why"])
def test_a_comment_of_one_sentence_has_its_scores(text: str) -> None:
    assert VADER.score_comment(text) == expected_scores(text)


@pytest.mark.parametrize("text", ["", "  \n ", "\n \n" * 50])
def test_a_comment_without_words_has_no_scores(text: str) -> None:
    assert VADER.score_comment(text) == Scores(0.0, 0.0, 0.0, 0.0)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(_sentences, _any_text), max_size=4).map(". \n".join))
def test_any_comment_has_the_mean_of_vaders_scores_of_its_sentences(text: str) -> None:
    scores = [expected_scores(sentence) for _, sentence in _runs(text)]
    columns = zip(*scores, strict=True)
    means = Scores(*(round(sum(column) / len(scores), 4) for column in columns)) if scores else ()
    expected = scores[0] if len(scores) == 1 else means or Scores(0.0, 0.0, 0.0, 0.0)
    assert VADER.score_comment(text) == expected


# -- time and memory ------------------------------------------------------------------------------


def measure_time(text: str) -> float:
    began = time.process_time()
    VADER.score(text)
    return time.process_time() - began


def growth(text: str) -> float:
    """Return the ratio of the times for a text of twice the length and for the text."""
    times = [(measure_time(text), measure_time(text + text)) for _ in range(5)]
    return min(double for _, double in times) / min(single for single, _ in times)


@pytest.mark.parametrize(
    "words",
    [
        "the doctor was not very kind to me",
        "good",
        "but",
        "good but great BUT good",
        "no",
        "x kiss of death",
        "\N{FACE WITH TEARS OF JOY} x x x x",
        "NEVER SO GOOD x",
    ],
)
def test_time_grows_with_the_words_and_not_faster(words: str) -> None:
    run = f"{words} " * (20_000 // len(words.split()))
    # The machine may be busy with something else; time that grows with the square never passes.
    assert any(growth(run) < 3 for _ in range(4))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "," * 1_000_000,
        ", " * 500_000,
        "good" + "!" * 1_000_000,
        "." + '"' * 1_000_000,
        '."' * 500_000,
        "." + " " * 1_000_000 + "x",
        "\n " * 500_000,
        "a.\r\n" * 250_000,
        "\N{FACE WITH TEARS OF JOY}" * 100_000,
        "مرحبا " * 150_000,
        "\ud800" * 1_000_000,
        "\0" * 1_000_000,
        " ".join(map(str, range(150_000))),
        " ".join(list(ANALYZER.lexicon) * 10) + " but " + " ".join(list(ANALYZER.lexicon) * 10),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_nothing_that_a_megabyte_can_hold_takes_long(text: str) -> None:
    for function in (VADER.score, VADER.score_comment, VADER.parts, VADER.parts_comment):
        began = time.process_time()
        function(text)
        assert time.process_time() - began < 5


def test_few_and_short_tokens_are_kept() -> None:
    words = VaderVocabulary(vaderSentiment, ANALYZER.lexicon)
    for number in range(50_001):
        words[str(number)]
    words["x" * 41]
    assert list(words) == ["50000"]


def test_nothing_of_vader_is_loaded_before_it_is_built() -> None:
    code = "import sys, pipeline.stages.vader; sys.exit('vaderSentiment' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_version_names_the_lexicons() -> None:
    assert VADER.version == "vader-3.3.2"
