"""The message of a dead letter, with the headers by which Kafka Connect names errors."""

from __future__ import annotations

from datetime import datetime

from connectors._outbox import Message
from schemas.cloud_events import Headers, cloud_event_headers
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD


def dead_letter_message(
    *,
    stage: str,
    origin: str,
    reason: str,
    payload: bytes,
    error: str,
    source: str,
    failed_at: datetime,
) -> Message:
    """Bury one item: ``reason`` without personal values, ``payload`` as it came."""
    letter = DeadLetter.bury(
        stage=stage,
        origin=origin,
        reason=reason,
        payload=payload,
        error=error,
        source=source,
        failed_at=failed_at,
    )
    headers = _error_headers(letter) + cloud_event_headers(
        event_id=letter.dead_letter_id, source=source, event_type=DEAD.ce_type, time=failed_at
    )
    return Message(DEAD.name, letter.dead_letter_id.encode(), letter.to_payload(), headers)


def _error_headers(letter: DeadLetter) -> Headers:
    # No .topic, .partition and .offset: what a connector refuses was on no Kafka topic yet.
    return [
        ("__connect.errors.stage", letter.stage.encode()),
        ("__connect.errors.exception.class.name", letter.error.encode()),
        ("__connect.errors.exception.message", letter.reason.encode()),
        ("x-dlq-attempt", str(letter.attempt).encode()),
        ("x-dlq-first-failed-at", letter.failed_at.isoformat().encode()),
    ]
