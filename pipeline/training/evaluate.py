"""The whole enrichment, judged on labelled comments and timed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.enricher import Enricher
from pipeline.stages.score_sentiment import LEVELS
from pipeline.training.examples import Examples
from pipeline.training.figures import (
    LEAST_EXAMPLES,
    sentiment_figures,
    topic_figures,
    vader_figures,
)
from schemas.feedback import EnrichedFeedback, Label

_BATCH: Final = 1_000
_ROUNDS: Final = 3
_NEUTRAL: Final = 2
_OF_LABEL: Final = {Label.POSITIVE: 1, Label.NEUTRAL: _NEUTRAL, Label.NEGATIVE: 3}


class Nothing(ValueError):
    """There is nothing to judge."""


def evaluate(
    examples: Examples, analyzer: CommentAnalyzer, *, unseen_only: bool = False
) -> dict[str, Any]:
    """Figures of topics, of sentiment, of VADER alone, and microseconds a comment.

    Topics are those with 25 or more examples, counting those that the model was trained on.
    Raises :class:`Nothing`.
    """
    seen = _seen(examples, analyzer)
    if unseen_only:
        examples, seen = examples.some(~seen), np.zeros(int((~seen).sum()), dtype=bool)
    if not len(examples):
        raise Nothing("no comment is left to judge")
    enrichment = Enricher(analyzer)
    at = datetime.now(UTC)
    records = [_without_labels(example.record) for example in examples.examples]
    found: list[EnrichedFeedback] = []
    for start in range(0, len(records), _BATCH):
        found += enrichment.enrich_all(records[start : start + _BATCH], at=at)
    topics = _judged_topics(examples, seen, analyzer)
    compounds = np.array([record.sentiment.compound or 0.0 for record in found])
    return {
        "topics": topic_figures(
            np.array([[topic in record.topics for topic in topics] for record in found], dtype=int),
            examples.topic_matrix(topics),
            topics,
        ),
        "sentiment": sentiment_figures(
            np.array([_level(record) for record in found]), examples.levels
        ),
        "vader": vader_figures(compounds, examples.levels),
        "microseconds_per_comment": _microseconds(enrichment, records),
        "of_writers_trained_on": int(seen.sum()),
        "model": analyzer.versions["topics"],
    }


def _seen(examples: Examples, analyzer: CommentAnalyzer) -> Any:
    if analyzer.model is None:
        return np.zeros(len(examples), dtype=bool)
    return np.isin(examples.people, analyzer.model.parameters.people)


def _judged_topics(examples: Examples, seen: Any, analyzer: CommentAnalyzer) -> tuple[str, ...]:
    """Topics with enough examples, in training and in what it had not seen together."""
    counts = dict(analyzer.model.card.examples) if analyzer.model else {}
    here = examples.counts()
    if not counts:
        together = here
    else:
        new = examples.some(~seen).counts()
        together = {topic: counts.get(topic, 0) + new.get(topic, 0) for topic in {*counts, *new}}
    return tuple(
        topic
        for topic in analyzer.taxonomy.topics
        if together.get(topic, 0) >= LEAST_EXAMPLES and here.get(topic, 0)
    )


def _without_labels(record: Any) -> Any:
    """The record as the worker gets it: nobody has labelled it."""
    return record.model_copy(update={"attributes": {}})


def _level(record: EnrichedFeedback) -> int:
    sentiment = record.sentiment
    if sentiment.level is not None:
        return LEVELS.index(sentiment.level)
    return _OF_LABEL.get(sentiment.label, _NEUTRAL)


def _microseconds(enrichment: Enricher, records: Sequence[Any]) -> dict[str, float]:
    """CPU microseconds, from payload to record, in batches of 1,000 comments of about the median
    length and of about the length that one in a hundred reaches.
    """
    by_length = sorted(records, key=lambda record: len(record.text))
    return {
        name: _one_comment(enrichment, _around(by_length, share))
        for name, share in (("median", 0.5), ("p99", 0.99))
    }


def _around(records: Sequence[Any], share: float) -> Sequence[Any]:
    """A batch around the comment at ``share`` of the lengths: as many shorter as longer ones."""
    middle = min(len(records) - 1, int(share * len(records)))
    half = min(_BATCH // 2, max(1, middle), max(1, len(records) - middle))
    chosen = list(records[middle - half : middle + half]) or list(records)
    return (chosen * (_BATCH // len(chosen) + 1))[:_BATCH]


def _one_comment(enrichment: Enricher, records: Sequence[Any]) -> float:
    payloads = [record.to_payload() for record in records]
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        enrichment.enrich_payloads(payloads)
        best = min(best, time.process_time() - began)
    return round(best / len(payloads) * 1e6, 1)
