import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages import _feature_sums
from pipeline.stages.batch import Comment
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.evidence import find_strongest
from pipeline.stages.judge import judge
from pipeline.stages.parameters import DEFAULT, Card, Parameters, WordVectors
from pipeline.stages.questions import QuestionKind
from pipeline.stages.sentences import read_sentences
from pipeline.stages.text_model import (
    Predictions,
    TextModel,
    average,
    softmax,
    split_heads,
)
from pipeline.stages.vader import Vader
from pipeline.training.examples import NO_LEVEL, Example, Examples
from pipeline.training.fit import Fit, fit_story, fit_survey, fit_topics
from pipeline.training.origins import FOLDS
from pipeline.training.outputs import judge_inputs, pool, segment_outputs, whole_outputs
from pipeline.training.story_judge import judge_stories
from pipeline.training.task import Tasks, build_tasks
from pipeline.training.thresholds import best_thresholds, calibrate
from tests.pipeline.training.synthetic import LEVELLED, TAXONOMY, examples

VADER = Vader()
TOPICS = ("room", "breakfast", "desk", "noise")
TEXTS = [
    "",
    "   ",
    "...",
    "!",
    "room",
    "Zimmer Zzyzx qwrtp",
    "no problem at all no problem at all",
    "no problem at",
    "never coming back again to this filthy room!",
    "the view from the window of the room",
    "room " * 300,
    "floccinaucinihilipilification" * 3 + " banana bananas",
    "too loud, TOO LOUD, nobody slept; it's 10/10 terrible noise?!",
    "can’t say, can't say",
    "👍🏽 spotless 👩‍👩‍👧",
    "\ud800 the bed \udfff",
    "the\0bed\x1b was\u2028cold",
    "كان الانتظار طويلا room",
]
HINTS = [(kind, rating) for kind in QuestionKind for rating in (0, 1, 3, 5)]
COMMENTS = [
    Comment(read_sentences(text), *HINTS[number % len(HINTS)], VADER.score_comment(text))
    for number, text in enumerate(TEXTS * len(HINTS))
]


@dataclass(frozen=True)
class Learnt:
    """A small model, as scikit-learn holds it and as it is saved."""

    tasks: Tasks
    fits: dict[str, Fit]
    parameters: Parameters
    card: Card

    def scores(self) -> Any:
        """[comments, topics], by scikit-learn's own coefficients."""
        units = self.tasks.topics
        rows = np.arange(len(self.tasks.judged_folds))
        return self.fits["topics"].outputs(units.counts, units.context, rows, units.vectors)

    def levels(self) -> Any:
        """[comments, 5], by scikit-learn's own coefficients."""
        tasks = self.tasks
        of_survey, of_story = (dict.fromkeys(range(FOLDS), self.fits[n]) for n in HEADS)
        judged = tasks.survey.head(len(tasks.judged_folds))
        story = pool(tasks.story, softmax(segment_outputs(tasks.story, of_story)))
        story = story.take(tasks.story_of_judged)
        segments = segment_outputs(tasks.survey, of_survey)
        whole = whole_outputs(tasks.survey, of_survey)
        units, rows = tasks.spoken_topics, np.arange(len(tasks.judged_folds))
        spoken = self.fits["topics"].outputs(units.counts, units.context, rows, units.vectors)
        inputs = judge_inputs(judged, segments, whole, story, spoken)
        plain, balanced = split_heads(judge(inputs, self.parameters.survey_judge))
        is_survey = np.array([comment.is_survey for comment in judged.comments.comments])
        alone = judge_stories(story, self.parameters.story_judge)
        return np.where(is_survey[:, None], average(plain, balanced), alone)


HEADS = ("survey", "story")


def odd_examples() -> Examples:
    """Labelled comments, and odd texts without a label."""
    some = examples().examples
    odd = [
        Example(some[n].record.model_copy(update={"text": text}), NO_LEVEL, frozenset())
        for n, text in enumerate(TEXTS)
    ]
    return Examples([*some, *odd])


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    vectors = WordVectors.load()
    terms = {topic: TAXONOMY.topics[topic].terms for topic in TOPICS}
    tasks = build_tasks(odd_examples(), TOPICS, terms, LEVELLED, (), vectors, seed=3)
    fits = {
        "topics": fit_topics(tasks.topics, None, 3),
        "survey": fit_survey(tasks.survey.units, None),
        "story": fit_story(tasks.story.units, None),
    }
    truth, units = tasks.topics.truth, tasks.topics
    scores = fits["topics"].outputs(units.counts, units.context, np.arange(300), vectors)
    inputs = 3 * 5 + 4 * 5 + 4 + 12 + 1 + len(TOPICS)
    parameters = Parameters(
        topics=fits["topics"].to_part(units.counts),
        survey=fits["survey"].to_part(tasks.survey.units.counts),
        story=fits["story"].to_part(tasks.story.units.counts),
        survey_judge=np.random.default_rng(1).normal(0, 0.1, (inputs + 1, 10)).astype(np.float32),
        story_judge=np.random.default_rng(2).normal(0, 0.1, (24, 5)).astype(np.float32),
        thresholds=best_thresholds(scores, truth[:300]).astype(np.float32),
        calibration=calibrate(scores, truth[:300]),
        people=np.unique(units.people),
    )
    card = Card(
        name="hotel",
        version=f"hotel-{parameters.fingerprint()}",
        topics=TOPICS,
        examples={},
        terms=terms,
        phrases=LEVELLED.phrases(),
    )
    return Learnt(tasks, fits, parameters, card)


@pytest.fixture(scope="module")
def model(learnt: Learnt, tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    folder = tmp_path_factory.mktemp("model")
    learnt.parameters.save(folder, learnt.card)
    return TextModel.load(
        folder, {"spa": TAXONOMY.topics["spa"].terms, "money": ["too much to pay"]}
    )


def numbers(found: Predictions) -> list[Any]:
    return [
        found.scores, found.probabilities, found.levels, found.unrated, found.hits, found.mixed
    ]  # fmt: skip


def assert_alike(one: Predictions, other: Predictions) -> None:
    for first, second in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)


def test_the_stage_computes_what_was_fitted(learnt: Learnt, model: TextModel) -> None:
    comments = learnt.tasks.survey.comments.comments[: len(learnt.tasks.judged_folds)]
    read = model.read(comments)
    close: dict[str, Any] = {"rtol": 2e-3, "atol": 2e-2}  # weights are kept in 16 bits
    scores = learnt.scores()
    np.testing.assert_allclose(read.scores + learnt.parameters.thresholds, scores, **close)
    slopes, shifts = learnt.parameters.calibration.T
    sure = 1 / (1 + np.exp(-(scores * slopes + shifts)))
    np.testing.assert_allclose(read.probabilities, sure, atol=2e-2)
    np.testing.assert_allclose(read.levels, learnt.levels(), atol=2e-2)


def test_the_head_for_texts_alone_sees_no_question_and_its_segments_no_length(
    model: TextModel,
) -> None:
    once, again = (
        Comment(read_sentences(text), QuestionKind.NONE, 0, VADER.score_comment(text))
        for text in ("The room was lovely.", "The room was lovely. " * 50)
    )
    read = model.read([once, again])
    np.testing.assert_allclose(read.segments[1:], read.segments[:1].repeat(50, axis=0), atol=1e-4)


def test_praise_and_blame_that_are_both_sure_make_a_comment_mixed(model: TextModel) -> None:
    texts = ["A filthy room. We loved the breakfast, great coffee.", "A filthy room.", ""]
    read = model.read(
        [Comment(read_sentences(t), QuestionKind.NONE, 0, VADER.score_comment(t)) for t in texts]
    )
    assert read.mixed.tolist() == [True, False, False]


def test_a_courtesy_at_the_end_changes_no_level(model: TextModel) -> None:
    texts = ["A filthy room", "A filthy room. Thank you.", "A filthy room\nKind regards"]
    for kind in QuestionKind:
        scores = VADER.score_comment(texts[0])
        read = model.read([Comment(read_sentences(text), kind, 0, scores) for text in texts])
        if kind is QuestionKind.NONE:  # a survey's judge sees topics, and thanks are one
            np.testing.assert_allclose(read.levels[1:], read.levels[[0, 0]], atol=1e-4)
        assert len(set(read.levels.argmax(axis=1).tolist())) == 1


def test_a_rating_speaks_only_where_it_may(model: TextModel) -> None:
    comment = COMMENTS[4]._replace(kind=QuestionKind.WHY)
    rated = model.read([comment._replace(rating=rating) for rating in range(6)])
    np.testing.assert_allclose(rated.unrated, rated.unrated[:1].repeat(6, axis=0), atol=1e-6)
    assert rated.levels[5, 0] > rated.levels[1, 0]


def test_a_batch_reads_as_its_comments_one_by_one(model: TextModel) -> None:
    batch = model.read(COMMENTS)
    for number, comment in enumerate(COMMENTS):
        one = model.read([comment])
        for first, second in zip(numbers(one), numbers(batch), strict=True):
            np.testing.assert_allclose(first[0], second[number], atol=1e-4)


def test_an_empty_batch_has_no_predictions(model: TextModel) -> None:
    assert [len(found) for found in numbers(model.read([]))] == [0] * 6


def test_terms_outside_of_the_model_are_counted_and_change_no_score(
    learnt: Learnt, model: TextModel
) -> None:
    comments = [
        Comment(read_sentences(text), QuestionKind.BETTER, 0, VADER.score_comment(text))
        for text in ("spa, pool, spas", "it is too much to pay", "too much", "")
    ]
    reading = model.read(comments)
    assert reading.hits.tolist() == [[2, 0], [0, 1], [0, 0], [0, 0]]
    alone = TextModel(learnt.parameters, learnt.card, WordVectors.load())
    np.testing.assert_allclose(reading.scores, alone.read(comments).scores, atol=1e-6)


def test_what_it_remembers_is_bounded_and_forgotten_without_a_trace(
    model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.read(COMMENTS)
    monkeypatch.setattr(_feature_sums, "_MAX_ROWS", 500)
    monkeypatch.setattr(_feature_sums, "_MAX_PAIRS", 1_000)
    sizes = []
    for batch in range(40):
        texts = [" ".join(f"room{batch}q{place}" for place in range(50)), f"{batch} " * 3]
        readings = map(read_sentences, texts)
        model.read([Comment(r, QuestionKind.NONE, 0, COMMENTS[0].vader) for r in readings])
        pairs = sum(map(len, model.bag._pairs))
        sizes.append((len(model.bag.table), pairs, sum(map(len, model.bag._words))))
    most_rows, most_pairs, most_words = map(max, zip(*sizes, strict=True))
    assert most_rows <= 4_096
    assert most_pairs <= 1_000 + 60
    assert most_words <= 1_000 + 60
    assert min(pairs for _, pairs, _ in sizes) < max(pairs for _, pairs, _ in sizes[:5])
    assert_alike(model.read(COMMENTS), before)


def test_a_large_batch_is_looked_up_in_portions(
    model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = model.read(COMMENTS)
    starts = whole.bags.starts[whole.bags.first_clauses()].repeat(len(TOPICS))
    ranges = starts[: -len(TOPICS)], starts[len(TOPICS) :]
    columns = [*range(len(TOPICS))] * len(COMMENTS)
    places = find_strongest(whole.bags, model.bag.table, *ranges, columns)
    monkeypatch.setattr(_feature_sums, "_MAX_BATCH_ROWS", 30)
    assert_alike(model.read(COMMENTS), whole)
    assert find_strongest(whole.bags, model.bag.table, *ranges, columns) == places


def test_words_nobody_repeats_are_not_kept_whole(model: TextModel) -> None:
    words = [f"{number}x" + "q1" * 50_000 for number in range(10)]
    model.read(
        [Comment(read_sentences(word), QuestionKind.NONE, 0, COMMENTS[0].vader) for word in words]
    )
    kept = [key for keys in (*model.bag._words, *model.bag._pairs) for key in keys]
    assert max(map(len, kept)) <= 400


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "a'" * 500_000,
        "! " * 500_000,
        "room " * 200_000,
        "no problem at all " * 50_000,
        "no problem at " * 50_000,
        "👍🏽" * 250_000,
        "كان الانتظار طويلا " * 50_000,
        "\ud800" * 500_000,
        "\0\x1b\x85" * 300_000,
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_no_text_keeps_it_long(model: TextModel, text: str) -> None:
    began = time.process_time()
    reading = model.read(
        [Comment(read_sentences(text), QuestionKind.WHY, 3, VADER.score_comment(text))]
    )
    assert time.process_time() - began < 3
    assert all(np.isfinite(part).all() for part in numbers(reading))


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=())), st.sampled_from(HINTS))
def test_any_text_is_read(text: str, hint: tuple[QuestionKind, int]) -> None:
    reading = PACKAGED.read([Comment(read_sentences(text), *hint, VADER.score_comment(text))])
    np.testing.assert_allclose(reading.levels.sum(), 1, atol=1e-4)
    assert ((reading.probabilities >= 0) & (reading.probabilities <= 1)).all()


# -- the model in the package, and models that are none -------------------------------------------

PACKAGED = TextModel.load()


def test_the_model_in_the_package_is_small_and_of_its_taxonomy() -> None:
    taxonomy = Taxonomy.load()
    assert PACKAGED.card.name == taxonomy.name == DEFAULT.name
    assert PACKAGED.version == f"{taxonomy.name}-{PACKAGED.parameters.fingerprint()}"
    assert set(PACKAGED.topics) <= set(taxonomy.topics)
    assert PACKAGED.card.terms.keys() == set(PACKAGED.topics)
    assert int(PACKAGED.card.data["comments"]) > 0
    files = [path for path in DEFAULT.parent.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".npz", ".json", ".md", ".png"}
    assert sum(path.stat().st_size for path in files) < 12_000_000


def test_the_files_of_the_package_hold_plain_arrays_only() -> None:
    for path in DEFAULT.parent.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiu")


def test_a_saved_model_is_the_model(learnt: Learnt, model: TextModel, tmp_path: Path) -> None:
    model.parameters.save(tmp_path / "again", model.card)
    again, card = Parameters.load(tmp_path / "again")
    assert card == learnt.card
    assert again.topics.names == learnt.parameters.topics.names
    assert again.fingerprint() == learnt.parameters.fingerprint()


def test_the_likeness_changes_with_a_single_number(learnt: Learnt) -> None:
    thresholds = learnt.parameters.thresholds.copy()
    thresholds[0] += 1e-3
    assert replace(learnt.parameters, thresholds=thresholds).fingerprint() != (
        learnt.parameters.fingerprint()
    )


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"model\.json"):
        TextModel.load(tmp_path)


@pytest.mark.parametrize("damage", ["cut", "no archive", "an array is missing", "of another"])
def test_a_model_whose_files_do_not_fit_is_refused(
    learnt: Learnt, tmp_path: Path, damage: str
) -> None:
    learnt.parameters.save(tmp_path, learnt.card)
    arrays = tmp_path / "model.npz"
    if damage == "cut":
        arrays.write_bytes(arrays.read_bytes()[:5_000])
    elif damage == "no archive":
        arrays.write_bytes(b"PK is not enough")
    elif damage == "an array is missing":
        np.savez(arrays, names=np.zeros(3, dtype=np.uint8))
    else:
        thresholds = learnt.parameters.thresholds + 1
        replace(learnt.parameters, thresholds=thresholds).save(tmp_path, learnt.card)
    with pytest.raises(ValueError, match="model"):
        TextModel.load(tmp_path)
