"""The message of a dead letter, with the headers by which Kafka Connect names errors."""

from __future__ import annotations

from datetime import datetime

from schemas.cloud_events import dead_letter_headers
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD
from schemas.message import Message


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
    letter = DeadLetter.create(
        stage=stage,
        origin=origin,
        reason=reason,
        payload=payload,
        error=error,
        source=source,
        failed_at=failed_at,
    )
    headers = dead_letter_headers(letter, DEAD.ce_type)
    return Message(DEAD, letter.dead_letter_id.encode(), letter.to_payload(), headers)
