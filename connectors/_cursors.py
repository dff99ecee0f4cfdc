"""Cursors on a compacted Kafka topic: the latest of a key is where its connector goes on."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from connectors._kafka import open_consumer, partitions_of, read_between
from connectors._outbox import Message
from schemas.cloud_events import cloud_event_headers
from schemas.cursor import Cursor
from schemas.kafka_topics import CURSORS


def load_cursor(bootstrap_servers: str, source: str, instance: str) -> Cursor | None:
    """The latest cursor of a connector's instance; None where it never stored one.

    Reads the whole Kafka topic, which compaction keeps short. Raises ``Retry``.
    """
    consumer = open_consumer(bootstrap_servers)
    try:
        partitions = partitions_of(consumer, CURSORS.name)
        if not partitions:
            return None
        key = _key(source, instance)
        start = consumer.beginning_offsets(partitions)
        latest: bytes | None = None
        for record in read_between(consumer, start, consumer.end_offsets(partitions)):
            if record.key == key:
                latest = record.value
    finally:
        consumer.close()
    try:
        return None if not latest else Cursor.from_payload(latest)
    except ValidationError:
        return None  # a cursor that can't be read costs a repetition, which every id bears


def cursor_message(source: str, instance: str, position: str) -> Message:
    """What stores a cursor once the broker acknowledges it."""
    now = datetime.now(UTC)
    cursor = Cursor(source=source, instance=instance, position=position, stored_at=now)
    headers = cloud_event_headers(
        event_id=f"{source}/{instance}@{position}",
        source=source,
        event_type=CURSORS.ce_type,
        time=now,
    )
    return Message(CURSORS.name, _key(source, instance), cursor.to_payload(), headers)


def _key(source: str, instance: str) -> bytes:
    return f"{source}/{instance}".encode()
