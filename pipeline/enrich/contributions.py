"""Contributions of a comment's words to the model's outputs. Pure.

Each part of the trained model is linear: an output is a sum of parts that can be named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.redacted_comment import RedactedComment
from pipeline.stages.batch import Batch, Comment
from pipeline.stages.classify_topics import TopicClassifier
from pipeline.stages.evidence import words_of_rows
from pipeline.stages.features import (
    BAG_POWER,
    CONTEXT_RATING,
    CONTEXT_SIZE,
    split_mark,
    tag_index,
    tag_names,
)
from pipeline.stages.parameters import LEVELS, Part
from pipeline.stages.sentences import Role
from pipeline.stages.text_model import Predictions, TextModel
from pipeline.stages.tokens import lowercase, token_spans
from schemas.feedback import Span

_MAX_PARTS: Final = 4  # that add to a score, and as many that take from it
_TAGS: Final = {"t": "topic", "l": "lexicon"}
_CONTEXT: Final[dict[str, Sequence[int]]] = {
    "question": range(5),
    "rating": CONTEXT_RATING,
    "length": range(10, 16),
    "vader": range(CONTEXT_SIZE - 11, CONTEXT_SIZE),
}
"""Columns of the context features by input; a rating's include its products with the question."""


@dataclass(frozen=True, slots=True)
class WordPart:
    """Contribution of a word, or of adjacent words, to a score, summed over all places.

    ``phrases`` is the contribution of set phrases, by ``topic:<name>`` or ``lexicon:<group>``.
    """

    text: str
    spans: tuple[Span, ...]
    value: float
    phrases: dict[str, float]


@dataclass(frozen=True, slots=True)
class Score:
    """A score of the model: the sum of all the other numbers.

    ``words`` are the four largest and the four smallest contributions, in descending order.
    """

    score: float
    words: tuple[WordPart, ...]
    other_words: float
    question: float
    rating: float
    length: float
    vader: float
    intercept: float


class Contributions:
    """A comment's contributions to the model's outputs; a score is a direction in them."""

    def __init__(self, model: TextModel, redacted: RedactedComment) -> None:
        comment, self._text = redacted.features, redacted.text
        self._model = model
        self.read: Predictions = model.read([comment])
        self.shares = dict(zip(model.topics, self.read.probabilities[0].tolist(), strict=True))
        bags = self.read.bags
        self._sizes: dict[str, float] = {}
        self._head = "survey" if comment.is_survey else "story"
        batch = Batch([comment], bags)
        counted = (
            np.array(comment.reading.roles)[
                np.repeat(
                    np.repeat(np.arange(len(comment.reading.ends)), np.diff(bags.segments)),
                    np.diff(bags.starts),
                )
            ]
            != Role.ASIDE
        )
        table = model.bag.table[bags.rows].astype(float)
        topics = self._divide(table, "topics", np.ones(len(table), dtype=bool))
        levels = self._divide(table, self._head, counted)
        rows = np.concatenate([topics, levels], axis=1)
        context = batch.context()[0].astype(float)
        weights = np.concatenate(
            [self._part("topics").context_weights, self._levels_context()], axis=1
        )
        intercepts = [self._part("topics").intercepts, self._part(self._head).intercepts]
        self._beside = {n: context[list(at)] @ weights[list(at)] for n, at in _CONTEXT.items()}
        self._beside["intercept"] = np.concatenate(intercepts).astype(float)
        self._all = rows.sum(axis=0) + sum(self._beside.values())
        self._rows: dict[str, list[tuple[Span, NDArray[Any]]]] = defaultdict(list)
        self._phrases: dict[str, list[tuple[str, NDArray[Any]]]] = defaultdict(list)
        spans = token_spans(redacted.plain, comment.reading.tokens)
        words = words_of_rows([comment.reading], bags, range(len(rows)))
        # A text without words has a row but no span.
        for (first, last), row in zip(words, rows, strict=True) if spans else ():
            span = spans[first][0], spans[last][1]
            self._rows[self._words(span)].append((span, row))
        self._add_phrases(comment, spans)

    def _add_phrases(self, comment: Comment, spans: Sequence[Span]) -> None:
        """Note the weights of the set phrases in the words."""
        card = self._model.card
        terms = tag_index(card.terms, card.phrases, {})
        parts = [(name, self._sizes[name]) for name in ("topics", self._head)]
        marks = [split_mark(token) for token in comment.reading.tokens]
        places = TopicClassifier(terms).places([word for word, _ in marks])
        # Each search reads all names of the model, and long texts repeat their phrases.
        weights_of = cache(lambda part, *names: self._part(part).weights_of(names))
        for tag, first, last in places:
            columns = []
            for name, size in parts:
                mark = "" if name == "topics" else marks[first][1]
                names = tag_names([tag], comment.kind, mark)
                columns.append(weights_of(name, *names) / size)
            words = self._words((spans[first][0], spans[last][1]))
            weights = np.concatenate(columns)[: len(self._all)]
            self._phrases[words].append((_TAGS[tag[0]] + tag[1:], weights))

    def _part(self, name: str) -> Part:
        part: Part = getattr(self._model.parameters, name)
        return part

    def _levels_context(self) -> NDArray[Any]:
        # Stories are judged by their words alone.
        weights: NDArray[Any] = self._part(self._head).context_weights.astype(float)
        return weights if self._head == "survey" else np.zeros_like(weights)

    def _divide(self, table: NDArray[Any], part: str, counted: NDArray[Any]) -> NDArray[Any]:
        columns = self._model.columns[part]
        rows: NDArray[Any] = table[:, columns] * counted[:, None]
        size = max(1.0, float((table[:, columns.stop] * counted).sum())) ** BAG_POWER
        self._sizes[part] = size
        shares: NDArray[Any] = rows / size
        return shares

    def of_topic(self, name: str) -> dict[str, Any]:
        """Return the numbers of a topic."""
        parameters, place = self._model.parameters, self._model.topics.index(name)
        slope, shift = parameters.calibration[place]
        log_odds = parameters.thresholds[place] * slope + shift
        return {
            "probability": round_number(self.shares[name]),
            "threshold": round_number(1 / (1 + np.exp(-log_odds))),
            "margin": round_number(self.read.scores[0, place]),
            "score": self._score(np.arange(len(self._all)) == place),
        }

    def of_levels(self, weights: Sequence[float]) -> Score:
        """Return the weighted score of the levels, the mean of the heads that are averaged."""
        direction, first = np.zeros(len(self._all)), len(self._model.topics)
        heads = 2 if self._head == "survey" else 1
        direction[first : first + heads * LEVELS] = [*weights] * heads
        return self._score(direction / heads)

    def _score(self, direction: NDArray[Any]) -> Score:
        parts = sorted((self._word(w, direction) for w in self._rows), key=lambda part: -part.value)
        shown = (
            *[part for part in parts if part.value > 0][:_MAX_PARTS],
            *[part for part in parts if part.value < 0][-_MAX_PARTS:],
        )
        beside = {name: round_number(value @ direction) for name, value in self._beside.items()}
        other = sum(part.value for part in parts) - sum(part.value for part in shown)
        return Score(round_number(self._all @ direction), shown, round_number(other), **beside)

    def _word(self, words: str, direction: NDArray[Any]) -> WordPart:
        spans = sorted({span for span, _ in self._rows[words]})
        value = sum(float(row @ direction) for _, row in self._rows[words])
        phrases: dict[str, float] = defaultdict(float)
        for name, weights in self._phrases.get(words, ()):
            phrases[name] += round_number(weights @ direction)
        text = self._text[slice(*spans[0])]
        return WordPart(text, tuple(spans), round_number(value), dict(phrases))

    def _words(self, span: Span) -> str:
        return lowercase(self._text[slice(*span)])


def round_number(number: float) -> float:
    """Return a number for people and JSON."""
    return round(float(number), 6)
