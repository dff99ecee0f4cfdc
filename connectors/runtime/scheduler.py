"""The scheduler: many instances, each by its own schedule, until they are stopped.

Each instance has its own thread: most of the time they wait for the network. One that fails is
retried with growing pauses and does not hold up the others.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from connectors.runtime.collect import PreviousState, RunResult, run_once
from connectors.runtime.coverage import load_coverage
from connectors.runtime.cursors import load_cursors
from connectors.runtime.instances import Instance
from connectors.runtime.ports import Broker
from connectors.sdk.base import Page
from connectors.sdk.errors import Misconfigured, Retry, Unauthorized
from connectors.sdk.source import Polled, Streamed
from schemas.coverage import State

_MAX_WAIT_S: Final = 3_600.0
_UNAUTHORIZED_WAIT_S: Final = 900.0
"""A source that refuses is tried again: an operator may renew the credentials there."""
_SHUTDOWN_TIMEOUT_S: Final = 20.0
_MAX_PAUSE_S: Final = 86_400.0
_STREAM_RUN_S: Final = 60.0
"""Streams are cut into runs, so that coverage and cursor advance."""

log = structlog.get_logger(__name__)


def load_previous_state(
    instances: Sequence[Instance], sources: Sequence[Polled], broker: Broker
) -> list[PreviousState]:
    """Return what Kafka holds of each instance; raises ``Retry``."""
    cursors = load_cursors(broker)
    coverage = load_coverage(broker)
    return [
        PreviousState(
            cursors.get((source.name, source.instance_key)),
            coverage.get((source.name, instance.name)),
        )
        for instance, source in zip(instances, sources, strict=True)
    ]


def follow(
    instances: Sequence[Instance],
    broker: Broker,
    *,
    author_key: bytes,
    stop: threading.Event,
) -> None:
    """Run every instance by its schedule until ``stop``, then finish the pages in progress.

    Raises ``Retry`` if Kafka cannot be reached at the start.
    """
    sources = [build_polled(instance, author_key) for instance in instances]
    states = load_previous_state(instances, sources, broker)
    threads = [
        threading.Thread(
            target=_ScheduledSource(instance, source, broker, state, stop).run,
            name=instance.label,
            daemon=True,  # a request that hangs must not keep the process
        )
        for instance, source, state in zip(instances, sources, states, strict=True)
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = time.monotonic() + _SHUTDOWN_TIMEOUT_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def build_polled(instance: Instance, author_key: bytes) -> Polled:
    """Return the connector of an instance that can be run; raises ``Misconfigured``."""
    source = instance.build(author_key)
    if not isinstance(source, Polled):
        raise Misconfigured(f"running {instance.label}: it receives webhooks; use `feedback serve`")
    return source


class _ScheduledSource:
    """One instance: runs, waits, and backs off after failures."""

    def __init__(
        self,
        instance: Instance,
        source: Polled,
        broker: Broker,
        state: PreviousState,
        stop: threading.Event,
    ) -> None:
        self._instance = instance
        self._source = source
        self._broker = broker
        self._state = state
        self._stop = stop
        self._failures = 0

    def run(self) -> None:
        """Run until stopped."""
        # Not all at once, whether after a start or every quarter of an hour.
        self._stop.wait(random.uniform(0, min(5.0, self._every / 10)))  # noqa: S311
        try:
            while not self._stop.is_set():
                self._stop.wait(min(self._attempt(), _MAX_PAUSE_S))
        except BaseException as error:
            # The process continues: without this, the source would be missing unnoticed.
            log.critical("source_ended", source=self._instance.label, reason=type(error).__name__)
            raise
        finally:
            self._source.close()

    @property
    def _every(self) -> float:
        return self._instance.schedule.every.total_seconds()

    def _attempt(self) -> float:
        """Run once; return the seconds until the next run."""
        try:
            result = self._run_once(None)
            if (
                result.failure is None
                and isinstance(self._source, Streamed)
                and self._source.is_live
            ):
                return self._listen(self._source)
        except Retry as error:  # Kafka's; a source's is part of the result
            return self._back_off(str(error), error.wait)
        except Exception as error:  # a fault of one connector must not end the others
            return self._back_off(f"running it: {type(error).__name__}", 60.0)
        if result.failure is not None and not result.failure.failed_places:
            wait = result.failure.wait if isinstance(result.failure, Retry) else 0.0
            if isinstance(result.failure, Unauthorized):
                wait = _UNAUTHORIZED_WAIT_S
            return self._back_off(str(result.failure), wait)
        self._failures = 0
        return self._every * random.uniform(0.95, 1.05)  # noqa: S311

    def _run_once(self, pages: Iterator[Page] | None) -> RunResult:
        result = run_once(self._instance, self._source, self._broker, self._state, pages=pages)
        self._state = result.state
        _log_result(self._instance, result)
        return result

    def _listen(self, source: Streamed) -> float:
        """Listen until the connection or the process ends; return seconds until the next try."""
        cursor = self._state.cursor
        stream = source.stream(cursor.position if cursor else None)
        ended = False

        def run() -> Iterator[Page]:
            nonlocal ended
            until = time.monotonic() + _STREAM_RUN_S
            while time.monotonic() < until and not self._stop.is_set():
                page = next(stream, None)
                if page is None:
                    ended = True
                    return
                yield page

        while not ended and not self._stop.is_set():
            result = self._run_once(run())
            if result.failure is not None:
                wait = (
                    result.failure.wait
                    if isinstance(result.failure, Retry)
                    else _UNAUTHORIZED_WAIT_S
                )
                return self._back_off(str(result.failure), wait)
            self._failures = 0
        return 1.0

    def _back_off(self, reason: str, wait: float) -> float:
        self._failures += 1
        longest = min(_MAX_WAIT_S, 2.0 ** min(self._failures, 12))
        pause = max(wait, longest * random.uniform(0.5, 1.0))  # noqa: S311
        log.error(
            "source_failed",
            source=self._instance.label,
            reason=reason,
            failures=self._failures,
            retry_in_s=round(pause),
        )
        return pause


def _log_result(instance: Instance, result: RunResult) -> None:
    entry = result.coverage
    if result.failure is None and (entry.published or entry.dead_lettered):
        log.info(
            "source_collected",
            source=instance.label,
            published=entry.published,
            dead_lettered=entry.dead_lettered,
            empty_answers=entry.empty_answers,
            backfill=entry.backfill,
        )
    for place, reason in entry.failed_places.items():
        log.error("source_place_failed", source=instance.label, place=place, reason=reason)
    for note in entry.notes:
        log.warning("source_noted", source=instance.label, note=note)
    if entry.state(entry.finished_at) is State.EMPTY:
        log.warning("source_empty", source=instance.label, since=str(entry.first_at))
    if entry.state(entry.finished_at) is State.SILENT:
        log.error("source_silent", source=instance.label, since=str(entry.news_at))
