"""A run of a connector: fetch, parse, publish, await every acknowledgement, store the cursor.

At most two pages are under way: while the broker acknowledges one, the next is read and sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from pydantic_core import PydanticSerializationError

from connectors.runtime.cursors import cursor_message, load_cursor
from connectors.runtime.dead_letters import dead_letter_message
from connectors.runtime.outbox import Message, Outbox
from connectors.runtime.run_stats import OnProgress, Progress, Tally
from connectors.sdk.base import Item, Page
from connectors.sdk.errors import BadRecord, Fatal, Retry, Skip
from connectors.sdk.records import mark_backfill
from schemas.cloud_events import feedback_headers
from schemas.cursor import Cursor
from schemas.feedback import Feedback
from schemas.kafka_topics import RAW

_GATHERED = 500
_GATHER_S = 0.5
_OVERHEAD_BYTES = 4_096  # key, headers and the batch around a single record


class Parses(Protocol):
    """What understands items."""

    @property
    def name(self) -> str:
        """The connector's."""
        ...

    def parse(self, item: Item) -> Feedback:
        """One item's record; raises ``BadRecord`` or ``Skip``."""
        ...


class Runs(Parses, Protocol):
    """What can be run: a file or a source."""

    @property
    def instance_key(self) -> str | None:
        """Which of its kind, as the cursor knows it."""
        ...

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """The pages behind a cursor."""
        ...


@dataclass(slots=True)
class Window:
    """From when to when the feedback of a run was given."""

    earliest: datetime | None = None
    latest: datetime | None = None

    def add(self, moment: datetime) -> None:
        """Take one more piece of feedback into account."""
        if self.earliest is None or moment < self.earliest:
            self.earliest = moment
        if self.latest is None or moment > self.latest:
            self.latest = moment


@dataclass(frozen=True)
class Outcome:
    """What a run did, and where an earlier one had ended."""

    tally: Tally
    resumed_from: Cursor | None
    window: Window
    position: str | None = None
    """Where the cursor stands now."""
    failure: Retry | Fatal | None = None
    """Why the source could not be read on."""


def run(
    connector: Runs,
    bootstrap_servers: str,
    *,
    again: bool = False,
    progress: OnProgress | None = None,
) -> Outcome:
    """Publish everything that follows the stored cursor; ``again``: everything.

    Raises ``Retry`` where Kafka fails: the cursor then stands behind the last page whose every
    record was acknowledged. Raises ``Fatal`` or ``Retry`` where the source can't be read on.
    """
    instance = connector.instance_key
    cursor: Cursor | None = None
    if instance is not None and not again:
        cursor = load_cursor(bootstrap_servers, connector.name, instance)
    with Outbox(bootstrap_servers) as outbox:
        outcome = publish(
            connector,
            Reading(connector.fetch(cursor.position if cursor else None)),
            outbox,
            cursor=cursor,
            progress=progress,
        )
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


class Reading:
    """Pages of a source, up to where it failed; a source that goes round in circles has failed."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self._seen: set[int] = set()
        self.failure: Retry | Fatal | None = None

    def __iter__(self) -> Iterator[Page]:
        try:
            for page in self._pages:
                likeness = hash((page.cursor, *(item.origin for item in page.items)))
                if page.items and likeness in self._seen:
                    raise Fatal("reading on: the source gives a page that it gave before")
                self._seen.add(likeness)
                yield page
        except (Retry, Fatal) as error:
            self.failure = error


def publish(
    connector: Runs,
    reading: Reading,
    outbox: Outbox,
    *,
    cursor: Cursor | None = None,
    backfill: bool = False,
    gather: bool = False,
    progress: OnProgress | None = None,
) -> Outcome:
    """Publish pages, each page's cursor after the acknowledgement of all that it stands behind.

    ``gather``: pages that come fast may wait for one another, and travel together.
    What was read before a source failed counts. Raises ``Retry`` where Kafka fails.
    """
    instance = connector.instance_key
    sending = _Sending(connector, outbox, Tally(), Window(), backfill)
    behind: list[tuple[Message, Any]] = []
    position, stored, reached = None, cursor.position if cursor else None, None
    posted = time.monotonic()
    for page in reading:
        sending.page(page)
        reached = None if page.acknowledged else page.cursor
        _report(progress, page, sending.tally)
        is_soon = time.monotonic() - posted < _GATHER_S
        if gather and is_soon and outbox.held < _GATHERED:
            continue
        sent = outbox.take_pending()
        outbox.settle(behind)
        if position is not None and position != stored and instance is not None:
            outbox.send(cursor_message(connector.name, instance, position))
            sent += outbox.take_pending()
            stored = position
        behind, position, posted = sent, reached, time.monotonic()
    outbox.settle(behind)
    outbox.settle(outbox.take_pending())
    position = reached
    if position is not None and position != stored and instance is not None:
        outbox.send(cursor_message(connector.name, instance, position))
        outbox.settle(outbox.take_pending())
        stored = position
    return Outcome(sending.tally, cursor, sending.window, stored, reading.failure)


@dataclass(frozen=True, slots=True)
class _Sending:
    connector: Parses
    outbox: Outbox
    tally: Tally
    window: Window
    backfill: bool

    def page(self, page: Page) -> None:
        """Hand every item of a page over, as a record or as a dead letter."""
        name = self.connector.name
        for item in page.items:
            found = understand(self.connector, item, self.tally, backfill=self.backfill)
            if isinstance(found, tuple):
                self.window.add(found[0].created_at)
            if page.acknowledged:
                self.tally.earlier += 1
            elif isinstance(found, tuple):
                self.outbox.send(message_of(*found))
            elif isinstance(found, BadRecord):
                self.outbox.send(dead_letter_of(name, item, found))


def rehearse(
    connector: Runs, tally: Tally, progress: OnProgress | None = None
) -> Iterator[Feedback]:
    """Fetch and parse everything, publish nothing: yields each record and counts in ``tally``."""
    for page in connector.fetch(None):
        for item in page.items:
            found = understand(connector, item, tally)
            if isinstance(found, tuple):
                yield found[0]
        _report(progress, page, tally)


def understand(
    connector: Parses, item: Item, tally: Tally, *, backfill: bool = False
) -> tuple[Feedback, bytes] | BadRecord | None:
    """The record and its payload, or why there is none; None if left out. Counts the item."""
    tally.read += 1
    try:
        record = connector.parse(item)
        if backfill:
            record = mark_backfill(record)
        payload = _payload_of(record)
    except BadRecord as error:
        tally.add_dead_letter(error.reason, item.origin)
        return error
    except Skip as skip:
        tally.add_skip(skip.reason, item.origin)
        return None
    tally.add_record(record.event_id)
    return record, payload


def _payload_of(record: Feedback) -> bytes:
    try:
        payload = record.to_payload()
    except PydanticSerializationError:  # an attribute holds half a surrogate pair
        raise BadRecord("publishing the record: a text of it is no Unicode") from None
    if len(payload) > RAW[record.family].max_message_bytes - _OVERHEAD_BYTES:
        raise BadRecord("publishing the record: it is larger than its Kafka topic takes")
    return payload


def message_of(record: Feedback, payload: bytes) -> Message:
    """The message of a record on its family's raw Kafka topic."""
    kafka_topic = RAW[record.family]
    headers = feedback_headers(record, kafka_topic.ce_type)
    return Message(kafka_topic.name, record.event_id.encode(), payload, headers)


def dead_letter_of(name: str, item: Item, refused: BadRecord) -> Message:
    """The message of an item that could not be understood."""
    return dead_letter_message(
        stage=name,
        origin=item.origin,
        reason=refused.reason,
        payload=orjson.dumps(item.data) if item.payload is None else item.payload,
        error=type(refused).__name__,
        source=name,
        failed_at=item.collected_at,
    )


def _report(progress: OnProgress | None, page: Page, tally: Tally) -> None:
    if progress is not None:
        progress(Progress(page.bytes_read, page.bytes_total, tally.read))
