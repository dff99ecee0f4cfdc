"""A run of a connector: fetch, parse, publish, wait for acknowledgements, store the cursor."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from connectors.runtime.cursor_tracker import CursorTracker
from connectors.runtime.cursors import load_cursor
from connectors.runtime.parsing import (
    ParsedItem,
    Parser,
    parse_item,
    record_message,
    refusal_message,
)
from connectors.runtime.ports import Broker, Producer
from connectors.runtime.run_stats import OnProgress, Progress, RunStats, TimeRange
from connectors.sdk.base import Page
from connectors.sdk.errors import BadRecord, Fatal, Retry
from schemas.cursor import Cursor
from schemas.feedback import Feedback

_MAX_GATHERED: Final = 500
_GATHER_S: Final = 0.5


class Runnable(Parser, Protocol):
    """A connector that can be run: a file or a source."""

    @property
    def instance_key(self) -> str | None:
        """The key of its cursor; None if none is kept."""

    def fetch(self, cursor: str | None) -> Iterator[Page]:
        """Yield the pages after a cursor."""


@dataclass(frozen=True)
class RunOutcome:
    """Counts of a run, and where it resumed and ended."""

    stats: RunStats
    resumed_from: Cursor | None
    time_range: TimeRange
    position: str | None = None
    """The stored position."""
    failure: Retry | Fatal | None = None
    """The error that ended the reading, if any."""


def run(
    connector: Runnable,
    broker: Broker,
    *,
    again: bool = False,
    progress: OnProgress | None = None,
) -> RunOutcome:
    """Publish everything after the stored cursor; with ``again``, everything.

    Raises ``Retry`` if Kafka fails: the cursor is then that of the last page whose every record
    was acknowledged. Raises ``Fatal`` or ``Retry`` if the source cannot be read to its end.
    """
    instance = connector.instance_key
    cursor: Cursor | None = None
    if instance is not None and not again:
        cursor = load_cursor(broker, connector.name, instance)
    with broker.borrow() as producer:
        outcome = publish_pages(
            connector,
            PageReader(connector.fetch(cursor.position if cursor else None)),
            producer,
            cursor=cursor,
            progress=progress,
        )
    if outcome.failure is not None:
        raise outcome.failure
    return outcome


def publish_pages(
    connector: Runnable,
    pages: PageReader,
    producer: Producer,
    *,
    cursor: Cursor | None = None,
    backfill: bool = False,
    gather: bool = False,
    progress: OnProgress | None = None,
) -> RunOutcome:
    """Publish pages; store each page's cursor once all before it is acknowledged.

    ``gather``: pages that arrive quickly may wait for one another and travel together. What was
    read before a source failed is published. Raises ``Retry`` if Kafka fails.
    """
    stored = cursor.position if cursor else None
    tracker = CursorTracker(producer, connector.name, connector.instance_key, stored)
    publisher = _PagePublisher(connector, producer, RunStats(), TimeRange(), backfill)
    flushed_at = time.monotonic()
    for page in pages:
        publisher.publish(page)
        tracker.reach(None if page.acknowledged else page.cursor)
        _report(progress, page, publisher.stats)
        is_recent = time.monotonic() - flushed_at < _GATHER_S
        if gather and is_recent and producer.buffered_count < _MAX_GATHERED:
            continue
        tracker.advance()
        flushed_at = time.monotonic()
    tracker.finish()
    return RunOutcome(publisher.stats, cursor, publisher.time_range, tracker.stored, pages.failure)


def dry_run(
    connector: Runnable, stats: RunStats, progress: OnProgress | None = None
) -> Iterator[Feedback]:
    """Fetch and parse everything, publish nothing: yield each record and count in ``stats``."""
    for page in connector.fetch(None):
        for item in page.items:
            parsed = parse_item(connector, item, stats)
            if isinstance(parsed, ParsedItem):
                yield parsed.record
        _report(progress, page, stats)


class PageReader:
    """Pages of a source up to where it failed; a source that repeats a page has failed."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self._seen: set[int] = set()
        self.failure: Retry | Fatal | None = None

    def __iter__(self) -> Iterator[Page]:
        try:
            for page in self._pages:
                fingerprint = hash((page.cursor, *(item.origin for item in page.items)))
                if page.items and fingerprint in self._seen:
                    raise Fatal("reading: the service returned the same page twice")
                self._seen.add(fingerprint)
                yield page
        except (Retry, Fatal) as error:
            self.failure = error


@dataclass(frozen=True, slots=True)
class _PagePublisher:
    """Sends the items of pages, and counts them."""

    connector: Parser
    producer: Producer
    stats: RunStats
    time_range: TimeRange
    backfill: bool

    def publish(self, page: Page) -> None:
        """Send every item of a page, as a record or as a dead letter."""
        name = self.connector.name
        backfill = self.backfill or page.is_history
        self.stats.add_notes(page.notes)
        for item in page.items:
            parsed = parse_item(self.connector, item, self.stats, backfill=backfill)
            if isinstance(parsed, ParsedItem):
                self.time_range.add(parsed.record.created_at)
            if page.acknowledged:
                self.stats.already_published += 1
            elif isinstance(parsed, ParsedItem):
                self.producer.send(record_message(parsed))
            elif isinstance(parsed, BadRecord):
                self.producer.send(refusal_message(name, item, parsed))


def _report(progress: OnProgress | None, page: Page, stats: RunStats) -> None:
    if progress is not None:
        progress(Progress(page.bytes_read, page.bytes_total, stats.read))
