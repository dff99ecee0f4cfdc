"""Analysis of a comment by all stages in their order. Pure.

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
from pipeline.stages.flag_urgent import UrgencyFindings
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
from pipeline.stages.text_model import (
    MIN_BEST_PROBABILITY,
    Comment,
    Predictions,
    TextModel,
    load_text_model,
)
from pipeline.stages.tokens import blank_placeholders, token_spans, tokenize
from pipeline.stages.triage_urgent import UrgencyTriage, to_fields
from pipeline.stages.urgency_rules import UrgencyRules
from pipeline.stages.vader import Scores, Vader
from schemas.feedback import Feedback, Language, Sentiment, Span


class RedactedComment(NamedTuple):
    """A comment after redaction, as input of the other stages."""

    text: str
    plain: str
    """The same length, with spaces in place of hidden values."""
    redactions: dict[str, int]
    language: Language
    features: Comment
    """Without VADER's scores if the language is not scored."""
    is_scored: bool
    urgency: UrgencyFindings


class CommentAnalyzer:
    """The stages, loaded once; for one thread at a time."""

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
        self.triage = UrgencyTriage.load(urgency)
        self.model = model
        self.taxonomy = taxonomy
        self._grouping = Grouping(taxonomy)
        self._terms = TopicClassifier(taxonomy.groups()) if model is None else None
        self._field_redactor = FieldRedactor(redactor)
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
            "urgency": self.triage.version,
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
        """Read the data files; by default the packaged ones.

        The packaged model is used for the taxonomy it was trained for, or one of the same name.
        Raises ``OSError``, ``tomllib.TOMLDecodeError``, ``ValueError`` or
        ``pydantic.ValidationError``.
        """
        topics = Taxonomy.load(taxonomy)
        trained = load_text_model(model, topics.name, topics.groups())
        return cls(topics, UrgencyRules.load(urgency), redactor or Redactor(), trained)

    def warm_up(self) -> None:
        """Compute ahead what is otherwise computed lazily; worth it for bulk processing."""
        self.triage.warm_up()

    def analyze(self, records: Sequence[Feedback]) -> list[dict[str, Any]]:
        """Return the findings of each record, by the names of ``EnrichedFeedback``'s fields."""
        comments = self.preprocess(records)
        if self.model is None:
            return [self._by_terms(r, c) for r, c in zip(records, comments, strict=True)]
        predictions = self.model.read([comment.features for comment in comments])
        return self._by_model(records, comments, predictions)

    def preprocess(self, records: Sequence[Feedback]) -> list[RedactedComment]:
        """Redact, detect the language, and split into words."""
        redact = self.redactor.redact
        redactions = [redact(record.text) for record in records]
        plain = [blank_placeholders(r.text) if "[" in r.text else r.text for r in redactions]
        languages = self.detector.detect_all(plain)
        urgency = self.triage.triage_records(records, plain, languages)
        score = self.vader.score_comment
        comments = []
        for record, (hidden, counts, _), text, language, urgent in zip(
            records, redactions, plain, languages, urgency, strict=True
        ):
            scored = is_scored(text, language)
            # The model knows English words only.
            features = Comment(
                tokenize(text) if language.code in SCORED_LANGUAGES else [],
                classify_question(record.question),
                get_rating(record),
                score(text) if scored else _NO_SCORES,
            )
            comments.append(
                RedactedComment(hidden, text, dict(counts), language, features, scored, urgent)
            )
        return comments

    def _by_terms(self, record: Feedback, comment: RedactedComment) -> dict[str, Any]:
        assert self._terms is not None  # noqa: S101 - for the type checker
        tokens = tokenize(comment.plain)
        topics = self._terms.classify(tokens)
        places = self._terms.evidence(tokens, token_spans(comment.plain, tokens), topics)
        sentiment = self._sentiment(comment, None)
        evidence = {f"topic:{t}": merge_adjacent(spans[:MAX_SPANS]) for t, spans in places.items()}
        return self._fields(record, comment, sentiment, topics, {}, evidence)

    def _sentiment(
        self, comment: RedactedComment, prediction: SentimentPrediction | None
    ) -> Sentiment:
        if not comment.is_scored:
            return self._not_scored
        if prediction is None or not self._has_levels:
            return sentiment_from_thresholds(comment.features.vader, self._method)
        return sentiment_from_model(
            comment.features.vader, self._method, prediction, comment.features.rating
        )

    def _by_model(
        self,
        records: Sequence[Feedback],
        comments: Sequence[RedactedComment],
        predictions: Predictions,
    ) -> list[dict[str, Any]]:
        assert self.model is not None  # noqa: S101 - for the type checker
        assigned = self._topics(comments, predictions)
        sentiments = [
            self._sentiment(comment, prediction)
            for comment, prediction in zip(
                comments, predict_sentiment(predictions.levels, predictions.unrated), strict=True
            )
        ]
        evidence = self._evidence(comments, assigned, sentiments, predictions)
        return [
            self._fields(
                record,
                comment,
                sentiment,
                tuple(sorted(topics)),
                {name: share for name, (_, share) in topics.items() if share is not None},
                spans,
            )
            for record, comment, sentiment, topics, spans in zip(
                records, comments, sentiments, assigned, evidence, strict=True
            )
        ]

    def _topics(
        self, comments: Sequence[RedactedComment], predictions: Predictions
    ) -> list[dict[str, tuple[int, float | None]]]:
        """Return each comment's topics, with their column of the table and probability."""
        assert self.model is not None  # noqa: S101 - for the type checker
        names, groups = self.model.topics, self.model.bag.groups
        assigned: list[dict[str, tuple[int, float | None]]] = [{} for _ in comments]
        scores = np.where(self._kept, predictions.scores, -np.inf)
        over = scores >= 0
        shares = predictions.probabilities.astype(float).round(3).tolist()
        for number, topic in zip(*map(_to_list, over.nonzero()), strict=True):
            assigned[number][names[topic]] = (topic, shares[number][topic])
        for number, group in zip(*map(_to_list, predictions.hits.nonzero()), strict=True):
            assigned[number][groups[group]] = (self.model.bag.first_group + group, None)
        if names:
            best = scores.argmax(axis=1).tolist()
            for number, topics in enumerate(assigned):
                share = shares[number][best[number]]
                is_likely = share >= MIN_BEST_PROBABILITY and self._kept[best[number]]
                if not topics and is_likely and comments[number].is_scored:
                    topics[names[best[number]]] = (best[number], share)
        return [
            topics if comment.features.tokens else {}
            for topics, comment in zip(assigned, comments, strict=True)
        ]

    def _evidence(
        self,
        comments: Sequence[RedactedComment],
        assigned: Sequence[dict[str, tuple[int, float | None]]],
        sentiments: Sequence[Sentiment],
        predictions: Predictions,
    ) -> list[dict[str, tuple[Span, ...]]]:
        assert self.model is not None  # noqa: S101 - for the type checker
        numbers: list[int] = []
        columns: list[int] = []
        names: list[str] = []
        first_level = len(self.model.topics)
        for number, (topics, sentiment) in enumerate(zip(assigned, sentiments, strict=True)):
            if sentiment.level is not None:
                numbers.append(number)
                columns.append(first_level + _LEVEL_INDEX[sentiment.level])
                names.append("sentiment")
            for topic, (column, _) in topics.items():
                numbers.append(number)
                columns.append(column)
                names.append(f"topic:{topic}")
        table = self.model.bag.table
        places = find_strongest(predictions.bags, table, numbers, columns)
        evidence: list[dict[str, tuple[Span, ...]]] = [{} for _ in comments]
        spans: list[Span] = []
        current = -1
        for number, name, where in zip(numbers, names, places, strict=True):
            if not where:
                continue
            if number != current:
                comment, current = comments[number], number
                spans = token_spans(comment.plain, comment.features.tokens)
            phrases = predictions.bags.phrases.get(number, ())
            evidence[number][name] = places_to_spans(where, spans, phrases)
        return evidence

    def _fields(
        self,
        record: Feedback,
        comment: RedactedComment,
        sentiment: Sentiment,
        topics: tuple[str, ...],
        probabilities: dict[str, float],
        evidence: dict[str, tuple[Span, ...]],
    ) -> dict[str, Any]:
        themes, interactions, priority = self._grouping.group(topics)
        urgency = to_fields(comment.urgency, evidence)
        redactions = comment.redactions
        fields: dict[str, Any] = {
            "text": comment.text,
            "detected_language": comment.language,
            "sentiment": sentiment,
            "topics": topics,
            "themes": themes,
            "topic_probabilities": probabilities,
            "interactions": interactions,
            "priority": priority,
            **urgency,
            "redactions": redactions,
            "evidence": evidence,
        }
        fields |= self._field_redactor.redact(record, redactions)
        return fields


_NO_SCORES: Final = Scores(0.0, 0.0, 0.0, 0.0)
_LEVEL_INDEX: Final = {level: place for place, level in enumerate(LEVELS)}


def _to_list(places: Any) -> list[int]:
    indexes: list[int] = places.tolist()
    return indexes
