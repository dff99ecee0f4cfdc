"""The stages in their order: raw payloads in, enriched records and refusals out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from pipeline.stages.classify_topics import Taxonomy, TopicClassifier
from pipeline.stages.detect_language import LanguageDetector
from pipeline.stages.score_sentiment import SentimentScorer
from schemas.feedback import EnrichedFeedback, Feedback


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payload of the batch that can't succeed: its index, why, and the error's class."""

    index: int
    reason: str
    error: str


class Enrichment:
    """All stages, loaded once; safe to call from one thread at a time."""

    def __init__(self, taxonomy: Path | None = None) -> None:
        self._language = LanguageDetector()
        self._sentiment = SentimentScorer()
        self._topics = TopicClassifier(Taxonomy.load(taxonomy))
        self.versions = {
            "language": self._language.version,
            "sentiment": self._sentiment.version,
            "topics": self._topics.version,
        }

    def enrich(self, record: Feedback, *, at: datetime) -> EnrichedFeedback:
        """One record through all stages; ``at`` becomes ``enriched_at``."""
        language = self._language.detect(record.text)
        topics = self._topics.classify(record.text)
        # The parts are validated or our own: validating the whole again would cost more than
        # a stage.
        return EnrichedFeedback.trusted(
            {
                **record.__dict__,
                "enriched_at": at,
                "detected_language": language,
                "sentiment": self._sentiment.score(record.text, language),
                "topics": topics,
                "themes": self._topics.themes_of(topics),
                "versions": self.versions,
            }
        )

    def enrich_payloads(
        self, payloads: Sequence[bytes | None]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Refusal]]:
        """A batch of raw payloads: (index, record) of what could be read, and the refusals.

        A payload that makes a stage fail is refused like one that can't be read; the others of
        the batch go on.
        """
        at = datetime.now(UTC)
        enriched: list[tuple[int, EnrichedFeedback]] = []
        refusals: list[Refusal] = []
        for index, payload in enumerate(payloads):
            try:
                enriched.append((index, self.enrich(read_feedback(payload), at=at)))
            except UnreadablePayload as error:
                refusals.append(Refusal(index, str(error), error.kind))
            except Exception as error:  # a stage's fault must not stop the stream
                kind = type(error).__name__
                refusals.append(Refusal(index, f"enriching feedback: {kind}", kind))
        return enriched, refusals


class UnreadablePayload(ValueError):
    """A payload that is no record; the message names fields and rules, never values."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_feedback(payload: bytes | None) -> Feedback:
    """Read a raw payload; raises :class:`UnreadablePayload`."""
    if payload is None:
        raise UnreadablePayload("reading feedback: the message has no value", "NoValue")
    try:
        return Feedback.from_payload(payload)
    except ValidationError as error:
        # Pydantic's own text repeats the input, which is what people wrote.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "payload"
        raise UnreadablePayload(
            f"reading feedback: {place}: {first['msg']}", "ValidationError"
        ) from None
