"""The stages in their order: raw payloads in, enriched records and rejections out.

Pure but for the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.scorer import ScorerFailed
from schemas.feedback import EnrichedFeedback, Feedback
from schemas.validation import first_fault


@dataclass(frozen=True, slots=True)
class Rejection:
    """A payload that cannot succeed: its index in the batch, the reason, and the error's class."""

    index: int
    reason: str
    error: str


class Enricher:
    """All stages, loaded once; safe to call from one thread at a time."""

    def __init__(self, analyzer: CommentAnalyzer | None = None) -> None:
        """Use ``analyzer``; by default the packaged one."""
        self._analyzer = analyzer or CommentAnalyzer.load()
        self.versions = self._analyzer.versions

    def enrich(self, record: Feedback, *, at: datetime) -> EnrichedFeedback:
        """Enrich one record; ``at`` becomes ``enriched_at``."""
        return self.enrich_all([record], at=at)[0]

    def enrich_all(self, records: Sequence[Feedback], *, at: datetime) -> list[EnrichedFeedback]:
        """Enrich a batch."""
        findings = self._analyzer.analyze(records)
        # The parts are validated or our own: validating the whole again would cost more than
        # a stage.
        return [
            EnrichedFeedback.construct_unchecked(
                {**record.__dict__, "enriched_at": at, **fields, "versions": self.versions}
            )
            for record, fields in zip(records, findings, strict=True)
        ]

    def enrich_payloads(
        self, payloads: Sequence[bytes | None]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Rejection]]:
        """Enrich raw payloads; return (index, record) of each success, and the rejections.

        A payload that makes a stage fail is rejected like an invalid one; the rest of the batch is
        enriched.
        """
        at = datetime.now(UTC)
        rejections: list[Rejection] = []
        records: list[tuple[int, Feedback]] = []
        for index, payload in enumerate(payloads):
            try:
                records.append((index, read_feedback(payload)))
            except UnreadablePayload as error:
                rejections.append(Rejection(index, str(error), error.kind))
        try:
            enriched = self.enrich_all([record for _, record in records], at=at)
        except Exception:  # a failing stage must not stop the stream: find the record
            return self._one_by_one(records, at, rejections)
        return [(i, e) for (i, _), e in zip(records, enriched, strict=True)], rejections

    def _one_by_one(
        self, records: Sequence[tuple[int, Feedback]], at: datetime, rejections: list[Rejection]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Rejection]]:
        enriched: list[tuple[int, EnrichedFeedback]] = []
        for index, record in records:
            try:
                enriched.append((index, self.enrich(record, at=at)))
            except Exception as error:
                kind = type(error).__name__
                # Other messages may hold a comment.
                what = str(error) if isinstance(error, ScorerFailed) else kind
                rejections.append(Rejection(index, f"enriching feedback: {what}", kind))
        return enriched, sorted(rejections, key=lambda rejection: rejection.index)


class UnreadablePayload(ValueError):
    """A payload that is not a valid record; the message names fields and rules, never values."""

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_feedback(payload: bytes | None) -> Feedback:
    """Parse a raw payload; raises :class:`UnreadablePayload`."""
    if payload is None:
        raise UnreadablePayload("reading feedback: the message has no value", "NoValue")
    try:
        return Feedback.from_payload(payload)
    except ValidationError as error:
        # Pydantic's own message repeats the input, which may hold personal data.
        fault = first_fault(error)
        raise UnreadablePayload(
            f"reading feedback: {fault.place or 'payload'}: {fault.message}", "ValidationError"
        ) from None
