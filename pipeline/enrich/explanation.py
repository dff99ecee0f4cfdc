"""Explanation of one comment's label, topics and flags, for `feedback explain`. Pure.

The trained model is linear: each of its scores is a sum of parts that can be named: those of the
words at each place, and those of question, rating, length and VADER's scores.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.analyzer import CommentAnalyzer, RedactedComment
from pipeline.enrich.scorer import ScoringAnalyzer
from pipeline.stages.classify_topics import Taxonomy, TopicClassifier
from pipeline.stages.evidence import places_to_spans
from pipeline.stages.features import CONTEXT_RATING, CONTEXT_SIZE, tag_index, tag_names
from pipeline.stages.questions import classify_question
from pipeline.stages.score_sentiment import MEASURES
from pipeline.stages.text_model import TextModel, context_matrix
from pipeline.stages.tokens import lowercase, token_spans
from schemas.feedback import Feedback, Language, Level, Sentiment, Span

_MAX_PARTS: Final = 4  # that add to a score, and as many that take from it
_MAX_NEXT_TOPICS: Final = 3
_TAGS: Final = {"t": "topic", "l": "lexicon"}
_CONTEXT: Final[dict[str, Sequence[int]]] = {
    "question": range(5),
    "rating": CONTEXT_RATING,
    "length": range(10, 16),
    "vader": range(CONTEXT_SIZE - 11, CONTEXT_SIZE),
}
"""Columns of the context features by input; a rating's include its products with the question."""


@dataclass(frozen=True, slots=True)
class Place:
    """Some characters of the redacted text: ``text[start:end]``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word(Place):
    """A word that is not neutral to VADER, and its valence."""

    value: float


@dataclass(frozen=True, slots=True)
class Part:
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
    words: tuple[Part, ...]
    other_words: float
    question: float
    rating: float
    length: float
    vader: float
    intercept: float


@dataclass(frozen=True, slots=True)
class TopicFound:
    """A topic, assigned or nearly so. Without numbers if it was found by its terms.

    It is assigned ``by`` the ``model``; as the ``likeliest`` if none reached its threshold; by
    its ``terms``; or ``not_given``. ``threshold`` is the minimum probability to assign it,
    ``margin`` the score above the threshold.
    """

    name: str
    title: str | None
    by: str
    theme: str | None
    interaction: str | None
    priority: str | None
    evidence: tuple[Place, ...]
    probability: float | None = None
    threshold: float | None = None
    margin: float | None = None
    score: Score | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One comment explained; see :func:`explain`."""

    text: str
    question: str | None
    question_kind: str
    rating: dict[str, Any] | None
    hidden: dict[str, tuple[Place, ...]]
    language: Language
    sentiment: Sentiment
    vader_words: tuple[Word, ...]
    levels: dict[str, float] | None
    levels_without_rating: dict[str, float] | None
    level_score: Score | None
    tone: Score | None
    topics: tuple[TopicFound, ...]
    next_topics: tuple[TopicFound, ...]
    urgent: dict[str, tuple[Place, ...]]
    versions: dict[str, str]


def explain(analyzer: CommentAnalyzer, record: Feedback) -> Explanation:
    """Explain the findings in one comment.

    As JSON its keys are the fields' names, here and above. ``text`` is the redacted text; every
    ``start`` and ``end``, and every pair of ``spans``, counts its characters from 0, half open, and
    the ``text`` next to them repeats these characters, of the first of ``spans``. ``hidden``
    holds the types, each with its placeholders, ``urgent`` the reasons, each with its evidence;
    ``rating`` is ``measure``, ``value``, ``worst``, ``best`` and ``level``, 1 to 5. ``sentiment``
    is as on the enriched record, with VADER's scores. ``next_topics`` are the likeliest others.

    ``levels`` are the probabilities of all five, and without the rating those of the text alone.
    ``level_score`` is the likeliest level's score minus the mean of the other four's, ``tone`` the
    mean score of the two positive levels minus that of the two negative ones; these are null if no
    model scored. Scores are in log odds, those of levels the mean of both heads. Words share a
    divisor that grows with their number: the parts are exact, for this comment only.
    """
    findings, comment = analyzer.analyze([record])[0], analyzer.preprocess([record])[0]
    text, rating, sentiment = comment.text, comment.features.rating, findings["sentiment"]
    sums = _Sums(analyzer.model, comment) if analyzer.model and comment.is_scored else None
    judge = None if isinstance(analyzer, ScoringAnalyzer) else sums
    weights = [1.0 if level == sentiment.level else -0.25 for level in Level]
    topics, next_topics = _topics(analyzer.taxonomy, findings, comment, sums)
    hidden = {kind: re.finditer(rf"\[{kind.upper()}\]", text) for kind in comment.redactions}
    valences = analyzer.vader.parts_comment(comment.plain) if comment.is_scored else ()
    return Explanation(
        text=text,
        question=findings.get("question"),
        question_kind=classify_question(record.question).name.lower(),
        rating=_rating(record, rating),
        hidden={kind: _places(text, (m.span() for m in at)) for kind, at in hidden.items()},
        language=comment.language,
        sentiment=sentiment,
        vader_words=tuple(Word(text[a:b], a, b, _round(value)) for a, b, value in valences),
        levels=_by_level(judge.read.levels) if judge else None,
        levels_without_rating=_by_level(judge.read.unrated) if judge and rating else None,
        level_score=judge.of_levels(weights) if judge else None,
        tone=judge.of_levels([0.5, 0.5, 0.0, -0.5, -0.5]) if judge else None,
        topics=topics,
        next_topics=next_topics,
        urgent={
            n: _places(text, findings["evidence"][f"urgent:{n}"])
            for n in findings["urgent_reasons"]
        },
        versions=analyzer.versions,
    )


def _rating(record: Feedback, level: int) -> dict[str, Any] | None:
    for name in MEASURES:
        measure = getattr(record, name)
        if measure is not None and measure.score is not None:
            return {"measure": name, **measure.model_dump(), "level": level}
    return None


def _topics(
    taxonomy: Taxonomy, findings: dict[str, Any], comment: RedactedComment, sums: _Sums | None
) -> tuple[tuple[TopicFound, ...], tuple[TopicFound, ...]]:
    """Return the topics assigned, and the next ones; the likeliest first."""
    shares = sums.shares if sums and comment.features.tokens else {}
    assigned = sorted(findings["topics"], key=lambda name: (-shares.get(name, 0.0), name))
    rest = sorted(shares.keys() - set(assigned), key=lambda name: (-shares[name], name))
    evidence = findings["evidence"]
    places = {n: _places(comment.text, evidence.get(f"topic:{n}", ())) for n in assigned}
    return (
        tuple(_topic(taxonomy, n, places[n], sums if n in shares else None) for n in assigned),
        tuple(_topic(taxonomy, n, None, sums) for n in rest[:_MAX_NEXT_TOPICS]),
    )


def _topic(
    taxonomy: Taxonomy, name: str, evidence: tuple[Place, ...] | None, sums: _Sums | None
) -> TopicFound:
    """Describe a topic; without ``evidence``, one that was not assigned."""
    # A model may know a topic that an edited taxonomy no longer has.
    topic = taxonomy.topics.get(name)
    interaction = topic.interaction if topic else None
    numbers = sums.of_topic(name) if sums else {}
    by = "terms" if not sums else "model" if numbers["margin"] >= 0 else "likeliest"
    return TopicFound(
        name=name,
        title=topic.title if topic else None,
        by=by if evidence is not None else "not_given",
        theme=topic.theme if topic else None,
        interaction=interaction,
        priority=taxonomy.interactions[interaction].priority if interaction else None,
        evidence=evidence or (),
        **numbers,
    )


class _Sums:
    """A comment's contributions to the model's outputs; a score is a direction in them."""

    def __init__(self, model: TextModel, redacted: RedactedComment) -> None:
        comment, parameters, self._text = redacted.features, model.parameters, redacted.text
        self._model, self.read = model, model.read([comment])
        self.shares = dict(zip(model.topics, self.read.probabilities[0].tolist(), strict=True))
        beside, weights = context_matrix([comment])[0], parameters.context_weights.astype(float)
        self._beside = {n: beside[list(at)] @ weights[list(at)] for n, at in _CONTEXT.items()}
        self._beside["intercept"] = parameters.intercepts.astype(float)
        bags, divisor = self.read.bags, float(self.read.bags.divisors[0])
        rows = model.bag.table[bags.rows, : len(parameters.intercepts)].astype(float) / divisor
        self._all = rows.sum(axis=0) + sum(self._beside.values())
        self._rows: dict[str, list[tuple[Span, NDArray[Any]]]] = defaultdict(list)
        self._phrases: dict[str, list[tuple[str, NDArray[Any]]]] = defaultdict(list)
        spans = token_spans(redacted.plain, comment.tokens)
        # A text without words has a row but no span.
        for place, row in enumerate(rows if spans else ()):
            (span,) = places_to_spans([place], spans, bags.phrases.get(0, ()))
            self._rows[self._words(span)].append((span, row))
        features = {name: place for place, name in enumerate(parameters.names)}
        terms = tag_index(model.card.terms, model.card.phrases, {})
        tags = TopicClassifier(terms).evidence(comment.tokens, spans, list(terms))
        for tag, places in tags.items():
            at = [features[n] for n in tag_names([tag], comment.kind) if n in features]
            of_phrase = parameters.weights[at].astype(float).sum(axis=0) / divisor
            for span in places:
                self._phrases[self._words(span)].append((_TAGS[tag[0]] + tag[1:], of_phrase))

    def of_topic(self, name: str) -> dict[str, Any]:
        """Return the numbers of a topic."""
        parameters, place = self._model.parameters, self._model.topics.index(name)
        slope, shift = parameters.calibration[place]
        log_odds = parameters.thresholds[place] * slope + shift
        return {
            "probability": _round(self.shares[name]),
            "threshold": _round(1 / (1 + np.exp(-log_odds))),
            "margin": _round(self.read.scores[0, place]),
            "score": self._score(np.arange(len(self._all)) == place),
        }

    def of_levels(self, weights: list[float]) -> Score:
        """Return the weighted score of the levels, the mean of two heads."""
        direction, first = np.zeros(len(self._all)), len(self._model.topics)
        direction[first : first + 2 * len(weights)] = [*weights, *weights]
        return self._score(direction / 2)

    def _score(self, direction: NDArray[Any]) -> Score:
        parts = sorted((self._part(w, direction) for w in self._rows), key=lambda part: -part.value)
        shown = (
            *[part for part in parts if part.value > 0][:_MAX_PARTS],
            *[part for part in parts if part.value < 0][-_MAX_PARTS:],
        )
        beside = {name: _round(value @ direction) for name, value in self._beside.items()}
        other = sum(part.value for part in parts) - sum(part.value for part in shown)
        return Score(_round(self._all @ direction), shown, _round(other), **beside)

    def _part(self, words: str, direction: NDArray[Any]) -> Part:
        spans = sorted({span for span, _ in self._rows[words]})
        value = sum(float(row @ direction) for _, row in self._rows[words])
        phrases: dict[str, float] = defaultdict(float)
        for name, weights in self._phrases[words]:
            phrases[name] += _round(weights @ direction)
        return Part(self._text[slice(*spans[0])], tuple(spans), _round(value), dict(phrases))

    def _words(self, span: Span) -> str:
        return lowercase(self._text[slice(*span)])


def _by_level(shares: NDArray[Any]) -> dict[str, float]:
    return {level.value: _round(share) for level, share in zip(Level, shares[0], strict=True)}


def _places(text: str, spans: Iterable[Span]) -> tuple[Place, ...]:
    return tuple(Place(text[start:end], start, end) for start, end in spans)


def _round(number: float) -> float:
    return round(float(number), 6)
