"""Periodic tasks of cases: mark overdue ones, and bring issue trackers up to date.

Each worker handles the cases whose events it reads, so no two do the same work. A round publishes
events and searches for cases that lack them: the next round, on any worker, completes an
interrupted one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import structlog

from pipeline.cases.options import CasesSettings
from pipeline.cases.store import CaseStore
from pipeline.cases.trackers.base import CaseRejected, IssueTracker, TrackerUnavailable
from pipeline.cases.trackers.factory import create_tracker
from pipeline.failures import TransientError
from pipeline.kafka.partitioner import partition_for_key
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, CaseEvent, CaseEventType, CaseStatus, Link, LinkState
from schemas.kafka_topics import CASES

_MAX_BACKOFF: Final = timedelta(minutes=10)

Publish = Callable[[Sequence[CaseEvent]], Awaitable[None]]
CountPartitions = Callable[[], Awaitable[int]]

log = structlog.get_logger(__name__)


class PeriodicTasks:
    """The periodic tasks of one worker; leaving the context stops them."""

    def __init__(
        self,
        options: CasesSettings,
        store: CaseStore,
        publish: Publish,
        count_partitions: CountPartitions,
    ) -> None:
        """``count_partitions`` returns how many partitions the broker has of the cases' topic."""
        self._options = options
        self._store = store
        self._publish = publish
        self._count_partitions = count_partitions
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None
        self._owned = OwnedCases()
        self._overdue: set[str] = set()
        self._trackers: list[TrackerSync] = []

    async def __aenter__(self) -> Self:
        clients: dict[bool, WebhookClient] = {}
        for options in self._options.trackers:
            if options.allow_private not in clients:
                client = WebhookClient(allow_private=options.allow_private)
                clients[options.allow_private] = await self._stack.enter_async_context(client)
            tracker = create_tracker(options, clients[options.allow_private])
            self._trackers.append(TrackerSync(tracker, self._store, self._publish))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._stack.aclose()

    def start(
        self, assignment: Callable[[], Iterable[Any]], fail: Callable[[BaseException], None]
    ) -> None:
        """Start; ``assignment`` returns the partitions that the worker reads now."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(assignment, fail))

    async def _run(
        self, assignment: Callable[[], Iterable[Any]], fail: Callable[[BaseException], None]
    ) -> None:
        while True:
            await asyncio.sleep(self._options.check_every.total_seconds())
            try:
                await self.run_once(datetime.now(UTC), assignment())
            except TransientError as error:
                log.warning("periodic_tasks_deferred", reason=str(error))
            except Exception as error:
                fail(error)
                return

    async def run_once(self, now: datetime, assignment: Iterable[Any]) -> None:
        """Run the tasks once for the cases of the assigned partitions."""
        self._owned.update(assignment, await self._count_partitions(), now)
        await self._publish_overdue(now)
        for tracker in self._trackers:
            await tracker.sync(now, self._owned)

    async def _publish_overdue(self, now: datetime) -> None:
        past_due = await self._store.find_past_due(now)
        # The search is a second behind; a case may have been resolved since.
        current = await self._store.get(case.case_id for case in past_due if self._owned.owns(case))
        events = [
            CaseEvent.identify(
                case.case_id,
                CaseEventType.OVERDUE,
                case.due_at.astimezone(UTC).isoformat(),
                at=now,
                due_at=case.due_at,
            )
            for case in current.values()
            if case.is_past_due(now)
        ]
        new = [event for event in events if event.event_id not in self._overdue]
        if new:
            await self._publish(new)
            # The index may not show these events yet.
            self._overdue.update(event.event_id for event in new)
            log.info("cases_overdue", cases=len(new))


class OwnedCases:
    """The cases of the partitions that this worker reads, and since when it owns them."""

    def __init__(self) -> None:
        self._since: dict[int, datetime] = {}
        self._partitions = 1

    def update(self, assignment: Iterable[Any], partitions: int, now: datetime) -> None:
        """Replace the assignment; partitions that stay keep their time.

        ``partitions`` is the number of partitions of the Kafka topic.
        """
        self._partitions = partitions
        owned = {tp.partition for tp in assignment if tp.topic == CASES.name}
        self._since = {partition: self._since.get(partition, now) for partition in owned}

    def owns(self, case: Case) -> bool:
        """True if this worker owns the case."""
        return self._partition(case) in self._since

    def owned_since(self, case: Case) -> datetime:
        """Return since when this worker owns the case."""
        return self._since[self._partition(case)]

    def _partition(self, case: Case) -> int:
        return partition_for_key(case.case_id.encode(), self._partitions)


class TrackerSync:
    """Keeps one issue tracker up to date with the cases."""

    def __init__(self, tracker: IssueTracker, store: CaseStore, publish: Publish) -> None:
        self._tracker = tracker
        self._options = tracker.options
        self._store = store
        self._publish = publish
        # Synced a moment ago; the index may not show it yet.
        self._done: set[tuple[str, int, Link | None]] = set()
        self._retry_at: datetime | None = None
        self._failures = 0

    async def sync(self, now: datetime, owned: OwnedCases) -> None:
        """Open and update what is missing, until the tracker is unavailable or asks to wait."""
        if self._retry_at is not None and now < self._retry_at:
            return
        try:
            for case in await self._store.find_unlinked(self._options.name, self._options.filters):
                if self._is_searchable(case, owned, now):
                    await self._sync_case(case, None)
            for case in await self._find_stale():
                if owned.owns(case):
                    await self._sync_case(case, case.find_link(self._options.name))
            self._failures, self._retry_at = 0, None
        except TrackerUnavailable as error:
            self._failures += 1
            backoff = timedelta(seconds=2 ** min(self._failures, 10))
            # What the tracker asks for is capped where it is read.
            self._retry_at = now + (error.retry_after or min(backoff, _MAX_BACKOFF))
            log.warning("tracker_backoff", tracker=self._options.name, reason=str(error))

    def _is_searchable(self, case: Case, owned: OwnedCases, now: datetime) -> bool:
        """True if the tracker's search would find an issue that another worker created."""
        return owned.owns(case) and now >= owned.owned_since(case) + self._tracker.search_lag

    async def _find_stale(self) -> list[Case]:
        name = self._options.name
        resolved = await self._store.find_linked(name, LinkState.OPENED, resolved=True)
        reopened = await self._store.find_linked(name, LinkState.RESOLVED, resolved=False)
        return [*resolved, *reopened]

    async def _sync_case(self, case: Case, link: Link | None) -> None:
        # The search is a second behind; the case itself has its current link.
        current = (await self._store.get([case.case_id])).get(case.case_id)
        if current is None or current.find_link(self._options.name) != link:
            return
        work = (case.case_id, current.reopened, link)
        if work in self._done:
            return
        rejection = None
        try:
            synced = await self._open_or_update(current, link)
        except CaseRejected as error:
            rejection = str(error)
            log.error("tracker_rejected", tracker=self._options.name, reason=rejection)
            previous = link or Link(outlet=self._options.name, state=LinkState.REFUSED)
            synced = previous.model_copy(update={"state": LinkState.REFUSED})
        details = (synced.outlet, synced.state, str(current.reopened))
        event = CaseEvent.identify(
            case.case_id, CaseEventType.LINKED, *details, at=datetime.now(UTC), link=synced,
            text=rejection and f"{synced.outlet} rejected the case: {rejection}",
        )  # fmt: skip
        await self._publish([event])
        self._done.add(work)

    async def _open_or_update(self, case: Case, link: Link | None) -> Link:
        if link is None:
            text = (
                await self._store.read_feedback_text(case.feedback_id) if self._options.text else ""
            )
            return await self._tracker.open(case, text)
        resolved = case.status is CaseStatus.RESOLVED
        return await self._tracker.update(
            case, link, LinkState.RESOLVED if resolved else LinkState.OPENED
        )
