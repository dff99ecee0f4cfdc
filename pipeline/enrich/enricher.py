"""The stages in their order: raw payloads in, enriched records and refusals out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from pipeline.enrich.analyzer import Understanding
from schemas.feedback import EnrichedFeedback, Feedback
from schemas.validation import first_fault


@dataclass(frozen=True, slots=True)
class Refusal:
    """A payload of the batch that can't succeed: its index, why, and the error's class."""

    index: int
    reason: str
    error: str


class Enrichment:
    """All stages, loaded once; safe to call from one thread at a time."""

    def __init__(self, understanding: Understanding | None = None) -> None:
        """None: the understanding in the package."""
        self._understanding = understanding or Understanding.load()
        self.versions = self._understanding.versions

    def enrich(self, record: Feedback, *, at: datetime) -> EnrichedFeedback:
        """One record through all stages; ``at`` becomes ``enriched_at``."""
        return self.enrich_all([record], at=at)[0]

    def enrich_all(self, records: Sequence[Feedback], *, at: datetime) -> list[EnrichedFeedback]:
        """A batch through all stages."""
        read = self._understanding.read(records)
        # The parts are validated or our own: validating the whole again would cost more than
        # a stage.
        return [
            EnrichedFeedback.construct_unchecked(
                {**record.__dict__, "enriched_at": at, **found, "versions": self.versions}
            )
            for record, found in zip(records, read, strict=True)
        ]

    def enrich_payloads(
        self, payloads: Sequence[bytes | None]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Refusal]]:
        """A batch of raw payloads: (index, record) of what could be read, and the refusals.

        A payload that makes a stage fail is refused like one that can't be read; the others of
        the batch go on.
        """
        at = datetime.now(UTC)
        refusals: list[Refusal] = []
        records: list[tuple[int, Feedback]] = []
        for index, payload in enumerate(payloads):
            try:
                records.append((index, read_feedback(payload)))
            except UnreadablePayload as error:
                refusals.append(Refusal(index, str(error), error.kind))
        try:
            enriched = self.enrich_all([record for _, record in records], at=at)
        except Exception:  # a stage's fault must not stop the stream: find whose it is
            return self._one_by_one(records, at, refusals)
        return [(i, e) for (i, _), e in zip(records, enriched, strict=True)], refusals

    def _one_by_one(
        self, records: Sequence[tuple[int, Feedback]], at: datetime, refusals: list[Refusal]
    ) -> tuple[list[tuple[int, EnrichedFeedback]], list[Refusal]]:
        enriched: list[tuple[int, EnrichedFeedback]] = []
        for index, record in records:
            try:
                enriched.append((index, self.enrich(record, at=at)))
            except Exception as error:
                kind = type(error).__name__
                refusals.append(Refusal(index, f"enriching feedback: {kind}", kind))
        return enriched, sorted(refusals, key=lambda refusal: refusal.index)


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
        fault = first_fault(error)
        raise UnreadablePayload(
            f"reading feedback: {fault.place or 'payload'}: {fault.message}", "ValidationError"
        ) from None
