"""Cursors on a compacted Kafka topic: the latest of a key is where its connector goes on."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from connectors.runtime.kafka import latest_values
from connectors.runtime.outbox import Message
from schemas.cloud_events import cloud_event_headers
from schemas.cursor import Cursor
from schemas.kafka_topics import CURSORS
from schemas.record import deterministic_id


def load_cursor(bootstrap_servers: str, source: str, instance: str) -> Cursor | None:
    """The latest cursor of a connector's instance; None where it never stored one.

    Raises ``Retry``.
    """
    return load_cursors(bootstrap_servers).get((source, instance))


def load_cursors(bootstrap_servers: str) -> dict[tuple[str, str], Cursor]:
    """The latest cursors by source and instance. Raises ``Retry``."""
    found = {}
    for payload in latest_values(bootstrap_servers, CURSORS).values():
        try:
            cursor = Cursor.from_payload(payload)
        except ValidationError:
            continue  # a cursor that can't be read costs a repetition, which every id bears
        found[cursor.source, cursor.instance] = cursor
    return found


def cursor_message(source: str, instance: str, position: str) -> Message:
    """What stores a cursor once the broker acknowledges it."""
    now = datetime.now(UTC)
    cursor = Cursor(source=source, instance=instance, position=position, stored_at=now)
    headers = cloud_event_headers(
        event_id=deterministic_id(source, instance, position),
        source=source,
        event_type=CURSORS.ce_type,
        time=now,
    )
    return Message(CURSORS.name, _key(source, instance), cursor.to_payload(), headers)


def _key(source: str, instance: str) -> bytes:
    return f"{source}/{instance}".encode()
