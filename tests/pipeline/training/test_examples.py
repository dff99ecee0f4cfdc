from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pipeline.stages.questions import QuestionKind
from pipeline.training.examples import (
    NO_LEVEL,
    Example,
    Examples,
    label_attributes,
    to_examples,
    without_hints,
)
from schemas.feedback import Feedback


def record(text: str = "The room was lovely", **fields: Any) -> Feedback:
    fields = {"native_id": "1", **fields}
    return Feedback.collect(
        source="file",
        created_at=datetime(2026, 8, 3, tzinfo=UTC),
        family="form",
        text=text,
        **fields,
    )


def read(labels: dict[str, str], best: float | None = None, worst: float | None = None) -> Example:
    attributes = {f"label.{name}": value for name, value in labels.items()}
    (example,) = to_examples([record(attributes=attributes)], best=best, worst=worst)
    return example


@pytest.mark.parametrize(
    ("best", "worst", "value", "level"),
    [
        (1, 5, "1", 0),
        (1, 5, " 4.0 ", 3),
        (5, 1, "5", 0),
        (5, 1, "1", 4),
        (10, 0, "8", 1),
        (1, -1, "0", 2),
        (0, 4, "3", 3),
        (1, 5, "", NO_LEVEL),
        (None, None, "very positive", 0),
        (None, None, "Positive", 1),
        (None, None, "neutral", 2),
        (None, None, "mixed", 2),
        (None, None, " NEGATIVE ", 3),
        (None, None, "Very negative", 4),
        (1, 5, "very negative", 4),
        (None, None, " ", NO_LEVEL),
    ],
)
def test_sentiment_is_read_from_a_scale_or_from_words(
    best: float | None, worst: float | None, value: str, level: int
) -> None:
    assert read({"sentiment": value}, best, worst).level == level


def test_a_comment_without_a_label_has_none() -> None:
    assert (read({}).level, read({}).topics) == (NO_LEVEL, frozenset())


@pytest.mark.parametrize(
    ("best", "worst", "value", "message"),
    [
        (None, None, "3", "the sentiment column holds numbers: which are best and worst?"),
        (0.0, 0.0, "3", "the sentiment column holds numbers: which are best and worst?"),
        (1, 5, "splendid", "the sentiment column holds neither numbers nor levels"),
        (1, 5, "6", "a sentiment is outside of its scale"),
        (5, 1, "0.9", "a sentiment is outside of its scale"),
        (1, 5, "nan", "a sentiment is outside of its scale"),
        (1, 5, "-inf", "a sentiment is outside of its scale"),
    ],
)
def test_a_sentiment_that_cannot_be_read_is_refused_in_a_sentence(
    best: float | None, worst: float | None, value: str, message: str
) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("?", r"\?") + "$"):
        read({"sentiment": value}, best, worst)


def test_a_word_that_is_no_level_is_not_called_a_number() -> None:
    with pytest.raises(ValueError, match="neither numbers nor levels"):
        read({"sentiment": "splendid"})


@pytest.mark.parametrize(
    ("labels", "topics"),
    [
        ({"topic.room": "1", "topic.food": "0", "topic.desk": ""}, {"room"}),
        ({"topic.room": "yes", "topic.food": "No", "topic.desk": "FALSE"}, {"room"}),
        ({"topic.room": "1.0", "topic.food": "0.0", "topic.desk": "n"}, {"room"}),
        ({"topic.room": "x", "topics": "food"}, {"room", "food"}),
        ({"topics": "room;food"}, {"room", "food"}),
        ({"topics": " Waiting time | Food ;"}, {"waiting_time", "food"}),
        ({"topics": ""}, set()),
    ],
)
def test_topics_are_read_from_columns_or_from_lists(
    labels: dict[str, str], topics: set[str]
) -> None:
    assert read(labels).topics == topics


def test_topics_may_be_listed_with_commas() -> None:
    assert read({"topics": "room, waiting time"}).topics == {"room", "waiting_time"}


@pytest.mark.parametrize(
    ("sentiment", "topics", "attributes"),
    [
        ("mood", {}, {"label.sentiment": "mood"}),
        (None, {"food": "about_food"}, {"label.topic.food": "about_food"}),
        ("mood", "about", {"label.sentiment": "mood", "label.topics": "about"}),
        (None, "", {}),
    ],
)
def test_the_columns_of_labels_are_kept_as_attributes(
    sentiment: str | None, topics: dict[str, str] | str, attributes: dict[str, str]
) -> None:
    assert label_attributes(sentiment, topics) == attributes


def test_examples_are_counted_by_person_level_and_topic() -> None:
    people = ("a" * 32, "a" * 32, "b" * 32, None, None)
    topics: tuple[set[str], ...] = ({"room"}, {"room", "food"}, set(), {"food"}, {"room"})
    made = Examples(
        [
            Example(record(native_id=str(n), author=author), level, frozenset(about))
            for n, (author, level, about) in enumerate(
                zip(people, (0, 1, NO_LEVEL, 3, 4), topics, strict=True)
            )
        ]
    )
    assert made.counts() == {"room": 3, "food": 2}
    assert made.levels.tolist() == [0, 1, -1, 3, 4]
    assert made.topic_matrix(["food", "spa"]).tolist() == [[0, 0], [1, 0], [0, 0], [1, 0], [0, 0]]
    _, person = np.unique(made.people, return_inverse=True)
    assert (person[0] == person[1], len(set(person.tolist()))) == (True, 4)
    some = made.some(np.array([False, True, False, False, True]))
    assert (len(some), some.levels.tolist()) == (2, [1, 4])
    assert some.comments == [made.comments[1], made.comments[4]]


def test_a_comment_is_read_with_its_question_rating_and_tone_or_without() -> None:
    asked = record("No problem!", question="How could we improve?", stars={"value": 4})
    (comment,) = Examples([Example(asked, 0, frozenset())]).comments
    assert (comment.reading.tokens, comment.kind, comment.rating) == (
        ["no", "~problem", "!"],
        QuestionKind.IMPROVE,
        4,
    )
    assert comment.vader.compound > 0
    assert without_hints(comment, rating=True) == comment._replace(kind=QuestionKind.NONE)
    assert without_hints(comment, rating=False) == comment._replace(
        kind=QuestionKind.NONE, rating=0
    )
