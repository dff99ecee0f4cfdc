"""One run of an instance, and its coverage entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.runtime.coverage import coverage_message, merge_with_previous
from connectors.runtime.instances import Instance
from connectors.runtime.ports import Broker
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import PageReader, RunOutcome, publish_pages
from connectors.sdk.base import Page
from connectors.sdk.errors import Fatal, Retry
from connectors.sdk.source import Polled
from schemas.coverage import Coverage
from schemas.cursor import Cursor


@dataclass(frozen=True, slots=True)
class PreviousState:
    """Cursor and coverage of an instance before a run."""

    cursor: Cursor | None = None
    coverage: Coverage | None = None

    @property
    def is_backfill(self) -> bool:
        """True until a run has succeeded: what a run brings is history."""
        return self.cursor is None or self.coverage is None or self.coverage.succeeded_at is None


@dataclass(frozen=True, slots=True)
class RunResult:
    """Counts of a run, the source's coverage, and the state for the next run."""

    stats: RunStats
    coverage: Coverage
    state: PreviousState
    failure: Retry | Fatal | None


def run_once(
    instance: Instance,
    source: Polled,
    broker: Broker,
    state: PreviousState,
    *,
    pages: Iterator[Page] | None = None,
) -> RunResult:
    """Run an instance once, from its cursor; ``pages`` replace those it would fetch.

    If the source fails, ``failure`` and the coverage say so. Raises ``Retry`` if Kafka fails.
    """
    started = datetime.now(UTC)
    position = state.cursor.position if state.cursor else None
    with broker.borrow() as producer:
        outcome = publish_pages(
            source,
            PageReader(source.fetch(position) if pages is None else pages),
            producer,
            cursor=state.cursor,
            backfill=state.is_backfill,
            gather=pages is None,
        )
        outcome.stats.add_notes(source.take_notes())
        entry = merge_with_previous(
            build_entry(instance, outcome, started=started, backfill=state.is_backfill),
            state.coverage,
        )
        producer.send(coverage_message(entry))
        producer.wait_for_acks(producer.flush())
    next_state = _build_state(source, state, outcome, entry)
    return RunResult(outcome.stats, entry, next_state, outcome.failure)


def _build_state(
    source: Polled, state: PreviousState, outcome: RunOutcome, entry: Coverage
) -> PreviousState:
    if outcome.position is None:
        return replace(state, coverage=entry)
    cursor = Cursor(
        source=source.name,
        instance=source.instance_key,
        position=outcome.position,
        stored_at=entry.finished_at,
    )
    return PreviousState(cursor, entry)


def build_entry(
    instance: Instance, outcome: RunOutcome, *, started: datetime, backfill: bool
) -> Coverage:
    """Return the coverage entry of one run, without what earlier runs know."""
    stats, now, time_range = outcome.stats, datetime.now(UTC), outcome.time_range
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
        failed_places={} if failure is None else dict(failure.failed_places),
        notes=tuple(stats.notes),
        failures=0 if failure is None else 1,
        read=stats.read,
        published=stats.published,
        repeated=stats.repeated,
        skipped=stats.skipped,
        dead_lettered=stats.dead_lettered,
        empty_answers=stats.empty_answers,
        earliest_at=time_range.earliest,
        latest_at=time_range.latest,
        newest_at=time_range.latest,
        lag_s=None if time_range.latest is None else (now - time_range.latest).total_seconds(),
        read_at=now if stats.read else None,
        news_at=now if stats.published else None,
        succeeded_at=now if failure is None or failure.failed_places else None,
        first_at=started,
        every_s=schedule.every.total_seconds() if issubclass(instance.source, Polled) else None,
        silent_after_s=None if silent_after is None else silent_after.total_seconds(),
    )
