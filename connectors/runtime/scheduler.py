"""Many instances, each by its own schedule, until somebody stops them.

Each instance has a thread of its own: they wait for the network most of the time. One that fails
is tried again later and later and holds up no other.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Final

import structlog

from connectors.runtime.collect import Collected, Known, collect
from connectors.runtime.coverage import load_coverage
from connectors.runtime.cursors import load_cursors
from connectors.runtime.instances import Instance
from connectors.runtime.outbox_pool import Outboxes
from connectors.sdk.base import Page
from connectors.sdk.errors import Misconfigured, Retry, Unauthorized
from connectors.sdk.source import Polled, Streamed
from schemas.coverage import State

_LONGEST_WAIT_S: Final = 3_600.0
_REFUSED_WAIT_S: Final = 900.0
"""A source that refuses is asked again: somebody may renew the credentials elsewhere."""
_GRACE_S: Final = 20.0
_STREAM_RUN_S: Final = 60.0
"""Streams are cut into runs, so that the ledger and the cursor move on."""

log = structlog.get_logger("connect")


def known_of(
    instances: Sequence[Instance], sources: Sequence[Polled], bootstrap_servers: str
) -> list[Known]:
    """What Kafka knows of each instance. Raises ``Retry``."""
    cursors = load_cursors(bootstrap_servers)
    ledger = load_coverage(bootstrap_servers)
    return [
        Known(
            cursors.get((source.name, source.instance_key)),
            ledger.get((source.name, instance.name)),
        )
        for instance, source in zip(instances, sources, strict=True)
    ]


def follow(
    instances: Sequence[Instance],
    bootstrap_servers: str,
    *,
    author_key: bytes,
    stop: threading.Event,
) -> None:
    """Run every instance by its schedule until ``stop``, and let pages in hand be finished.

    Raises ``Retry`` where Kafka can't be reached at the start.
    """
    sources = [polled(instance, author_key) for instance in instances]
    knowns = known_of(instances, sources, bootstrap_servers)
    with Outboxes(bootstrap_servers) as outboxes:
        threads = [
            threading.Thread(
                target=_Follower(instance, source, outboxes, known, stop).run,
                name=instance.label,
                daemon=True,  # a request that hangs must not keep the process
            )
            for instance, source, known in zip(instances, sources, knowns, strict=True)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        end = time.monotonic() + _GRACE_S
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))


def polled(instance: Instance, author_key: bytes) -> Polled:
    """The connector of an instance that can be run; raises ``Misconfigured``."""
    source = instance.build(author_key)
    if not isinstance(source, Polled):
        raise Misconfigured(f"running {instance.label}: it is called by its service, not run")
    return source


class _Follower:
    """One instance's life."""

    def __init__(
        self,
        instance: Instance,
        source: Polled,
        outboxes: Outboxes,
        known: Known,
        stop: threading.Event,
    ) -> None:
        self._instance = instance
        self._source = source
        self._outboxes = outboxes
        self._known = known
        self._stop = stop
        self._failures = 0

    def run(self) -> None:
        """Run until stopped."""
        # Not all at once, whether after a start or every quarter of an hour.
        self._stop.wait(random.uniform(0, min(5.0, self._every / 10)))  # noqa: S311
        try:
            while not self._stop.is_set():
                self._stop.wait(self._attempt())
        finally:
            self._source.close()

    @property
    def _every(self) -> float:
        return self._instance.schedule.every.total_seconds()

    def _attempt(self) -> float:
        """Run once; seconds until the next."""
        try:
            done = self._collect(None)
            if done.failure is None and isinstance(self._source, Streamed) and self._source.is_live:
                return self._listen(self._source)
        except Retry as error:  # Kafka's, for a source's is part of what a run tells
            return self._failed(str(error), error.wait)
        except Exception as error:  # a connector's own fault must not end the others
            return self._failed(f"running it: {type(error).__name__}", 60.0)
        if done.failure is not None:
            wait = done.failure.wait if isinstance(done.failure, Retry) else 0.0
            if isinstance(done.failure, Unauthorized):
                wait = _REFUSED_WAIT_S
            return self._failed(str(done.failure), wait)
        self._failures = 0
        return self._every * random.uniform(0.95, 1.05)  # noqa: S311

    def _collect(self, pages: Iterator[Page] | None) -> Collected:
        done = collect(self._instance, self._source, self._outboxes, self._known, pages=pages)
        self._known = done.known
        _say(self._instance, done)
        return done

    def _listen(self, source: Streamed) -> float:
        """Listen until the connection ends or somebody stops; seconds until the next try."""
        cursor = self._known.cursor
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
            done = self._collect(run())
            if done.failure is not None:
                wait = done.failure.wait if isinstance(done.failure, Retry) else _REFUSED_WAIT_S
                return self._failed(str(done.failure), wait)
            self._failures = 0
        return 1.0

    def _failed(self, reason: str, wait: float) -> float:
        self._failures += 1
        longest = min(_LONGEST_WAIT_S, 2.0 ** min(self._failures, 12))
        pause = max(wait, longest * random.uniform(0.5, 1.0))  # noqa: S311
        log.error(
            "source_failed",
            source=self._instance.label,
            reason=reason,
            failures=self._failures,
            again_in_s=round(pause),
        )
        return pause


def _say(instance: Instance, done: Collected) -> None:
    entry = done.coverage
    if done.failure is None and (entry.published or entry.dead_lettered):
        log.info(
            "collected",
            source=instance.label,
            published=entry.published,
            dead_lettered=entry.dead_lettered,
            backfill=entry.backfill,
        )
    if entry.state(entry.finished_at) is State.SILENT:
        log.error("source_silent", source=instance.label, since=str(entry.news_at))
