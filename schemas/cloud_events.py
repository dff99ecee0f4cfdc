"""Headers of Kafka messages: CloudEvents 1.0 in binary mode, so that the value is the bare data.

Dead letters also have Kafka Connect's error headers, which most tools know.
"""

from __future__ import annotations

from datetime import datetime

from schemas.dead_letter import DeadLetter
from schemas.feedback import Feedback

CONTENT_TYPE = b"application/json; charset=utf-8"
_SPEC_VERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", CONTENT_TYPE)

Headers = list[tuple[str, bytes]]


def cloud_event_headers(*, event_id: str, source: str, event_type: str, time: datetime) -> Headers:
    """Return the headers of an event; deduplicate on ``ce_source`` and ``ce_id`` together."""
    return [
        _SPEC_VERSION,
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        ("ce_time", time.isoformat().encode()),
        _CONTENT_TYPE,
    ]


def with_event_type(headers: Headers, event_type: str) -> Headers:
    """Return the headers of the same event as one of another type."""
    changed = ("ce_type", event_type.encode())
    return [changed if header[0] == "ce_type" else header for header in headers]


def feedback_headers(record: Feedback, event_type: str) -> Headers:
    """Return the headers of feedback, raw or enriched: each revision is a separate event.

    A revision that was published before its translation is another event with it.
    """
    translated = ".translated" if getattr(record, "translation", None) is not None else ""
    return cloud_event_headers(
        event_id=f"{record.event_id}.{record.revision}{translated}",
        source=record.source,
        event_type=event_type,
        time=record.created_at,
    )


def dead_letter_headers(letter: DeadLetter, event_type: str) -> Headers:
    """Return the headers of a dead letter, with its position if it came from a Kafka topic."""
    errors = {
        "__connect.errors.stage": letter.stage,
        "__connect.errors.exception.class.name": letter.error,
        "__connect.errors.exception.message": letter.reason,
        "x-dlq-attempt": str(letter.attempt),
        "x-dlq-first-failed-at": letter.failed_at.isoformat(),
    }
    if letter.kafka_topic is not None:
        errors["__connect.errors.topic"] = letter.kafka_topic
        errors["__connect.errors.partition"] = str(letter.partition)
        if letter.offset is not None:  # a delivery has none
            errors["__connect.errors.offset"] = str(letter.offset)
    return [
        *((name, value.encode()) for name, value in errors.items()),
        *cloud_event_headers(
            event_id=letter.dead_letter_id,
            source=letter.source or letter.stage,
            event_type=event_type,
            time=letter.failed_at,
        ),
    ]
