"""All that is found in a comment, by the stages in their order. Pure.

Redaction comes first: no other stage sees personal data that it could find.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np

from pipeline.stages.classify_topics import Grouping, Taxonomy, TopicClassifier
from pipeline.stages.detect_language import LanguageDetector
from pipeline.stages.evidence import MAX_SPANS, find_strongest, merge_adjacent, places_to_spans
from pipeline.stages.flag_urgent import UrgencyFlagger
from pipeline.stages.parameters import DEFAULT
from pipeline.stages.questions import classify_question
from pipeline.stages.redact import Redactor
from pipeline.stages.redact_fields import FieldRedactor
from pipeline.stages.score_sentiment import (
    LEVELS,
    SCORED_LANGUAGES,
    SentimentPrediction,
    get_rating,
    is_scored,
    predict_sentiment,
    sentiment_from_model,
    sentiment_from_thresholds,
    unscored_sentiment,
)
from pipeline.stages.text_model import MIN_BEST_PROBABILITY, Comment, Predictions, TextModel
from pipeline.stages.tokens import blank_placeholders, token_spans, tokenize
from pipeline.stages.urgency_rules import UrgencyRules
from pipeline.stages.vader import Scores, Vader
from schemas.feedback import Feedback, Language, Operation, Sentiment, Span


class Words(NamedTuple):
    """A comment after redaction, as the stages read it."""

    text: str
    plain: str
    """The same length, spaces where a value was hidden."""
    redactions: dict[str, int]
    language: Language
    comment: Comment
    """Without VADER's scores where the language is not scored."""
    is_scored: bool


class Understanding:
    """The stages, loaded once. One thread at a time."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        urgency: UrgencyRules,
        redactor: Redactor,
        model: TextModel | None,
    ) -> None:
        """Without a model, topics come from the taxonomy's terms and the label from VADER."""
        self.redactor = redactor
        self.detector = LanguageDetector()
        self.vader = Vader()
        self.flagger = UrgencyFlagger(urgency)
        self.model = model
        self.taxonomy = taxonomy
        self._grouping = Grouping(taxonomy)
        self._terms = TopicClassifier(taxonomy.groups()) if model is None else None
        self._beside = FieldRedactor(redactor)
        # The model may know a topic that an edited taxonomy no longer has.
        self._kept = [name in taxonomy.topics for name in model.topics] if model else []
        self._has_levels = model is not None and model.has_levels
        method = f"{self.vader.version}-thresholds"
        if model is not None and model.has_levels:
            method = model.version
        self._method = method
        self._not_scored = unscored_sentiment(method)
        self.versions = {
            "redaction": redactor.version,
            "language": self.detector.version,
            "vader": self.vader.version,
            "sentiment": method,
            "topics": model.version if model else f"{taxonomy.fingerprint}-terms",
            "taxonomy": taxonomy.fingerprint,
            "urgency": self.flagger.version,
        }

    @classmethod
    def load(
        cls,
        *,
        taxonomy: Path | None = None,
        model: Path | None = None,
        urgency: Path | None = None,
        redactor: Redactor | None = None,
    ) -> Self:
        """Read the data files; None for those in the package.

        The model in the package is used for the taxonomy it was trained for, or one of the same
        name. Raises ``OSError``, ``tomllib.TOMLDecodeError``, ``ValueError`` or
        ``pydantic.ValidationError``.
        """
        topics = Taxonomy.load(taxonomy)
        trained = None
        if model is not None or topics.name == DEFAULT.name:
            trained = TextModel.load(model, topics.groups())
            if trained.card.name != topics.name:
                raise ValueError(
                    f"the model was trained for the taxonomy {trained.card.name}, not {topics.name}"
                )
        return cls(topics, UrgencyRules.load(urgency), redactor or Redactor(), trained)

    def warm_up(self) -> None:
        """Make ready what is else made when first needed, for who reads millions of comments."""
        self.flagger.warm_up()

    def read(self, records: Sequence[Feedback]) -> list[dict[str, Any]]:
        """What is found in each record, by the names of ``EnrichedFeedback``'s fields."""
        words = self.words(records)
        if self.model is None:
            return [self._by_terms(r, w) for r, w in zip(records, words, strict=True)]
        predictions = self.model.read([word.comment for word in words])
        return self._by_model(records, words, predictions)

    def words(self, records: Sequence[Feedback]) -> list[Words]:
        """Redact, detect the language, and split into words."""
        redact = self.redactor.redact
        redacted = [redact(record.text) for record in records]
        plain = [blank_placeholders(one.text) if "[" in one.text else one.text for one in redacted]
        languages = self.detector.detect_all(plain)
        score = self.vader.score_comment
        words = []
        for record, one, text, language in zip(records, redacted, plain, languages, strict=True):
            scored = is_scored(text, language)
            # The model knows English words: it is shown none of another language.
            comment = Comment(
                tokenize(text) if language.code in SCORED_LANGUAGES else [],
                classify_question(record.question),
                get_rating(record),
                score(text) if scored else _NO_SCORES,
            )
            words.append(Words(one.text, text, dict(one.counts), language, comment, scored))
        return words

    def _by_terms(self, record: Feedback, words: Words) -> dict[str, Any]:
        assert self._terms is not None  # noqa: S101 - for the type checker
        tokens = tokenize(words.plain)
        topics = self._terms.classify(tokens)
        places = self._terms.evidence(tokens, token_spans(words.plain, tokens), topics)
        sentiment = self._sentiment(words, None)
        evidence = {f"topic:{t}": merge_adjacent(found[:MAX_SPANS]) for t, found in places.items()}
        return self._fields(record, words, sentiment, topics, {}, evidence)

    def _sentiment(self, words: Words, judgement: SentimentPrediction | None) -> Sentiment:
        if not words.is_scored:
            return self._not_scored
        if judgement is None or not self._has_levels:
            return sentiment_from_thresholds(words.comment.vader, self._method)
        return sentiment_from_model(
            words.comment.vader, self._method, judgement, words.comment.rating
        )

    def _by_model(
        self, records: Sequence[Feedback], words: Sequence[Words], found: Predictions
    ) -> list[dict[str, Any]]:
        assert self.model is not None  # noqa: S101 - for the type checker
        given = self._topics(words, found)
        sentiments = [
            self._sentiment(word, judgement)
            for word, judgement in zip(
                words, predict_sentiment(found.levels, found.unrated), strict=True
            )
        ]
        evidence = self._evidence(words, given, sentiments, found)
        return [
            self._fields(
                record,
                word,
                sentiment,
                tuple(sorted(topics)),
                {name: share for name, (_, share) in topics.items() if share is not None},
                spans,
            )
            for record, word, sentiment, topics, spans in zip(
                records, words, sentiments, given, evidence, strict=True
            )
        ]

    def _topics(
        self, words: Sequence[Words], found: Predictions
    ) -> list[dict[str, tuple[int, float | None]]]:
        """Of each comment the topics, with their column of the table and their probability."""
        assert self.model is not None  # noqa: S101 - for the type checker
        names, groups = self.model.topics, self.model.bag.groups
        given: list[dict[str, tuple[int, float | None]]] = [{} for _ in words]
        scores = np.where(self._kept, found.scores, -np.inf)
        over = scores >= 0
        shares = found.probabilities.astype(float).round(3).tolist()
        for comment, topic in zip(*map(_listed, over.nonzero()), strict=True):
            given[comment][names[topic]] = (topic, shares[comment][topic])
        for comment, group in zip(*map(_listed, found.hits.nonzero()), strict=True):
            given[comment][groups[group]] = (self.model.bag.first_group + group, None)
        if names:
            best = scores.argmax(axis=1).tolist()
            for comment, topics in enumerate(given):
                share = shares[comment][best[comment]]
                is_likely = share >= MIN_BEST_PROBABILITY and self._kept[best[comment]]
                if not topics and is_likely and words[comment].is_scored:
                    topics[names[best[comment]]] = (best[comment], share)
        return [
            topics if word.comment.tokens else {} for topics, word in zip(given, words, strict=True)
        ]

    def _evidence(
        self,
        words: Sequence[Words],
        given: Sequence[dict[str, tuple[int, float | None]]],
        sentiments: Sequence[Sentiment],
        found: Predictions,
    ) -> list[dict[str, tuple[Span, ...]]]:
        assert self.model is not None  # noqa: S101 - for the type checker
        comments: list[int] = []
        columns: list[int] = []
        names: list[str] = []
        first_level = len(self.model.topics)
        for comment, (topics, sentiment) in enumerate(zip(given, sentiments, strict=True)):
            if sentiment.level is not None:
                comments.append(comment)
                columns.append(first_level + _PLACE_OF_LEVEL[sentiment.level])
                names.append("sentiment")
            for topic, (column, _) in topics.items():
                comments.append(comment)
                columns.append(column)
                names.append(f"topic:{topic}")
        table = self.model.bag.table
        places = find_strongest(found.bags, table, comments, columns)
        evidence: list[dict[str, tuple[Span, ...]]] = [{} for _ in words]
        spans: list[Span] = []
        current = -1
        for comment, name, where in zip(comments, names, places, strict=True):
            if not where:
                continue
            if comment != current:
                word, current = words[comment], comment
                spans = token_spans(word.plain, word.comment.tokens)
            phrases = found.bags.phrases.get(comment, ())
            evidence[comment][name] = places_to_spans(where, spans, phrases)
        return evidence

    def _fields(
        self,
        record: Feedback,
        words: Words,
        sentiment: Sentiment,
        topics: tuple[str, ...],
        probabilities: dict[str, float],
        evidence: dict[str, tuple[Span, ...]],
    ) -> dict[str, Any]:
        themes, interactions, priority = self._grouping.group(topics)
        urgent = () if record.operation is Operation.DELETE else self.flagger.flag(words.plain)
        for finding in urgent:
            evidence[f"urgent:{finding.reason}"] = finding.spans
        redactions = words.redactions
        fields: dict[str, Any] = {
            "text": words.text,
            "detected_language": words.language,
            "sentiment": sentiment,
            "topics": topics,
            "themes": themes,
            "topic_probabilities": probabilities,
            "interactions": interactions,
            "priority": priority,
            "urgent": bool(urgent),
            "urgent_reasons": tuple(finding.reason for finding in urgent),
            "redactions": redactions,
            "evidence": evidence,
        }
        fields |= self._beside.redact(record, redactions)
        return fields


_NO_SCORES: Final = Scores(0.0, 0.0, 0.0, 0.0)
_PLACE_OF_LEVEL: Final = {level: place for place, level in enumerate(LEVELS)}


def _listed(places: Any) -> list[int]:
    listed: list[int] = places.tolist()
    return listed
