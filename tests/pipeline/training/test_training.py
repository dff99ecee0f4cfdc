import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.stages.batch import Comment
from pipeline.stages.lexicon import Lexicon
from pipeline.stages.parameters import WordVectors, hash_respondent
from pipeline.stages.questions import QuestionKind
from pipeline.stages.sentences import read_sentences
from pipeline.stages.text_model import TextModel
from pipeline.stages.vader import Scores, Vader
from pipeline.training.corpora import Corpus
from pipeline.training.design import FeatureCounter, learn_design
from pipeline.training.examples import NO_LEVEL, Example, Examples, build_comment
from pipeline.training.fit import assign_folds
from pipeline.training.held_out import select_topics
from pipeline.training.labelled_text import LabelledText
from pipeline.training.origins import FOLDS
from pipeline.training.train import InsufficientData, TrainingResult, train
from tests.pipeline.training.synthetic import LEVELLED, LEXICON, TAXONOMY, examples

TOPICS = ("room", "breakfast", "desk", "noise")


def fit(labelled: Examples, seed: int = 7, lexicon: Lexicon = LEXICON) -> TrainingResult:
    return train(labelled, TAXONOMY, lexicon, data={"name": "invented"}, seed=seed)


def change(labelled: Examples, **fields: Any) -> Examples:
    return Examples([replace(example, **fields) for example in labelled.examples])


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def trained(told: list[tuple[int, int]]) -> TrainingResult:
    return train(
        examples(),
        TAXONOMY,
        LEXICON,
        data={"name": "invented"},
        progress=lambda done, of: told.append((done, of)),
    )


def test_the_same_seed_gives_the_same_model(trained: TrainingResult) -> None:
    again = fit(examples())
    assert again.card == trained.card
    assert again.parameters.fingerprint() == trained.parameters.fingerprint()
    for name, array in again.parameters.arrays().items():
        np.testing.assert_array_equal(array, trained.parameters.arrays()[name])


def test_written_answers_teach_a_topic_that_the_file_has_too_few_examples_of(
    trained: TrainingResult,
) -> None:
    said = ("the pool was warm", "a cold pool", "we liked the sauna", "the sauna was shut")
    texts = tuple(
        LabelledText(f"{said[n % 4]}, day {n}", 1 + n % 2 * 2, f"own:{n}", None, frozenset({"spa"}))
        for n in range(40)
    )
    corpus = Corpus("written", "MIT", "written for this project", texts, is_written=True)
    result = train(examples(), TAXONOMY, LEXICON, data={"name": "invented"}, corpora=[corpus])
    assert "spa" not in trained.card.topics
    assert "spa" in result.card.topics
    figures = json.loads(result.card.model_dump_json())["figures"]
    assert figures["topics_by_writing"]["topics"]["spa"]["n"] == 40
    assert figures["corpora"] == {}  # what was written to be learnt from measures no model
    model = TextModel(result.parameters, result.card, WordVectors.load())
    read = model.read(
        [build_comment(text, None, 0, Vader()) for text in ("The sauna!", "Lovely breakfast.")]
    )
    spa = result.card.topics.index("spa")
    assert read.scores[0, spa] > 0 > read.scores[1, spa]


def test_another_seed_gives_another_model(trained: TrainingResult) -> None:
    assert fit(examples(), seed=8).card.version != trained.card.version


def test_the_card_says_what_was_learnt_from_what(trained: TrainingResult) -> None:
    card = trained.card
    assert (card.name, card.topics) == ("hotel", TOPICS)
    assert card.version == f"hotel-{trained.parameters.fingerprint()}"
    assert card.examples == {topic: examples().counts()[topic] for topic in TOPICS}
    assert card.terms == {topic: TAXONOMY.topics[topic].terms for topic in TOPICS}
    assert card.phrases == LEXICON.phrases()
    assert card.data == {"name": "invented", "comments": 300, "respondents": 100}
    assert card.figures["topics"]["n"] == card.figures["sentiment"]["n"] == 300
    assert card.figures["topics"]["micro_f1"] > 0.9
    assert card.figures["sentiment"]["accuracy_5"] > 0.8
    assert card.figures["vader"]["macro_f1_3"] < card.figures["sentiment"]["macro_f1_3"]


def test_the_model_knows_whom_it_was_trained_on(trained: TrainingResult) -> None:
    people = {hash_respondent(example.person) for example in examples().examples}
    assert trained.parameters.people.tolist() == sorted(people)


def test_a_trained_model_is_read_by_the_stage(trained: TrainingResult, tmp_path: Path) -> None:
    trained.parameters.save(tmp_path, trained.card)
    model = TextModel.load(tmp_path)
    judged = examples(60, seed=5)
    reading = model.read(judged.comments)
    right = select_topics(reading.scores, reading.probabilities) == judged.topic_matrix(
        model.topics
    )
    assert right.mean() > 0.95
    assert (reading.levels.argmax(axis=1) == judged.levels).mean() > 0.8


def test_the_phrases_of_a_lexicon_teach_what_no_comment_says(tmp_path: Path) -> None:
    unheard_of = [
        Comment(read_sentences(text), QuestionKind.NONE, 0, Scores(0.0, 1.0, 0.0, 0.0))
        for text in ("gorgeous", "abysmal")
    ]
    taught = fit(examples(), lexicon=LEVELLED)
    assert taught.card.figures["sentiment"]["n"] == len(taught.held_out.levels) == 300
    taught.parameters.save(tmp_path, taught.card)
    assert TextModel.load(tmp_path).read(unheard_of).levels.argmax(axis=1).tolist() == [0, 4]


def test_progress_is_told_after_each_fit(
    told: list[tuple[int, int]], trained: TrainingResult
) -> None:
    fits = 3 * (FOLDS + 1)
    assert told == [(done, fits) for done in range(1, fits + 1)]


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_in_two_folds(seed: int) -> None:
    people = np.random.default_rng(seed).integers(0, 83, 1_000).astype(np.uint64)
    folds = assign_folds(people, FOLDS, seed)
    assert all(len(set(folds[people == person].tolist())) == 1 for person in set(people.tolist()))
    sizes = [len(set(people[folds == fold].tolist())) for fold in range(FOLDS)]
    assert (sum(sizes), max(sizes) - min(sizes)) == (83, 1)


def test_what_a_single_person_wrote_is_no_feature() -> None:
    texts = [["dr", "zebedee", "came"]] * 5 + [["dr", "who", "came"]] * 2
    counter = FeatureCounter({}, {}, WordVectors.load(), denial=True)
    counts = counter.count(texts, [QuestionKind.NONE] * 7)

    def kept_rows(people: list[int]) -> set[str]:
        learnt = learn_design(counts, np.arange(7), np.array(people))
        return set(counts.names[learnt.kept].tolist())

    assert not {name for name in kept_rows([1, 1, 1, 1, 1, 2, 3]) if "zeb" in name}
    assert "w:dr" in kept_rows([1, 1, 1, 1, 1, 2, 3])
    assert "w:zebedee" in kept_rows([1, 2, 3, 4, 5, 6, 7])


@pytest.mark.parametrize(
    ("margins", "probabilities", "given"),
    [
        ([[0.1, -0.2]], [[0.9, 0.9]], [[1, 0]]),
        ([[0.0, 0.2]], [[0.0, 0.0]], [[1, 1]]),
        ([[-0.2, -0.1]], [[0.9, 0.15]], [[0, 1]]),
        ([[-0.2, -0.1]], [[0.9, 0.14]], [[0, 0]]),
    ],
)
def test_a_comment_over_no_threshold_gets_its_best_topic_if_likely(
    margins: list[list[float]], probabilities: list[list[float]], given: list[list[int]]
) -> None:
    assert select_topics(np.array(margins), np.array(probabilities)).tolist() == given


# -- labels that are few or one-sided --------------------------------------------------------------


def test_too_few_comments_are_said_to_be_too_few() -> None:
    with pytest.raises(InsufficientData, match=r"^99 labelled comments; at least 100 are needed$"):
        fit(examples(99))


def test_comments_without_any_label_are_said_to_have_none() -> None:
    with pytest.raises(
        InsufficientData, match=r"no comment has a sentiment, and no topic .* 20 examples"
    ):
        fit(change(examples(120), level=NO_LEVEL, topics=frozenset({"unheard_of"})))


def test_comments_of_too_few_people_are_said_to_be_of_too_few() -> None:
    one = [
        replace(example, record=example.record.model_copy(update={"author": "f" * 32}))
        for example in examples(120).examples
    ]
    with pytest.raises(InsufficientData, match="1 respondent"):
        fit(Examples(one))


def test_sentiment_alone_can_be_learnt() -> None:
    trained = fit(change(examples(120), topics=frozenset()))
    assert trained.card.topics == ()
    assert trained.card.figures["topics"]["n"] == 0
    assert trained.card.figures["sentiment"]["accuracy_5"] > 0.8


def test_topics_alone_can_be_learnt_and_no_phrase_teaches_levels_then() -> None:
    trained = fit(change(examples(120), level=NO_LEVEL), lexicon=LEVELLED)
    assert np.allclose(trained.held_out.shares, 0.2)
    assert trained.card.figures["topics"]["micro_f1"] > 0.9
    assert trained.card.figures["sentiment"]["n"] == 0


def test_sentiment_of_two_levels_can_be_learnt() -> None:
    two = [
        replace(example, level=1 if example.level < 2 else 3) for example in examples(120).examples
    ]
    trained = fit(Examples(two))
    assert trained.card.figures["sentiment"]["accuracy_5"] > 0.9
    assert set(trained.held_out.shares.argmax(axis=1).tolist()) == {1, 3}


def test_the_only_level_there_is_is_given_to_all() -> None:
    trained = fit(change(examples(120), level=3))
    assert trained.card.figures["sentiment"]["accuracy_5"] == 1.0


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_single_topic_can_be_learnt(everywhere: bool) -> None:
    single = [
        Example(
            example.record,
            example.level,
            frozenset({"room"} if everywhere else {"room"} & example.topics),
        )
        for example in examples(120).examples
    ]
    assert fit(Examples(single)).card.topics == ("room",)
