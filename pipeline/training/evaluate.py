"""Evaluation of the whole enrichment on labelled comments, with timing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.enricher import Enricher
from pipeline.stages.score_sentiment import LEVELS
from pipeline.training.card_figures import by_length, repeated_texts
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.figures import (
    MIN_EXAMPLES,
    certain_figures,
    sentiment_figures,
    topic_figures,
    vader_figures,
)
from schemas.feedback import EnrichedFeedback, Family, Label

_BATCH: Final = 1_000
_ROUNDS: Final = 3
_NEUTRAL: Final = 2
_LABEL_SIGN: Final = {Label.POSITIVE: -1, Label.NEUTRAL: 0, Label.NEGATIVE: 1}
_LEVEL_BY_LABEL: Final = {Label.POSITIVE: 1, Label.NEUTRAL: _NEUTRAL, Label.NEGATIVE: 3}


class NoLabelledData(ValueError):
    """There are no labelled comments to evaluate."""


def evaluate(
    examples: Examples, analyzer: CommentAnalyzer, *, unseen_only: bool = False
) -> dict[str, Any]:
    """Return figures of topics, of sentiment, of VADER alone, and microseconds per comment.

    Topics are those with 25 or more examples, counting those that the model was trained on.
    Raises :class:`NoLabelledData`.
    """
    seen = _trained_on(examples, analyzer)
    if unseen_only:
        examples, seen = examples.some(~seen), np.zeros(int((~seen).sum()), dtype=bool)
    if not len(examples):
        raise NoLabelledData("no comment is left to evaluate")
    enricher = Enricher(analyzer)
    at = datetime.now(UTC)
    records = [_without_labels(example.record) for example in examples.examples]
    enriched: list[EnrichedFeedback] = []
    for start in range(0, len(records), _BATCH):
        enriched += enricher.enrich_all(records[start : start + _BATCH], at=at)
    topics = _topics_to_evaluate(examples, seen, analyzer)
    compounds = np.array([record.sentiment.compound or 0.0 for record in enriched])
    return {
        "topics": topic_figures(
            np.array(
                [[topic in record.topics for topic in topics] for record in enriched], dtype=int
            ),
            examples.topic_matrix(topics),
            topics,
        ),
        "sentiment": sentiment_figures(
            np.array([_level(record) for record in enriched]), examples.levels
        ),
        "sentiment_by": _groups(enriched, examples),
        "vader": vader_figures(compounds, examples.levels),
        "microseconds_per_comment": _microseconds(enricher, records),
        "of_writers_trained_on": int(seen.sum()),
        "model": analyzer.versions["topics"],
    }


def _groups(enriched: Sequence[EnrichedFeedback], examples: Examples) -> dict[str, Any]:
    """Return the label's figures by family, by head, by length, and without repeated texts."""
    predicted = np.array([_LABEL_SIGN.get(r.sentiment.label, 0) for r in enriched])
    sure = np.array([r.sentiment.probability or 0.0 for r in enriched])
    truth = examples.levels
    labelled = truth != NO_LEVEL
    groups: dict[str, Any] = {"once": ~repeated_texts(examples)}
    groups |= {f"family {f}": [r.family == f for r in enriched] for f in Family}
    groups |= {f"head {h}": [r.sentiment.head == h for r in enriched] for h in ("survey", "story")}
    groups |= {f"{a}-{b} words": where for a, b, where in by_length(examples)}
    return {
        name: certain_figures(predicted[chosen], sure[chosen], np.sign(truth[chosen] - 2))
        for name, where in groups.items()
        if (chosen := np.array(where, dtype=bool) & labelled).any()
    }


def _trained_on(examples: Examples, analyzer: CommentAnalyzer) -> Any:
    if analyzer.model is None:
        return np.zeros(len(examples), dtype=bool)
    return np.isin(examples.people, analyzer.model.parameters.people)


def _topics_to_evaluate(
    examples: Examples, seen: Any, analyzer: CommentAnalyzer
) -> tuple[str, ...]:
    """Return topics with enough examples, in training and new ones together."""
    counts = dict(analyzer.model.card.examples) if analyzer.model else {}
    available = examples.counts()
    if not counts:
        together = available
    else:
        new = examples.some(~seen).counts()
        together = {topic: counts.get(topic, 0) + new.get(topic, 0) for topic in {*counts, *new}}
    return tuple(
        topic
        for topic in analyzer.taxonomy.topics
        if together.get(topic, 0) >= MIN_EXAMPLES and available.get(topic, 0)
    )


def _without_labels(record: Any) -> Any:
    """Return the record without labels, as the worker receives it."""
    return record.model_copy(update={"attributes": {}})


def _level(record: EnrichedFeedback) -> int:
    sentiment = record.sentiment
    if sentiment.level is not None:
        return LEVELS.index(sentiment.level)
    return _LEVEL_BY_LABEL.get(sentiment.label, _NEUTRAL)


def _microseconds(enricher: Enricher, records: Sequence[Any]) -> dict[str, float]:
    """Return CPU microseconds per comment from payload to record, in batches of 1,000 comments.

    Of about the median length, and of about the 99th percentile.
    """
    by_length = sorted(records, key=lambda record: len(record.text))
    return {
        name: _time_comment(enricher, _around(by_length, share))
        for name, share in (("median", 0.5), ("p99", 0.99))
    }


def _around(records: Sequence[Any], share: float) -> Sequence[Any]:
    """Return a batch around the comment at ``share`` of the lengths, as many shorter as longer."""
    middle = min(len(records) - 1, int(share * len(records)))
    half = min(_BATCH // 2, max(1, middle), max(1, len(records) - middle))
    batch = list(records[middle - half : middle + half]) or list(records)
    return (batch * (_BATCH // len(batch) + 1))[:_BATCH]


def _time_comment(enricher: Enricher, records: Sequence[Any]) -> float:
    payloads = [record.to_payload() for record in records]
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        enricher.enrich_payloads(payloads)
        best = min(best, time.process_time() - began)
    return round(best / len(payloads) * 1e6, 1)
