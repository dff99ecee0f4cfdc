"""Overdue cases are published once, and trackers get each case; on a real Elasticsearch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from faust.types import TP

from pipeline.cases.options import CasesSettings
from pipeline.cases.periodic import OwnedCases, PeriodicTasks, TrackerSync
from pipeline.cases.reducer import apply_event
from pipeline.cases.rules import Rules, open_event
from pipeline.cases.store import CaseStore
from pipeline.cases.trackers.base import TrackerUnavailable
from pipeline.cases.trackers.options import read_tracker
from pipeline.elasticsearch.client import connect_async
from pipeline.kafka.partitioner import partition_for_key
from pipeline.settings import Settings
from schemas.case import Case, CaseEvent, CaseEventType, CaseStatus, Link, LinkState
from schemas.case_documents import CASES_INDEX
from schemas.kafka_topics import CASES
from tests.pipeline.cases.services import TOKEN, FakeZendesk
from tests.pipeline.cases.test_reducer import make_opening
from tests.support.fake_service import Served

ALL = [TP(CASES.name, partition) for partition in range(CASES.partitions)]
NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)


class EventLog:
    """Replaces Kafka and the role: keeps published events, and applies them to the cases."""

    def __init__(self, store: CaseStore, client: Any) -> None:
        self.events: list[CaseEvent] = []
        self._store = store
        self._client = client

    async def publish(self, events: Sequence[CaseEvent]) -> None:
        self.events += events

    async def apply_events(self) -> None:
        """Apply the events, as the role does a moment later."""
        cases = await self._store.get(event.case_id for event in self.events)
        for event in self.events:
            cases[event.case_id] = apply_event(cases[event.case_id], event)
        await self._store.write(cases.values())
        await self._client.indices.refresh(index=CASES_INDEX)

    def event_types(self, case: Case) -> list[CaseEventType]:
        return [event.type for event in self.events if event.case_id == case.case_id]


async def count_partitions() -> int:
    return CASES.partitions


@asynccontextmanager
async def running_tasks(
    settings: Settings, case: Case, *trackers: Any
) -> AsyncIterator[tuple[PeriodicTasks, EventLog]]:
    async with connect_async(settings) as client:
        store = CaseStore(client)
        await store.write([case])
        await client.indices.refresh(index=CASES_INDEX)
        log = EventLog(store, client)
        options = CasesSettings(Rules(()), trackers=trackers)
        async with PeriodicTasks(options, store, log.publish, count_partitions) as tasks:
            yield tasks, log


def case_at(site: str, number: int, due_at: datetime) -> Case:
    first = make_opening(feedback_id=f"{number:032x}", site=site, due_at=due_at, resolve_by=None)
    return apply_event(None, open_event(first, NOW - timedelta(hours=1)))


def desk(url: str, site: str) -> Any:
    table = {
        "kind": "zendesk", "base_url": url, "email": "ann@example.org", "api_token": TOKEN,
        "allow_private": True, "sites": [site],
    }  # fmt: skip
    return read_tracker(f"desk-{site}", table, lambda _: "")


async def test_an_overdue_case_is_published_once_by_the_worker_that_reads_its_events(
    settings: Settings,
) -> None:
    case = case_at("late", 41, NOW - SECOND)
    partition = partition_for_key(case.case_id.encode(), CASES.partitions)
    async with running_tasks(settings, case) as (tasks, log):
        await tasks.run_once(NOW, [tp for tp in ALL if tp.partition != partition])
        assert log.event_types(case) == []
        await tasks.run_once(NOW, ALL)
        await tasks.run_once(NOW, ALL)  # before the index has it
        await log.apply_events()
        await tasks.run_once(NOW, ALL)
        assert log.event_types(case) == [CaseEventType.OVERDUE]
    async with running_tasks(settings, case) as (tasks, log):  # another worker, or after a crash
        await tasks.run_once(NOW, ALL)
        assert log.event_types(case) == []


class UnavailableTracker:
    """An issue tracker that asks to wait, or only fails."""

    options = desk("https://desk.example.org", "closed")
    search_lag = timedelta()

    def __init__(self, wait: timedelta | None) -> None:
        self.wait = wait
        self.attempts = 0

    async def open(self, case: Case, text: str) -> Link:
        self.attempts += 1
        raise TrackerUnavailable("the desk is closed", self.wait)

    async def update(self, case: Case, link: Link, state: LinkState) -> Link:
        raise NotImplementedError


class OneCase:
    """Replaces Elasticsearch: has one case that no tracker has."""

    def __init__(self, case: Case) -> None:
        self.case = case

    async def find_unlinked(self, name: str, filters: Any) -> list[Case]:
        return [self.case]

    async def get(self, case_ids: Any) -> dict[str, Case]:
        return {self.case.case_id: self.case}


@pytest.mark.parametrize(
    ("asked", "failures", "wait"),
    [(timedelta(hours=5), 1, timedelta(hours=5)), (None, 1, 2 * SECOND), (None, 12, 600 * SECOND)],
)
async def test_a_tracker_is_left_alone_as_long_as_it_asks_and_ten_minutes_if_it_does_not_say(
    asked: timedelta | None, failures: int, wait: timedelta
) -> None:
    store: Any = OneCase(case_at("closed", 47, NOW + 9_000 * SECOND))
    tracker, owned, now = UnavailableTracker(asked), OwnedCases(), NOW
    owned.update(ALL, CASES.partitions, NOW)
    sync = TrackerSync(tracker, store, EventLog(store, None).publish)
    for _ in range(failures):
        now += timedelta(days=1)
        await sync.sync(now, owned)
    for later, attempts in ((wait - SECOND / 2, failures), (wait, failures + 1)):
        await sync.sync(now + later, owned)
        assert tracker.attempts == attempts


async def test_a_tracker_that_is_unavailable_gets_the_case_later(settings: Settings) -> None:
    case, zendesk = case_at("away", 42, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        async with running_tasks(settings, case, desk(served.url, "away")) as (tasks, log):
            served.faults += ["429"]
            await tasks.run_once(NOW, ALL)
            await tasks.run_once(NOW, ALL)
            assert (zendesk.tickets, len(served.requests)) == ([], 1), "it asks to wait a second"
            await tasks.run_once(NOW + 2 * SECOND, ALL)
            await tasks.run_once(NOW + 2 * SECOND, ALL)
            await log.apply_events()
            assert (len(zendesk.tickets), log.event_types(case)) == (1, [CaseEventType.LINKED])


async def test_what_a_crash_left_undone_is_found_and_not_made_again(settings: Settings) -> None:
    case, zendesk = case_at("crash", 43, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        for _ in range(2):  # the first worker dies between the ticket and the note of it
            async with running_tasks(settings, case, desk(served.url, "crash")) as (tasks, log):
                await tasks.run_once(NOW, ALL)
        assert (len(zendesk.tickets), log.event_types(case)) == (1, [CaseEventType.LINKED])


async def test_a_case_that_a_tracker_rejects_is_noted_and_not_tried_again(
    settings: Settings,
) -> None:
    case, zendesk = case_at("refused", 44, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        async with running_tasks(settings, case, desk(served.url, "refused")) as (tasks, log):
            served.faults += ["400"]
            await tasks.run_once(NOW, ALL)
            await log.apply_events()
            await tasks.run_once(NOW, ALL)
            (event,) = log.events
            assert event.link is not None
            assert (event.link.state, zendesk.tickets) == (LinkState.REFUSED, [])
            assert event.text == "desk-refused rejected the case: Zendesk: status 400"


async def test_a_resolved_case_is_resolved_there_and_an_old_one_never_gets_there(
    settings: Settings,
) -> None:
    case, zendesk = case_at("done", 45, NOW + 9_000 * SECOND), FakeZendesk()
    resolved = CaseEvent.identify(
        case.case_id, CaseEventType.RESOLVED, at=NOW, by="Ann", resolution="Done."
    )
    other = apply_event(case_at("done", 46, NOW), resolved)
    assert other.status is CaseStatus.RESOLVED
    with Served(zendesk.app) as served:
        async with running_tasks(settings, case, desk(served.url, "done")) as (tasks, log):
            await tasks.run_once(NOW, ALL)
            await log.publish([resolved])
            await log.apply_events()
            await tasks.run_once(NOW, ALL)
            await log.apply_events()
            await tasks.run_once(NOW, ALL)
            assert [ticket["status"] for ticket in zendesk.tickets] == ["solved"]
        async with running_tasks(settings, other, desk(served.url, "done")) as (tasks, log):
            await tasks.run_once(NOW, ALL)
        assert len(zendesk.tickets) == 1


@pytest.mark.parametrize("partitions", [1, 3, 7])
def test_every_case_is_owned_by_one_worker_however_many_partitions_the_broker_has(
    partitions: int,
) -> None:
    """With another number than that of the table of Kafka topics, cases were owned by none."""
    cases = [case_at("owned", number, NOW) for number in range(600)]
    workers = [OwnedCases() for _ in range(2)]
    for number, worker in enumerate(workers):
        assigned = [TP(CASES.name, p) for p in range(partitions) if p % 2 == number]
        worker.update(assigned, partitions, NOW)
    owners = [sum(worker.owns(case) for worker in workers) for case in cases]
    assert owners == [1] * 600
