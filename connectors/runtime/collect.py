"""One run of an instance, and its entry in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.runtime.coverage import coverage_message, following
from connectors.runtime.instances import Instance
from connectors.runtime.outbox_pool import Outboxes
from connectors.runtime.run_stats import OnProgress, Tally
from connectors.runtime.runner import Outcome, Reading, publish
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Retry
from connectors.sdk.source import Polled
from schemas.coverage import Coverage
from schemas.cursor import Cursor


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an instance before a run."""

    cursor: Cursor | None = None
    coverage: Coverage | None = None

    @property
    def is_backfill(self) -> bool:
        """Whether what a run brings is history: no run has succeeded yet."""
        return self.cursor is None or self.coverage is None or self.coverage.succeeded_at is None


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run did, how the source fares now, and what the next run must know."""

    tally: Tally
    coverage: Coverage
    known: Known
    failure: Retry | Fatal | None


def collect(
    instance: Instance,
    source: Polled,
    outboxes: Outboxes,
    known: Known,
    *,
    pages: Iterator[Page] | None = None,
    progress: OnProgress | None = None,
) -> Collected:
    """Run an instance once, from its cursor on; ``pages``: instead of what it fetches.

    A source that fails is told by ``failure`` and the ledger. Raises ``Retry`` where Kafka fails.
    """
    started = datetime.now(UTC)
    position = known.cursor.position if known.cursor else None
    with outboxes.lent() as outbox:
        outcome = publish(
            source,
            Reading(source.fetch(position) if pages is None else pages),
            outbox,
            cursor=known.cursor,
            backfill=known.is_backfill,
            gather=pages is None,
            progress=progress,
        )
        entry = following(
            entry_of(instance, outcome, started=started, backfill=known.is_backfill),
            known.coverage,
        )
        outbox.send(coverage_message(entry))
        outbox.settle(outbox.take_pending())
    return Collected(outcome.tally, entry, _next(source, known, outcome, entry), outcome.failure)


def _next(source: Polled, known: Known, outcome: Outcome, entry: Coverage) -> Known:
    if outcome.position is None:
        return replace(known, coverage=entry)
    cursor = Cursor(
        source=source.name,
        instance=source.instance_key,
        position=outcome.position,
        stored_at=entry.finished_at,
    )
    return Known(cursor, entry)


def entry_of(
    instance: Instance, outcome: Outcome, *, started: datetime, backfill: bool
) -> Coverage:
    """What a run alone tells of its source."""
    tally, now, window = outcome.tally, datetime.now(UTC), outcome.window
    failure, schedule = outcome.failure, instance.schedule
    silent_after = schedule.silent_after
    return Coverage(
        source=instance.source.name,
        instance=instance.name,
        family=instance.source.family,
        **instance.config.place,
        started_at=started,
        finished_at=now,
        backfill=backfill,
        error=None if failure is None else str(failure),
        failures=0 if failure is None else 1,
        read=tally.read,
        published=tally.published,
        repeated=tally.repeated,
        skipped=tally.skipped,
        dead_lettered=tally.dead_lettered,
        earliest_at=window.earliest,
        latest_at=window.latest,
        newest_at=window.latest,
        lag_s=None if window.latest is None else (now - window.latest).total_seconds(),
        news_at=now if tally.published else None,
        succeeded_at=now if failure is None else None,
        first_at=started,
        every_s=schedule.every.total_seconds() if issubclass(instance.source, Polled) else None,
        silent_after_s=None if silent_after is None else silent_after.total_seconds(),
    )
