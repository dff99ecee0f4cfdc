"""Cursors on a compacted Kafka topic: a connector resumes from the latest one of its key."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from connectors.runtime.ports import Broker
from schemas.cloud_events import cloud_event_headers
from schemas.cursor import Cursor
from schemas.kafka_topics import CURSORS
from schemas.message import Message
from schemas.record import deterministic_id


def load_cursor(broker: Broker, source: str, instance: str) -> Cursor | None:
    """Return the latest cursor of an instance, or None if it never stored one; raises ``Retry``."""
    return load_cursors(broker).get((source, instance))


def load_cursors(broker: Broker) -> dict[tuple[str, str], Cursor]:
    """Return the latest cursors by source and instance; raises ``Retry``."""
    cursors = {}
    for payload in broker.latest_values(CURSORS).values():
        try:
            cursor = Cursor.from_payload(payload)
        except ValidationError:
            continue  # an unreadable cursor only costs a repetition, which the ids make harmless
        cursors[cursor.source, cursor.instance] = cursor
    return cursors


def cursor_message(source: str, instance: str, position: str) -> Message:
    """Return the message that stores a cursor."""
    now = datetime.now(UTC)
    cursor = Cursor(source=source, instance=instance, position=position, stored_at=now)
    headers = cloud_event_headers(
        event_id=deterministic_id(source, instance, position),
        source=source,
        event_type=CURSORS.ce_type,
        time=now,
    )
    return Message(CURSORS, _key(source, instance), cursor.to_payload(), headers)


def _key(source: str, instance: str) -> bytes:
    return f"{source}/{instance}".encode()
