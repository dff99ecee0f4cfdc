"""Labelled comments: input of training and evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages.batch import Comment
from pipeline.stages.parameters import hash_respondent
from pipeline.stages.questions import QuestionKind, classify_question
from pipeline.stages.score_sentiment import get_rating
from pipeline.stages.sentences import cut_asides, read_sentences
from pipeline.stages.vader import Vader
from schemas.feedback import Feedback

if TYPE_CHECKING:
    from numpy.typing import NDArray

SENTIMENT_LABEL: Final = "label.sentiment"
TOPIC_LABEL: Final = "label.topic."
TOPICS_LABEL: Final = "label.topics"
NO_LEVEL: Final = -1
_LEVEL_BY_WORD: Final = {
    "very positive": 0, "positive": 1, "neutral": 2, "mixed": 2, "negative": 3, "very negative": 4,
}  # fmt: skip
_BETWEEN: Final = re.compile(r"[;|,\n]")
_NOT: Final = {"", "0", "0.0", "no", "false", "n"}


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled comment."""

    record: Feedback
    level: int
    """0, very positive, to 4, very negative; ``NO_LEVEL`` if not labelled."""
    topics: frozenset[str]

    @property
    def person(self) -> str:
        """The author if the file names one, else the comment itself."""
        return self.record.author or self.record.native_id


class Examples:
    """A set of labelled comments, ready for the model."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        vader = Vader()
        self.comments = [
            build_comment(
                example.record.text, example.record.question, get_rating(example.record), vader
            )
            for example in examples
        ]

    def __len__(self) -> int:
        return len(self.examples)

    @cached_property
    def levels(self) -> NDArray[Any]:
        """[comments]: the labelled level, or ``NO_LEVEL``."""
        return np.array([example.level for example in self.examples], dtype=int)

    @cached_property
    def people(self) -> NDArray[Any]:
        """[comments]: hash of the respondent, uint64."""
        return np.array([hash_respondent(e.person) for e in self.examples], dtype=np.uint64)

    def counts(self) -> dict[str, int]:
        """Return the number of examples of each topic."""
        counts: dict[str, int] = {}
        for example in self.examples:
            for topic in example.topics:
                counts[topic] = counts.get(topic, 0) + 1
        return counts

    def topic_matrix(self, topics: Sequence[str]) -> NDArray[Any]:
        """Return [comments, topics]: 1 for labelled topics."""
        return np.array(
            [[topic in example.topics for topic in topics] for example in self.examples], dtype=int
        ).reshape(len(self), len(topics))

    def some(self, mask: NDArray[Any]) -> Examples:
        """Return the examples that the mask, [comments] of bool, selects."""
        places = np.flatnonzero(mask).tolist()
        part = Examples.__new__(Examples)
        part.examples = [self.examples[place] for place in places]
        part.comments = [self.comments[place] for place in places]
        return part


def build_comment(text: str, question: str | None, rating: int, vader: Vader) -> Comment:
    """Return a text as the model's input, as the analysis builds it."""
    reading = read_sentences(text)
    scores = vader.score_comment(cut_asides(text, reading))
    return Comment(reading, classify_question(question), rating, scores)


def without_hints(comment: Comment, *, rating: bool) -> Comment:
    """Return the comment as if from a review or a mention: no question, perhaps no rating."""
    return comment._replace(kind=QuestionKind.NONE, rating=comment.rating if rating else 0)


def to_examples(
    records: Iterable[Feedback], *, best: float | None, worst: float | None
) -> list[Example]:
    """Convert records with labels in their attributes, named by :func:`label_attributes`.

    ``best`` and ``worst`` are the ends of the sentiment column's scale if it holds numbers.
    Raises ``ValueError`` for a sentiment that is neither a number of the scale nor a word.
    """
    examples = []
    for record in records:
        attributes = record.attributes
        topics = {
            name.removeprefix(TOPIC_LABEL)
            for name, value in attributes.items()
            if name.startswith(TOPIC_LABEL) and value.strip().lower() not in _NOT
        }
        names = _BETWEEN.split(attributes.get(TOPICS_LABEL, ""))
        topics |= {topic.strip().lower().replace(" ", "_") for topic in names if topic.strip()}
        level = _level(attributes.get(SENTIMENT_LABEL, ""), best, worst)
        examples.append(Example(record, level, frozenset(topics)))
    return examples


def label_attributes(sentiment: str | None, topics: Mapping[str, str] | str) -> dict[str, str]:
    """Map label columns to attributes to keep: one column per topic, or one of lists."""
    kept = {SENTIMENT_LABEL: sentiment} if sentiment else {}
    if isinstance(topics, str):
        return {**kept, **({TOPICS_LABEL: topics} if topics else {})}
    return {**kept, **{TOPIC_LABEL + name: column for name, column in topics.items()}}


def _level(value: str, best: float | None, worst: float | None) -> int:
    value = value.strip().lower()
    if not value:
        return NO_LEVEL
    if value in _LEVEL_BY_WORD:
        return _LEVEL_BY_WORD[value]
    try:
        number = float(value)
    except ValueError:
        raise ValueError("the sentiment column holds neither numbers nor levels") from None
    if best is None or worst is None or best == worst:
        raise ValueError("the sentiment column holds numbers: which are best and worst?")
    share = (number - best) / (worst - best)
    if not 0 <= share <= 1:
        raise ValueError("a sentiment is outside of its scale")
    return round(share * 4)
