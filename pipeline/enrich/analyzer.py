"""Analysis of a comment by all stages in their order. Pure.

Redaction comes first: no other stage sees personal data that it could find.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from pipeline.enrich.model_findings import Findings, ModelFinder
from pipeline.enrich.redacted_comment import RedactedComment
from pipeline.stages.batch import Comment
from pipeline.stages.classify_topics import Grouping, Taxonomy, TopicClassifier
from pipeline.stages.detect_language import LanguageDetector, find_refusal
from pipeline.stages.evidence import MAX_SPANS, merge_adjacent
from pipeline.stages.questions import classify_question
from pipeline.stages.redact import Redactor
from pipeline.stages.redact_fields import FieldRedactor
from pipeline.stages.score_sentiment import (
    get_rating,
    sentiment_from_thresholds,
    unscored_sentiment,
    why_not_scored,
)
from pipeline.stages.sentences import EMPTY, cut_asides, read_sentences
from pipeline.stages.text_model import TextModel, load_text_model
from pipeline.stages.tokens import blank_placeholders, token_spans, tokenize
from pipeline.stages.triage_urgent import UrgencyTriage, to_fields
from pipeline.stages.urgency_rules import UrgencyRules
from pipeline.stages.vader import Scores, Vader
from schemas.feedback import Feedback


class CommentAnalyzer:
    """The stages, loaded once; for one thread at a time."""

    def __init__(
        self,
        taxonomy: Taxonomy,
        urgency: UrgencyRules,
        redactor: Redactor,
        model: TextModel | None,
        *,
        weak_topics: bool = False,
    ) -> None:
        """Without a model, topics come from the taxonomy's terms and the label from VADER.

        ``weak_topics`` gives those too that the model finds in few comments rightly.
        """
        self.redactor = redactor
        self.detector = LanguageDetector()
        self.vader = Vader()
        self.triage = UrgencyTriage.load(urgency)
        self.model = model
        self.taxonomy = taxonomy
        self._grouping = Grouping(taxonomy)
        self._terms = TopicClassifier(taxonomy.groups()) if model is None else None
        self._field_redactor = FieldRedactor(redactor)
        method = f"{self.vader.version}-thresholds"
        if model is not None and model.has_levels:
            method = model.version
        self._method = method
        self._finder = (
            None if model is None else ModelFinder(model, taxonomy, method, weak_topics=weak_topics)
        )
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
        if self._finder is None:
            return [self._by_terms(r, c) for r, c in zip(records, comments, strict=True)]
        findings = self._finder.find(comments)
        return [self._fields(*of) for of in zip(records, comments, findings, strict=True)]

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
            reason = find_refusal(text, language) or why_not_scored(text)
            # The model knows English words only, and an answer that says nothing has no topic.
            reading = EMPTY if reason else read_sentences(text)
            vader = _NO_SCORES if reason else score(text)
            counted_text = cut_asides(text, reading)
            features = Comment(
                reading,
                classify_question(record.question),
                get_rating(record),
                vader if counted_text is text else score(counted_text),
            )
            comments.append(
                RedactedComment(
                    hidden, text, dict(counts), language, features, vader, reason, urgent
                )
            )
        return comments

    def _by_terms(self, record: Feedback, comment: RedactedComment) -> dict[str, Any]:
        assert self._terms is not None  # noqa: S101 - for the type checker
        tokens = tokenize(comment.plain)
        topics = self._terms.classify(tokens)
        places = self._terms.evidence(tokens, token_spans(comment.plain, tokens), topics)
        if comment.not_scored is None:
            sentiment = sentiment_from_thresholds(comment.vader, self._method)
        else:
            sentiment = unscored_sentiment(self._method, comment.not_scored)
        evidence = {f"topic:{t}": merge_adjacent(spans[:MAX_SPANS]) for t, spans in places.items()}
        return self._fields(record, comment, Findings(sentiment, topics, {}, (), evidence))

    def _fields(
        self,
        record: Feedback,
        comment: RedactedComment,
        found: Findings,
    ) -> dict[str, Any]:
        evidence = found.evidence
        themes, interactions, priority = self._grouping.group(found.topics)
        urgency = to_fields(comment.urgency, evidence)
        redactions = comment.redactions
        fields: dict[str, Any] = {
            "text": comment.text,
            "detected_language": comment.language,
            "sentiment": found.sentiment,
            "topics": found.topics,
            "themes": themes,
            "topic_probabilities": found.probabilities,
            "topic_sentiments": found.topic_sentiments,
            "interactions": interactions,
            "priority": priority,
            **urgency,
            "translation": None,
            "redactions": redactions,
            "evidence": evidence,
        }
        fields |= self._field_redactor.redact(record, redactions)
        return fields


_NO_SCORES: Final = Scores(0.0, 0.0, 0.0, 0.0)
