"""Explanation of one comment's label, topics and flags, for `feedback explain`. Pure.

The words' contributions are exact for each part of the model; a comment's probabilities are those
of its sentences, pooled and judged, in surveys with question and rating.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from numpy.typing import NDArray

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.contributions import Contributions, Score, round_number
from pipeline.enrich.redacted_comment import RedactedComment
from pipeline.enrich.scorer import ScoringAnalyzer
from pipeline.stages.classify_topics import Taxonomy
from pipeline.stages.questions import classify_question
from pipeline.stages.score_sentiment import LABELS, MEASURES, label_shares
from pipeline.stages.sentences import Role
from pipeline.stages.tokens import DENIED, token_spans
from schemas.feedback import Feedback, Language, Level, Sentiment, Span, TopicSentiment

_MAX_NEXT_TOPICS: Final = 3


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
class Tone:
    """The label of a passage, with its probability, and the words that speak for it."""

    label: str
    probability: float
    evidence: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence(Place):
    """A sentence or a clause of a contrast, as the model read it.

    ``role`` is ``plain``, ``conceded``, ``decisive`` or ``aside``; what was set aside has no tone.
    ``denied`` are the words in the scope of a negator or a wish.
    """

    role: str
    denied: tuple[str, ...]
    tone: Tone | None


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
    tone: Tone | None = None
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
    sentences: tuple[Sentence, ...]
    vader_words: tuple[Word, ...]
    levels: dict[str, float] | None
    levels_without_rating: dict[str, float] | None
    level_score: Score | None
    tone: Score | None
    topics: tuple[TopicFound, ...]
    next_topics: tuple[TopicFound, ...]
    urgent: dict[str, tuple[Place, ...]]
    maybe_urgent: dict[str, tuple[Place, ...]]
    versions: dict[str, str]


def explain(analyzer: CommentAnalyzer, record: Feedback) -> Explanation:
    """Explain the findings in one comment.

    As JSON its keys are the fields' names, here and above. ``text`` is the redacted text; every
    ``start`` and ``end``, and every pair of ``spans``, counts its characters from 0, half open, and
    the ``text`` next to them repeats these characters, of the first of ``spans``. ``hidden``
    holds the types, each with its placeholders, ``urgent`` and ``maybe_urgent`` the reasons, each
    with its evidence; ``rating`` is ``measure``, ``value``, ``worst``, ``best`` and ``level``, 1 to
    5. ``sentiment`` is as on the enriched record, with VADER's scores. ``next_topics`` are the
    likeliest others.

    ``levels`` are the probabilities of all five, and without the rating those of the text alone.
    ``level_score`` is the likeliest level's score minus the mean of the other four's, ``tone`` the
    mean score of the two positive levels minus that of the two negative ones; these are null if
    nothing is scored and without a model. Scores are in log odds, of the whole comment before its
    ``sentences`` are pooled. Words share a divisor that grows with their number: the parts are
    exact, for this comment only.
    """
    findings, comment = analyzer.analyze([record])[0], analyzer.preprocess([record])[0]
    text, rating, sentiment = comment.text, comment.features.rating, findings["sentiment"]
    is_scored = comment.not_scored is None
    sums = Contributions(analyzer.model, comment) if analyzer.model and is_scored else None
    judge = None if isinstance(analyzer, ScoringAnalyzer) else sums
    weights = [1.0 if level == sentiment.level else -0.25 for level in Level]
    topics, next_topics = _topics(analyzer.taxonomy, findings, comment, sums)
    hidden = {kind: re.finditer(rf"\[{kind.upper()}\]", text) for kind in comment.redactions}
    valences = analyzer.vader.parts_comment(comment.plain) if is_scored else ()
    return Explanation(
        text=text,
        question=findings.get("question"),
        question_kind=classify_question(record.question).name.lower(),
        rating=_rating(record, rating),
        hidden={kind: _places(text, (m.span() for m in at)) for kind, at in hidden.items()},
        language=comment.language,
        sentiment=sentiment,
        sentences=_sentences(comment, judge) if judge else (),
        vader_words=tuple(Word(text[a:b], a, b, round_number(value)) for a, b, value in valences),
        levels=_by_level(judge.read.levels) if judge else None,
        levels_without_rating=_by_level(judge.read.unrated) if judge and rating else None,
        level_score=judge.of_levels(weights) if judge else None,
        tone=judge.of_levels([0.5, 0.5, 0.0, -0.5, -0.5]) if judge else None,
        topics=topics,
        next_topics=next_topics,
        urgent=_reasons(text, findings, "urgent"),
        maybe_urgent=_reasons(text, findings, "maybe_urgent"),
        versions=analyzer.versions,
    )


def _reasons(text: str, findings: dict[str, Any], level: str) -> dict[str, tuple[Place, ...]]:
    evidence = findings["evidence"]
    return {
        name: _places(text, evidence.get(f"{level}:{name}", ()))
        for name in findings[f"{level}_reasons"]
    }


def _rating(record: Feedback, level: int) -> dict[str, Any] | None:
    for name in MEASURES:
        measure = getattr(record, name)
        if measure is not None and measure.score is not None:
            return {"measure": name, **measure.model_dump(), "level": level}
    return None


def _topics(
    taxonomy: Taxonomy,
    findings: dict[str, Any],
    comment: RedactedComment,
    sums: Contributions | None,
) -> tuple[tuple[TopicFound, ...], tuple[TopicFound, ...]]:
    """Return the topics assigned, and the next ones; the likeliest first."""
    shares = sums.shares if sums and comment.features.reading.tokens else {}
    assigned = sorted(findings["topics"], key=lambda name: (-shares.get(name, 0.0), name))
    rest = sorted(shares.keys() - set(assigned), key=lambda name: (-shares[name], name))
    evidence = findings["evidence"]
    tones = {tone.topic: tone for tone in findings["topic_sentiments"]}
    places = {n: _places(comment.text, evidence.get(f"topic:{n}", ())) for n in assigned}
    return (
        tuple(
            replace(
                _topic(taxonomy, n, places[n], sums if n in shares else None),
                tone=_tone(comment.text, tones.get(n)),
            )
            for n in assigned
        ),
        tuple(_topic(taxonomy, n, None, sums) for n in rest[:_MAX_NEXT_TOPICS]),
    )


def _topic(
    taxonomy: Taxonomy, name: str, evidence: tuple[Place, ...] | None, sums: Contributions | None
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


def _tone(text: str, tone: TopicSentiment | None) -> Tone | None:
    if tone is None:
        return None
    return Tone(tone.label, tone.probability, _places(text, tone.evidence))


def _sentences(comment: RedactedComment, sums: Contributions) -> tuple[Sentence, ...]:
    reading, text = comment.features.reading, comment.text
    spans = token_spans(comment.plain, reading.tokens)
    labels = label_shares(sums.read.segments)
    sentences, begin = [], 0
    for end, role, shares in zip(reading.ends, reading.roles, labels, strict=True):
        if end > begin:
            start, stop = spans[begin][0], spans[end - 1][1]
            denied = tuple(t[1:] for t in reading.tokens[begin:end] if t[0] == DENIED)
            tone = Tone(LABELS[shares.argmax()], round_number(shares.max()))
            is_aside = role == Role.ASIDE
            name = Role(role).name.lower()
            passage = text[start:stop]
            sentences.append(
                Sentence(passage, start, stop, name, denied, None if is_aside else tone)
            )
        begin = end
    return tuple(sentences)


def _by_level(shares: NDArray[Any]) -> dict[str, float]:
    return {level.value: round_number(share) for level, share in zip(Level, shares[0], strict=True)}


def _places(text: str, spans: Iterable[Span]) -> tuple[Place, ...]:
    return tuple(Place(text[start:end], start, end) for start, end in spans)
