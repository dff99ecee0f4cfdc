"""A run of a connector: fetch, parse, publish, await every acknowledgement, store the cursor.

At most two pages are under way: while the broker acknowledges one, the next is read and sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors._base import Connector, Item, Page
from connectors._cursors import cursor_message, load_cursor
from connectors._dead_letters import dead_letter_message
from connectors._errors import BadRecord, Skip
from connectors._outbox import Message, Outbox
from connectors._tally import OnProgress, Progress, Tally
from schemas.cloud_events import feedback_headers
from schemas.cursor import Cursor
from schemas.feedback import Feedback
from schemas.kafka_topics import RAW

_OVERHEAD_BYTES = 4_096  # key, headers and the batch around a single record


@dataclass(frozen=True)
class Outcome:
    """What a run did, and where an earlier one had ended."""

    tally: Tally
    resumed_from: Cursor | None


def run(
    connector: Connector,
    bootstrap_servers: str,
    *,
    again: bool = False,
    progress: OnProgress | None = None,
) -> Outcome:
    """Publish everything that follows the stored cursor; ``again``: everything.

    Raises ``Retry`` where Kafka fails: the cursor then stands behind the last page whose every
    record was acknowledged. Raises ``Fatal`` where the source can't be read on.
    """
    instance = connector.instance
    cursor: Cursor | None = None
    if instance is not None and not again:
        cursor = load_cursor(bootstrap_servers, connector.name, instance)
    tally = Tally()
    with Outbox(bootstrap_servers) as outbox:
        behind: list[tuple[Message, Any]] = []
        position: str | None = None
        for page in connector.fetch(cursor.position if cursor else None):
            _publish(connector, page, tally, outbox)
            sent = outbox.take_pending()
            outbox.settle(behind)
            if position is not None and instance is not None:
                outbox.send(cursor_message(connector.name, instance, position))
                sent += outbox.take_pending()
            behind = sent
            position = None if page.acknowledged else page.cursor
            _report(progress, page, tally)
        outbox.settle(behind)
        if position is not None and instance is not None and not _is_at(cursor, position):
            outbox.send(cursor_message(connector.name, instance, position))
            outbox.settle(outbox.take_pending())
    return Outcome(tally, cursor)


def _is_at(cursor: Cursor | None, position: str) -> bool:
    return cursor is not None and cursor.position == position


def rehearse(
    connector: Connector, tally: Tally, progress: OnProgress | None = None
) -> Iterator[Feedback]:
    """Fetch and parse everything, publish nothing: yields each record and counts in ``tally``."""
    for page in connector.fetch(None):
        for item in page.items:
            found = _understand(connector, item, tally)
            if isinstance(found, tuple):
                yield found[0]
        _report(progress, page, tally)


def _publish(connector: Connector, page: Page, tally: Tally, outbox: Outbox) -> None:
    for item in page.items:
        found = _understand(connector, item, tally)
        if page.acknowledged:
            tally.earlier += 1
        elif isinstance(found, tuple):
            outbox.send(_message(*found))
        elif isinstance(found, BadRecord):
            outbox.send(
                dead_letter_message(
                    stage=connector.name,
                    origin=item.origin,
                    reason=found.reason,
                    payload=item.payload,
                    error=type(found).__name__,
                    source=connector.name,
                    failed_at=item.collected_at,
                )
            )


def _understand(
    connector: Connector, item: Item, tally: Tally
) -> tuple[Feedback, bytes] | BadRecord | None:
    """The record and its payload, or why there is none; None if left out. Counts the item."""
    tally.read += 1
    try:
        record = connector.parse(item)
        payload = record.to_payload()
        if len(payload) > RAW[record.family].max_message_bytes - _OVERHEAD_BYTES:
            raise BadRecord("publishing the record: it is larger than its Kafka topic takes")
    except BadRecord as error:
        tally.add_dead_letter(error.reason, item.origin)
        return error
    except Skip as skip:
        tally.add_skip(skip.reason, item.origin)
        return None
    tally.add_record(record.event_id)
    return record, payload


def _message(record: Feedback, payload: bytes) -> Message:
    kafka_topic = RAW[record.family]
    headers = feedback_headers(record, kafka_topic.ce_type)
    return Message(kafka_topic.name, record.event_id.encode(), payload, headers)


def _report(progress: OnProgress | None, page: Page, tally: Tally) -> None:
    if progress is not None:
        progress(Progress(page.bytes_read, page.bytes_total, tally.read))
