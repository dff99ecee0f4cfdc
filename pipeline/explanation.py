"""Why one comment got its label, its topics and its flags: what `feedback explain` shows. Pure.

The trained model is linear: each of its scores is a sum of parts that can be named, those of the
words at each place, and beside them those of question, rating, length and VADER's scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pipeline.stages._evidence import spans_of_places
from pipeline.stages._features import BEGIN, CONTEXT_RATING, CONTEXT_SIZE, END, tag_names, tagged
from pipeline.stages._questions import kind_of
from pipeline.stages._terms import Terms, follows
from pipeline.stages._tokens import lowered, token_spans
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.score_sentiment import rating_of
from pipeline.stages.text_model import TextModel, context_of
from pipeline.understanding import Understanding, Words
from schemas.feedback import Feedback, Language, Level, Sentiment, Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEASURES: Final = ("fft", "stars", "csat", "nps", "ces")
"""In the order in which ``rating_of`` looks for them."""

_MOST_PARTS: Final = 4  # that add to a score, and as many that take from it
_MOST_NEXT: Final = 3
_QUESTION: Final = range(5)
_VADER: Final = range(CONTEXT_SIZE - 11, CONTEXT_SIZE)
_CONTEXT: Final = {
    "question": list(_QUESTION),
    "rating": list(CONTEXT_RATING),
    "length": sorted({*range(CONTEXT_SIZE)} - {*_QUESTION, *_VADER, *CONTEXT_RATING}),
    "vader": list(_VADER),
}
"""Which columns of ``_features.context`` say what; a rating's are also those with the question."""

_TAGS: Final = {"t": "topic", "l": "lexicon"}


@dataclass(frozen=True, slots=True)
class Place:
    """Some characters of the redacted text: ``text[start:end]``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hidden(Place):
    """A placeholder; the value that stood there is nowhere."""

    type: str


@dataclass(frozen=True, slots=True)
class Word(Place):
    """A word that is not neutral to VADER, and the valence that it adds up."""

    value: float


@dataclass(frozen=True, slots=True)
class Part:
    """What a word, or some that follow each other, add to a score wherever they stand."""

    text: str
    spans: tuple[Span, ...]
    value: float
    phrases: dict[str, float]
    """How much of it comes from set phrases: ``topic:<name>`` for a term of the taxonomy,
    ``lexicon:<group>``."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score of the model: the sum of all the other numbers."""

    score: float
    words: tuple[Part, ...]
    """The four that add most and the four that take most, from most to least."""
    other_words: float
    question: float
    rating: float
    length: float
    vader: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Rating:
    """The rating that counts, and its level from 1, worst, to 5, best."""

    measure: str
    value: float
    worst: float
    best: float
    level: int


@dataclass(frozen=True, slots=True)
class Levels:
    """How likely each of the five levels is, and what made the likeliest one so."""

    probabilities: dict[str, float]
    without_rating: dict[str, float] | None
    """What the text says alone; absent where there is no rating."""
    score: Score
    """The likeliest level's score minus the mean of the other four's."""
    tone: Score
    """The mean score of the two positive levels minus that of the two negative ones."""


@dataclass(frozen=True, slots=True)
class TopicFound:
    """A topic, given or nearly so. Without numbers where it was found by its terms."""

    name: str
    title: str | None
    by: str
    """``model``; ``likeliest``, where none reached its threshold; ``terms``; or ``not_given``."""
    probability: float | None
    threshold: float | None
    """The probability from which the topic is given."""
    margin: float | None
    """The score minus the least score that is given."""
    theme: str | None
    interaction: str | None
    priority: str | None
    evidence: tuple[Place, ...]
    score: Score | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One comment explained; see :func:`explain`."""

    text: str
    question: str | None
    question_kind: str
    rating: Rating | None
    hidden: tuple[Hidden, ...]
    language: Language
    sentiment: Sentiment
    vader_words: tuple[Word, ...]
    has_model: bool
    levels: Levels | None
    topics: tuple[TopicFound, ...]
    next_topics: tuple[TopicFound, ...]
    urgent: dict[str, tuple[Place, ...]]
    versions: dict[str, str]


def explain(understanding: Understanding, record: Feedback) -> Explanation:
    """One comment, and what led to all that was found in it.

    As JSON its keys are the fields' names, here and below. ``text`` is the redacted text; every
    ``start`` and ``end``, and every pair of ``spans``, counts its characters from 0, half open,
    and the ``text`` beside them repeats what stands there (of ``spans``, at the first).
    ``sentiment`` is as on the enriched record, with VADER's scores. ``levels`` are null without a
    model and where nothing is scored. ``next_topics`` are the likeliest three that were not given.
    ``urgent`` holds the reasons, each with its evidence.

    A ``score`` is in log odds: ``intercept + question + rating + length + vader + other_words``
    and each ``value`` of ``words``. Those of levels are the mean of the two heads whose
    probabilities are averaged. All words share a divisor that grows with their number, so that
    the parts are exact for this comment and say nothing of another.
    """
    found = understanding.read([record])[0]
    words = understanding.words([record])[0]
    text, model, sentiment = words.text, understanding.model, found["sentiment"]
    sums = _Sums(model, understanding.taxonomy, words) if model and words.is_scored else None
    topics, next_topics = _topics(understanding.taxonomy, found, words, sums)
    valences = understanding.vader.parts_comment(words.plain) if words.is_scored else ()
    return Explanation(
        text=text,
        question=found.get("question"),
        question_kind=kind_of(record.question).name.lower(),
        rating=_rating(record),
        hidden=_hidden(understanding, record.text, text),
        language=words.language,
        sentiment=sentiment,
        vader_words=tuple(Word(*_cut(text, v[:2]), _rounded(v.valence)) for v in valences),
        has_model=model is not None,
        levels=sums.levels(sentiment.level) if sums else None,
        topics=topics,
        next_topics=next_topics,
        urgent={
            reason: _places(text, found["evidence"][f"urgent:{reason}"])
            for reason in found["urgent_reasons"]
        },
        versions=understanding.versions,
    )


def _rating(record: Feedback) -> Rating | None:
    for name in MEASURES:
        measure = getattr(record, name)
        if measure is not None and measure.score is not None:
            return Rating(name, measure.value, measure.worst, measure.best, rating_of(record))
    return None


def _hidden(understanding: Understanding, written: str, text: str) -> tuple[Hidden, ...]:
    hidden, shift = [], 0
    for start, end, kind in understanding.redactor.redact(written).spans:
        begin, length = start + shift, len(f"[{kind.upper()}]")
        hidden.append(Hidden(*_cut(text, (begin, begin + length)), kind))
        shift += length - (end - start)
    return tuple(hidden)


def _topics(
    taxonomy: Taxonomy, found: dict[str, Any], words: Words, sums: _Sums | None
) -> tuple[tuple[TopicFound, ...], tuple[TopicFound, ...]]:
    """Those given, and the next; the likeliest first."""
    shares = sums.shares if sums and words.comment.tokens else {}
    given = sorted(found["topics"], key=lambda name: (-shares.get(name, 0.0), name))
    rest = sorted(shares.keys() - set(given), key=lambda name: (-shares[name], name))
    places = {n: _places(words.text, found["evidence"].get(f"topic:{n}", ())) for n in given}
    return (
        tuple(_topic(taxonomy, n, places[n], sums if n in shares else None) for n in given),
        tuple(_topic(taxonomy, n, None, sums) for n in rest[:_MOST_NEXT]),
    )


def _topic(
    taxonomy: Taxonomy, name: str, evidence: tuple[Place, ...] | None, sums: _Sums | None
) -> TopicFound:
    """``evidence`` is None for a topic that was not given."""
    # A model may know a topic that an edited taxonomy no longer has.
    topic = taxonomy.topics.get(name)
    interaction = topic.interaction if topic else None
    by = "terms"
    if sums is not None:
        by = "model" if sums.margins[name] >= 0 else "likeliest"
    return TopicFound(
        name=name,
        title=topic.title if topic else None,
        by=by if evidence is not None else "not_given",
        probability=_rounded(sums.shares[name]) if sums else None,
        threshold=_rounded(sums.threshold(name)) if sums else None,
        margin=_rounded(sums.margins[name]) if sums else None,
        theme=topic.theme if topic else None,
        interaction=interaction,
        priority=taxonomy.interactions[interaction].priority if interaction else None,
        evidence=evidence or (),
        score=sums.of_topic(name) if sums else None,
    )


class _Sums:
    """One comment's rows of the model's table, and its context: what every score is a sum of.

    A score is a direction in the model's outputs, ``[outputs]``.
    """

    def __init__(self, model: TextModel, taxonomy: Taxonomy, words: Words) -> None:
        comment, parameters = words.comment, model.parameters
        self._model, self._words = model, words
        self._read = model.read([comment])
        self.shares = dict(zip(model.topics, self._read.probabilities[0].tolist(), strict=True))
        self.margins = dict(zip(model.topics, self._read.scores[0].tolist(), strict=True))
        bags, outputs = self._read.bags, parameters.weights.shape[1]
        divisor = float(bags.divisors[0])
        self._rows = model.bag.table[bags.rows, :outputs].astype(float) / divisor
        tokens = token_spans(words.plain, comment.tokens)
        self._spans = [
            spans_of_places([place], tokens, bags.phrases.get(0, ()))[0]
            for place in range(len(self._rows) if tokens else 0)
        ]
        self._tags = _tags_of_rows(model, taxonomy, comment.tokens)
        place = {name: place for place, name in enumerate(parameters.names)}
        self._by_tag = {}
        for tag in {tag for tags in self._tags for tag in tags}:
            at = [place[name] for name in tag_names([tag], comment.kind) if name in place]
            self._by_tag[tag] = parameters.weights[at].astype(float).sum(axis=0) / divisor

    def levels(self, level: Level) -> Levels:
        """The five levels, and what speaks for one of them."""
        rated = self._words.comment.rating > 0
        return Levels(
            probabilities=_by_level(self._read.levels[0]),
            without_rating=_by_level(self._read.unrated[0]) if rated else None,
            score=self._of_levels([1.0 if other == level else -0.25 for other in Level]),
            tone=self._of_levels([0.5, 0.5, 0.0, -0.5, -0.5]),
        )

    def of_topic(self, name: str) -> Score:
        """The score of a topic."""
        direction = np.zeros(self._rows.shape[1])
        direction[self._model.topics.index(name)] = 1
        return self._score(direction)

    def threshold(self, name: str) -> float:
        """The probability at a topic's threshold."""
        parameters, place = self._model.parameters, self._model.topics.index(name)
        slope, shift = parameters.calibration[place].tolist()
        return float(1 / (1 + np.exp(-(float(parameters.thresholds[place]) * slope + shift))))

    def _of_levels(self, levels: list[float]) -> Score:
        direction = np.zeros(self._rows.shape[1])
        first = len(self._model.topics)
        direction[first : first + 2 * len(levels)] = [*levels, *levels]
        return self._score(direction / 2)

    def _score(self, direction: NDArray[Any]) -> Score:
        parameters = self._model.parameters
        beside = context_of([self._words.comment])[0] * (parameters.context_weights @ direction)
        context = {name: float(beside[columns].sum()) for name, columns in _CONTEXT.items()}
        intercept = float(parameters.intercepts @ direction)
        rows = self._rows @ direction
        parts = self._parts(rows, direction)
        shown = (
            *[part for part in parts if part.value > 0][:_MOST_PARTS],
            *[part for part in parts if part.value < 0][-_MOST_PARTS:],
        )
        return Score(
            score=_rounded(rows.sum() + sum(context.values()) + intercept),
            words=shown,
            other_words=_rounded(rows.sum() - sum(part.value for part in shown)),
            intercept=_rounded(intercept),
            **{name: _rounded(value) for name, value in context.items()},
        )

    def _parts(self, rows: NDArray[Any], direction: NDArray[Any]) -> list[Part]:
        """By the words they stand at, from the largest to the smallest."""
        values: dict[str, float] = defaultdict(float)
        spans: dict[str, set[Span]] = defaultdict(set)
        phrases: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        by_tag = {tag: float(weights @ direction) for tag, weights in self._by_tag.items()}
        # A text without words has a row and no place for it.
        for span, value, tags in zip(self._spans, rows, self._tags, strict=bool(self._spans)):
            words = lowered(self._words.text[slice(*span)])
            values[words] += value
            spans[words].add(span)
            for tag in tags:
                phrases[words][f"{_TAGS[tag[0]]}{tag[1:]}"] += by_tag[tag]
        parts = []
        for words, value in values.items():
            places = tuple(sorted(spans[words]))
            of_phrases = {name: _rounded(part) for name, part in phrases[words].items()}
            text = self._words.text[slice(*places[0])]
            parts.append(Part(text, places, _rounded(value), of_phrases))
        return sorted(parts, key=lambda part: -part.value)


def _tags_of_rows(model: TextModel, taxonomy: Taxonomy, tokens: Sequence[str]) -> list[list[str]]:
    """The set phrases of the model that each row holds, the rows in ``BagReader``'s order."""
    others: Mapping[str, Sequence[str]] = {n: taxonomy.topics[n].terms for n in model.bag.groups}
    terms = Terms(tagged(model.card.terms, model.card.phrases, others))
    rows = [terms.of_word(token) for token in tokens]
    longer = []
    for place, two in enumerate(pairwise((BEGIN, *tokens, END))):
        found = terms.of_pair(*two)
        rows.append([phrase.group for phrase in found if not phrase.rest])
        longer += [
            [phrase.group]
            for phrase in found
            if phrase.rest and follows(tokens, place + 1, phrase.rest)
        ]
    return [[tag for tag in tags if tag[0] != "x"] for tags in (*rows, *longer)]


def _by_level(shares: NDArray[Any]) -> dict[str, float]:
    return {level.value: _rounded(share) for level, share in zip(Level, shares, strict=True)}


def _places(text: str, spans: Iterable[Span]) -> tuple[Place, ...]:
    return tuple(Place(*_cut(text, span)) for span in spans)


def _cut(text: str, span: tuple[int, int]) -> tuple[str, int, int]:
    return text[span[0] : span[1]], *span


def _rounded(number: float) -> float:
    return round(float(number), 6)
