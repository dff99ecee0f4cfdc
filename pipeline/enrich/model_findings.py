"""Findings of the trained model in a batch of comments: label, topics with their own, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from pipeline.enrich.redacted_comment import RedactedComment
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.evidence import find_strongest, merge_adjacent, words_of_rows
from pipeline.stages.score_sentiment import (
    LABELS,
    LEVELS,
    predict_sentiment,
    sentiment_from_model,
    sentiment_from_thresholds,
    unscored_sentiment,
)
from pipeline.stages.text_model import MIN_BEST_PROBABILITY, Predictions, TextModel
from pipeline.stages.tokens import token_spans
from pipeline.stages.topic_sentiment import judge_topics
from schemas.feedback import Sentiment, Span, TopicSentiment

MIN_ALONE_PROBABILITY = 0.35
"""Of a topic in a text without question and rating."""

MIN_WORDS_PART = 0.1
"""Of the words in the score of a topic that reaches no threshold, for it to be given."""

MIN_F1 = 0.3
"""A topic that the model finds less well on comments it has not seen is given only if asked for."""


class Findings(NamedTuple):
    """The model's findings in one comment."""

    sentiment: Sentiment
    topics: tuple[str, ...]
    probabilities: dict[str, float]
    topic_sentiments: tuple[TopicSentiment, ...]
    evidence: dict[str, tuple[Span, ...]]


class _Assigned(NamedTuple):
    """A topic of a comment."""

    column: int
    """Of the model's table."""
    probability: float | None
    """None for a topic passages by its terms."""


_Asked = tuple[int, str, int, int, int]
"""A finding whose evidence is looked for: number of the comment, name of the finding, first row
and end of the rows, column of the table."""


class ModelFinder:
    """Reads batches with the model; one thread at a time."""

    def __init__(
        self, model: TextModel, taxonomy: Taxonomy, method: str, *, weak_topics: bool
    ) -> None:
        """Set up; ``method`` names what sets the label, ``weak_topics`` gives all topics."""
        self._model, self._method = model, method
        weak = set() if weak_topics else model.card.weak_topics(MIN_F1)
        # The model may know a topic that an edited taxonomy no longer has.
        kept = [name in taxonomy.topics and name not in weak for name in model.topics]
        self._kept = np.array(kept, dtype=bool)
        self._groups = np.array([name not in weak for name in model.bag.groups], dtype=bool)

    def find(self, comments: Sequence[RedactedComment]) -> list[Findings]:
        """Return the findings in each comment."""
        read = self._model.read([comment.features for comment in comments])
        sentiments = self._sentiments(comments, read)
        assigned = self._topics(comments, read)
        asked: list[_Asked] = []
        self._ask_for_labels(comments, sentiments, read, asked)
        judged = self._judge_topics(comments, assigned, read, asked)
        evidence = self._evidence(comments, read, asked)
        return [
            Findings(
                sentiment,
                tuple(topics),
                {
                    n: topic.probability
                    for n, topic in topics.items()
                    if topic.probability is not None
                },
                tuple(
                    TopicSentiment.construct_unchecked(
                        {
                            "topic": topic,
                            "label": label,
                            "probability": share,
                            "evidence": spans.pop(f"tone:{topic}", ()),
                        }
                    )
                    for topic, label, share in of_topics
                ),
                spans,
            )
            for sentiment, topics, of_topics, spans in zip(
                sentiments, assigned, judged, evidence, strict=True
            )
        ]

    def _sentiments(
        self, comments: Sequence[RedactedComment], read: Predictions
    ) -> list[Sentiment]:
        if not self._model.has_levels:
            return [
                sentiment_from_thresholds(comment.vader, self._method)
                if comment.not_scored is None
                else unscored_sentiment(self._method, comment.not_scored)
                for comment in comments
            ]
        return [
            sentiment_from_model(
                comment.vader,
                self._method,
                prediction,
                comment.features.rating,
                "survey" if comment.features.is_survey else "story",
            )
            if comment.not_scored is None
            else unscored_sentiment(self._method, comment.not_scored)
            for comment, prediction in zip(
                comments, predict_sentiment(read.levels, read.unrated, read.mixed), strict=True
            )
        ]

    def _topics(
        self, comments: Sequence[RedactedComment], read: Predictions
    ) -> list[dict[str, _Assigned]]:
        """Return each comment's topics by name, in their order."""
        bag = self._model.bag
        assigned: list[dict[str, _Assigned]] = [{} for _ in comments]
        scores = np.where(self._kept, read.scores, -np.inf)
        over = scores >= 0
        shares = read.probabilities.astype(float).round(3)
        if self._model.topics:
            best = scores.argmax(axis=1)
            places = np.arange(len(comments))
            likely = shares[places, best] >= MIN_BEST_PROBABILITY
            likely &= read.by_words[places, best] >= MIN_WORDS_PART
            lone = ~over.any(axis=1) & likely & self._kept[best]
            over[places[lone], best[lone]] = True
        # A text alone may be about anything: in an answer to a hospital's question it is not.
        alone = np.array([not comment.features.is_survey for comment in comments], dtype=bool)
        over &= ~alone[:, None] | (shares >= MIN_ALONE_PROBABILITY)
        names = self._model.topics
        for number, topic in np.argwhere(over).tolist():
            assigned[number][names[topic]] = _Assigned(topic, float(shares[number, topic]))
        for number, group in np.argwhere((read.hits > 0) & self._groups).tolist():
            assigned[number][bag.groups[group]] = _Assigned(bag.first_group + group, None)
        return [
            dict(sorted(topics.items())) if topics and comment.features.reading.tokens else {}
            for topics, comment in zip(assigned, comments, strict=True)
        ]

    def _ask_for_labels(
        self,
        comments: Sequence[RedactedComment],
        sentiments: Sequence[Sentiment],
        read: Predictions,
        asked: list[_Asked],
    ) -> None:
        starts = read.bags.starts[read.bags.first_clauses()].tolist()
        for number, (comment, sentiment) in enumerate(zip(comments, sentiments, strict=True)):
            # A text without words has a row, which stands for no character.
            if sentiment.level is not None and comment.features.reading.tokens:
                column = self._model.level_column(comment.features, LEVELS.index(sentiment.level))
                rows = (starts[number], starts[number + 1])
                asked.append((number, "sentiment", *rows, column))

    def _judge_topics(
        self,
        comments: Sequence[RedactedComment],
        assigned: Sequence[dict[str, _Assigned]],
        read: Predictions,
        asked: list[_Asked],
    ) -> list[list[tuple[str, Any, float]]]:
        """Return topic, label and probability; ask for the evidence of topics and their labels."""
        starts, first = read.bags.starts.tolist(), read.bags.first_clauses().tolist()
        pairs = [
            (n, name, t.column) for n, topics in enumerate(assigned) for name, t in topics.items()
        ]
        judged: list[list[tuple[str, Any, float]]] = [[] for _ in comments]
        for number, name, column in pairs:
            rows = (starts[first[number]], starts[first[number + 1]])
            asked.append((number, f"topic:{name}", *rows, column))
        if not pairs or not self._model.has_levels:
            return judged
        numbers, _, columns = zip(*pairs, strict=True)
        topics = judge_topics(read, numbers, columns)
        labels, shares = topics.shares.argmax(axis=1).tolist(), topics.shares.max(axis=1)
        tones = zip(
            pairs,
            labels,
            shares.astype(float).clip(0, 1).round(3).tolist(),
            topics.levels.tolist(),
            topics.clauses.tolist(),
            strict=True,
        )
        for (number, name, _), label, share, level, clause in tones:
            if comments[number].not_scored is None:
                judged[number].append((name, LABELS[label], share))
                column = self._model.level_column(comments[number].features, level)
                rows = (starts[clause], starts[clause + 1])
                asked.append((number, f"tone:{name}", *rows, column))
        return judged

    def _evidence(
        self, comments: Sequence[RedactedComment], read: Predictions, asked: Sequence[_Asked]
    ) -> list[dict[str, tuple[Span, ...]]]:
        evidence: list[dict[str, tuple[Span, ...]]] = [{} for _ in comments]
        if not asked:
            return evidence
        numbers, names, begins, ends, columns = zip(*asked, strict=True)
        strongest = find_strongest(read.bags, self._model.bag.table, begins, ends, columns)
        readings = [comment.features.reading for comment in comments]
        spans: list[Span] = []
        for comment, reading in zip(comments, readings, strict=True):
            if reading.tokens:
                spans += token_spans(comment.plain, reading.tokens)
        words = words_of_rows(readings, read.bags, [*chain.from_iterable(strongest)])
        passages = iter([(spans[first][0], spans[last][1]) for first, last in words])
        for number, name, rows in zip(numbers, names, strongest, strict=True):
            if rows:
                evidence[number][name] = merge_adjacent([*islice(passages, len(rows))])
        return evidence
