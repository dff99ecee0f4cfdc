import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages import _feature_sums
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.evidence import find_strongest
from pipeline.stages.parameters import DEFAULT, Card, Parameters, WordVectors
from pipeline.stages.questions import QuestionKind
from pipeline.stages.text_model import Comment, Predictions, TextModel, softmax
from pipeline.stages.tokens import tokenize
from pipeline.stages.vader import Vader
from pipeline.training.design import FeatureCounter
from pipeline.training.fit import Fit, Task, fit
from pipeline.training.train import _parameters, _task
from tests.pipeline.training.synthetic import LEVELLED, LEXICON, TAXONOMY, examples

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
    Comment(tokenize(text), *HINTS[number % len(HINTS)], VADER.score_comment(text))
    for number, text in enumerate(TEXTS * len(HINTS))
]


@dataclass(frozen=True)
class Learnt:
    """A small model, as scikit-learn holds it and as it is saved."""

    fit: Fit
    task: Task
    counter: FeatureCounter
    parameters: Parameters
    card: Card

    def expected(self, comments: list[Comment]) -> Any:
        """[comments, outputs], by scikit-learn's own coefficients."""
        counts = self.counter.count(comments)
        return self.fit.outputs(replace(self.task, counts=counts), np.arange(len(comments)))


@pytest.fixture(scope="module")
def learnt() -> Learnt:
    labelled, vectors = examples(), WordVectors.load()
    terms = {topic: TAXONOMY.topics[topic].terms for topic in TOPICS}
    counter = FeatureCounter(terms, LEXICON.phrases(), vectors)
    task = _task(labelled, TOPICS, counter, LEVELLED, vectors, seed=3)
    rows = np.arange(task.size)
    fitted = fit(task, rows)
    parameters = _parameters(fitted, fitted.outputs(task, rows), task)
    card = Card(
        name="hotel",
        version=f"hotel-{parameters.fingerprint()}",
        topics=TOPICS,
        examples={},
        terms=terms,
        phrases=LEXICON.phrases(),
    )
    return Learnt(fitted, task, counter, parameters, card)


@pytest.fixture(scope="module")
def model(learnt: Learnt, tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    folder = tmp_path_factory.mktemp("model")
    learnt.parameters.save(folder, learnt.card)
    return TextModel.load(
        folder, {"spa": TAXONOMY.topics["spa"].terms, "money": ["too much to pay"]}
    )


def numbers(found: Predictions) -> list[Any]:
    return [found.scores, found.probabilities, found.levels, found.unrated, found.hits]


def assert_alike(one: Predictions, other: Predictions) -> None:
    for first, second in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)


@pytest.mark.parametrize("kind", QuestionKind)
def test_the_scores_are_scikit_learns(learnt: Learnt, model: TextModel, kind: QuestionKind) -> None:
    trained_on = [c._replace(kind=kind) for c in examples(120, seed=2).comments]
    comments = [c for c in COMMENTS if c.kind is kind] + trained_on
    expected = learnt.expected(comments)
    reading = model.read(comments)
    close: dict[str, Any] = {"rtol": 2e-3, "atol": 2e-2}  # weights are kept in 16 bits
    scores = reading.scores + learnt.parameters.thresholds
    np.testing.assert_allclose(scores, expected[:, : len(TOPICS)], **close)
    heads = softmax(expected[:, len(TOPICS) :].reshape(-1, 3, 5))
    np.testing.assert_allclose(reading.levels, heads[:, :2].mean(axis=1), atol=5e-3)
    np.testing.assert_allclose(reading.unrated, heads[:, 2], atol=5e-3)
    slopes, shifts = learnt.parameters.calibration.T
    sure = 1 / (1 + np.exp(-(expected[:, : len(TOPICS)] * slopes + shifts)))
    np.testing.assert_allclose(reading.probabilities, sure, atol=2e-2)


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
    assert [len(found) for found in numbers(model.read([]))] == [0] * 5


def test_terms_outside_of_the_model_are_counted_and_change_no_score(
    learnt: Learnt, model: TextModel
) -> None:
    comments = [
        Comment(tokenize(text), QuestionKind.BETTER, 0, VADER.score_comment(text))
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
        words = [[f"room{batch}q{place}" for place in range(50)], [str(batch)] * 3]
        model.read([Comment(tokens, QuestionKind.NONE, 0, COMMENTS[0].vader) for tokens in words])
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
    comments = [number for number in range(len(COMMENTS)) for _ in TOPICS]
    columns = [*range(len(TOPICS))] * len(COMMENTS)
    places = find_strongest(whole.bags, model.bag.table, comments, columns)
    monkeypatch.setattr(_feature_sums, "_MAX_BATCH_ROWS", 30)
    assert_alike(model.read(COMMENTS), whole)
    assert find_strongest(whole.bags, model.bag.table, comments, columns) == places


def test_words_nobody_repeats_are_not_kept_whole(model: TextModel) -> None:
    words = [f"{number}x" + "q1" * 50_000 for number in range(10)]
    model.read([Comment(tokenize(word), QuestionKind.NONE, 0, COMMENTS[0].vader) for word in words])
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
    reading = model.read([Comment(tokenize(text), QuestionKind.WHY, 3, VADER.score_comment(text))])
    assert time.process_time() - began < 3
    assert all(np.isfinite(part).all() for part in numbers(reading))


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=())), st.sampled_from(HINTS))
def test_any_text_is_read(text: str, hint: tuple[QuestionKind, int]) -> None:
    reading = PACKAGED.read([Comment(tokenize(text), *hint, VADER.score_comment(text))])
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
    assert sum(path.stat().st_size for path in files) < 6_000_000


def test_the_files_of_the_package_hold_plain_arrays_only() -> None:
    for path in DEFAULT.parent.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert {arrays[name].dtype.kind for name in arrays.files} <= set("fiu")


def test_a_saved_model_is_the_model(learnt: Learnt, model: TextModel, tmp_path: Path) -> None:
    model.parameters.save(tmp_path / "again", model.card)
    again, card = Parameters.load(tmp_path / "again")
    assert card == learnt.card
    assert again.names == learnt.parameters.names
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
