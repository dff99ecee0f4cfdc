"""The figures of a model card: by part, by corpus, by length, and without repeated texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.classify_topics import Taxonomy, TopicClassifier
from pipeline.stages.score_sentiment import choose_levels
from pipeline.stages.tokens import tokenize
from pipeline.training.examples import NO_LEVEL, Examples
from pipeline.training.figures import (
    MIN_EXAMPLES,
    calibration_error,
    label_figures,
    sentiment_figures,
    topic_figures,
    vader_figures,
)
from pipeline.training.fit import MIN_TRAINING_EXAMPLES
from pipeline.training.held_out import HeldOutPredictions

_LENGTHS: Final = ((1, 3), (4, 12), (13, 50), (51, 1_000))
"""Groups of comments by their number of words."""


def compute_figures(
    held_out: HeldOutPredictions, examples: Examples, topics: tuple[str, ...], taxonomy: Taxonomy
) -> dict[str, Any]:
    """Return the figures of the held-out predictions, and of topics that are found by terms."""
    evaluated = [n for n in range(len(topics)) if held_out.truth[:, n].sum() >= MIN_EXAMPLES]
    compounds = np.array([comment.vader.compound for comment in examples.comments])
    shares, levels = held_out.shares, held_out.levels
    once = ~repeated_texts(examples)
    names = tuple(topics[n] for n in evaluated)
    by_topic = topic_figures(held_out.topics[:, evaluated], held_out.truth[:, evaluated], names)
    always = topic_figures(held_out.likeliest[:, evaluated], held_out.truth[:, evaluated], names)
    alone = topic_figures(
        held_out.topics[once][:, evaluated], held_out.truth[once][:, evaluated], names
    )
    return {
        "topics": by_topic,
        "topics_with_likeliest": {n: always[n] for n in ("micro_f1", "macro_f1")},
        "topics_by_writing": {"topics": figures_by_writing(held_out, topics)},
        "topics_by_terms": {"topics": figures_by_terms(examples, topics, taxonomy)},
        "topics_without_repeats": {n: alone[n] for n in ("micro_f1", "macro_f1", "n")},
        "sentiment": {
            **sentiment_figures(choose_levels(shares), levels),
            "calibration_error": calibration_error(shares, levels),
        },
        "sentiment_without_repeats": _brief(shares[once], levels[once]),
        "text_alone": _brief(held_out.story, levels),
        "by_length": {
            f"{least}-{most}": _brief(shares[where], levels[where])
            for least, most, where in by_length(examples)
        },
        "corpora": {name: _brief(*both) for name, both in held_out.corpora.items()},
        "vader": vader_figures(compounds, levels),
    }


def figures_by_writing(held_out: HeldOutPredictions, topics: tuple[str, ...]) -> dict[str, Any]:
    """Return precision, recall and F1 of the topics that were learnt from written answers.

    The labelled comments and the written answers judge them together.
    """
    if held_out.written_topics is None:
        return {}
    has = held_out.truth.any(axis=1)
    predicted, truth = (
        np.concatenate([seen[has], written])
        for seen, written in zip(
            (held_out.topics, held_out.truth), held_out.written_topics, strict=True
        )
    )
    scarce = np.flatnonzero(held_out.truth.sum(axis=0) < MIN_TRAINING_EXAMPLES)
    return {
        topics[n]: _figures_of_sets(
            predicted[:, n].astype(bool).tolist(), truth[:, n].astype(bool).tolist()
        )
        for n in scarce
        if truth[:, n].any()
    }


def figures_by_terms(
    examples: Examples, topics: tuple[str, ...], taxonomy: Taxonomy
) -> dict[str, Any]:
    """Return precision, recall and F1 of the topics that have too few examples to be learnt.

    Nothing is fitted, so that all labelled comments judge them.
    """
    names = [name for name in taxonomy.topics if name not in topics]
    classifier = TopicClassifier({name: taxonomy.topics[name].terms for name in names})
    labelled = [example for example in examples.examples if example.topics]
    by_terms = [set(classifier.classify(tokenize(e.record.text))) for e in labelled]
    return {
        name: _figures_of_sets(
            [name in topics for topics in by_terms], [name in e.topics for e in labelled]
        )
        for name in names
    }


def _figures_of_sets(given: Sequence[bool], truth: Sequence[bool]) -> dict[str, Any]:
    right = sum(a and b for a, b in zip(given, truth, strict=True))
    precision, recall = right / max(1, sum(given)), right / max(1, sum(truth))
    f1 = 2 * right / max(1, sum(given) + sum(truth))
    return {
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(f1, 3),
        "n": sum(truth),
    }


def _brief(shares: NDArray[Any], levels: NDArray[Any]) -> dict[str, Any]:
    """Return the figures over three levels."""
    labelled = levels != NO_LEVEL
    return label_figures(shares[labelled], levels[labelled])


def repeated_texts(examples: Examples) -> NDArray[Any]:
    """Return True for comments whose text another respondent wrote too."""
    writers: dict[str, set[str]] = {}
    texts = [" ".join(e.record.text.lower().split()) for e in examples.examples]
    for text, example in zip(texts, examples.examples, strict=True):
        writers.setdefault(text, set()).add(example.person)
    return np.array([len(writers[text]) > 1 for text in texts], dtype=bool)


def by_length(examples: Examples) -> Sequence[tuple[int, int, NDArray[Any]]]:
    """Return groups of comments by their number of words: least, most, and which, of bool."""
    lengths = np.array([len(comment.reading.tokens) for comment in examples.comments])
    return [(a, b, (lengths >= a) & (lengths <= b)) for a, b in _LENGTHS]
