"""CloudEvents 1.0 headers in Kafka's binary mode: the value stays the bare data."""

from __future__ import annotations

from datetime import datetime

CONTENT_TYPE = b"application/json; charset=utf-8"

Headers = list[tuple[str, bytes]]


def cloud_event_headers(*, event_id: str, source: str, event_type: str, time: datetime) -> Headers:
    """The headers of one record: ``ce_id`` with ``ce_source`` is what to deduplicate on."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", event_type.encode()),
        ("ce_time", time.isoformat().encode()),
        ("content-type", CONTENT_TYPE),
    ]
