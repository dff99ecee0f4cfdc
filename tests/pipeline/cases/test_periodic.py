"""What the clock does: overdue cases once, outlets until they have each case, on Elasticsearch."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from faust.types import TP

from pipeline.cases.options import CasesSettings
from pipeline.cases.periodic import PeriodicTasks
from pipeline.cases.reducer import apply_event
from pipeline.cases.rules import Rules, open_event
from pipeline.cases.store import CaseStore
from pipeline.cases.trackers.options import read_tracker
from pipeline.elasticsearch.client import connect_async
from pipeline.settings import Settings
from schemas.case import Case, CaseEvent, CaseEventType, CaseStatus, LinkState
from schemas.case_documents import CASES_INDEX
from schemas.kafka_topics import CASES
from tests.pipeline.cases.services import TOKEN, FakeZendesk
from tests.pipeline.cases.test_reducer import opening
from tests.support.fake_service import Served

ALL = [TP(CASES.name, partition) for partition in range(CASES.partitions)]
NOW = datetime.now(UTC)
SECOND = timedelta(seconds=1)


class Log:
    """Stands for Kafka and the fold: keeps what is published, and brings the cases up to date."""

    def __init__(self, store: CaseStore, client: Any) -> None:
        self.events: list[CaseEvent] = []
        self._store = store
        self._client = client

    async def publish(self, events: Sequence[CaseEvent]) -> None:
        self.events += events

    async def fold(self) -> None:
        """What the role does a moment later."""
        cases = await self._store.get(event.case_id for event in self.events)
        for event in self.events:
            cases[event.case_id] = apply_event(cases[event.case_id], event)
        await self._store.write(cases.values())
        await self._client.indices.refresh(index=CASES_INDEX)

    def told(self, case: Case) -> list[CaseEventType]:
        return [event.type for event in self.events if event.case_id == case.case_id]


async def count_partitions() -> int:
    return CASES.partitions


@asynccontextmanager
async def rounds_of(
    settings: Settings, case: Case, *trackers: Any
) -> AsyncIterator[tuple[PeriodicTasks, Log]]:
    async with connect_async(settings) as client:
        store = CaseStore(client)
        await store.write([case])
        await client.indices.refresh(index=CASES_INDEX)
        log = Log(store, client)
        options = CasesSettings(Rules(()), trackers=trackers)
        async with PeriodicTasks(options, store, log.publish, count_partitions) as rounds:
            yield rounds, log


def case_at(site: str, number: int, due_at: datetime) -> Case:
    first = opening(feedback_id=f"{number:032x}", site=site, due_at=due_at, resolve_by=None)
    return apply_event(None, open_event(first, NOW - timedelta(hours=1)))


def desk(url: str, site: str) -> Any:
    table = {
        "kind": "zendesk", "base_url": url, "email": "ann@example.org", "api_token": TOKEN,
        "allow_private": True, "sites": [site],
    }  # fmt: skip
    return read_tracker(f"desk-{site}", table, lambda _: "")


async def test_an_overdue_case_is_told_once_by_the_worker_that_reads_its_events(
    settings: Settings,
) -> None:
    case = case_at("late", 41, NOW - SECOND)
    partition = int(case.case_id[:8], 16) % CASES.partitions
    async with rounds_of(settings, case) as (rounds, log):
        await rounds.run_once(NOW, [tp for tp in ALL if tp.partition != partition])
        assert log.told(case) == []
        await rounds.run_once(NOW, ALL)
        await rounds.run_once(NOW, ALL)  # before the index has it
        await log.fold()
        await rounds.run_once(NOW, ALL)
        assert log.told(case) == [CaseEventType.OVERDUE]
    async with rounds_of(settings, case) as (rounds, log):  # another worker, or after a crash
        await rounds.run_once(NOW, ALL)
        assert log.told(case) == []


async def test_an_outlet_that_is_away_gets_the_case_later(settings: Settings) -> None:
    case, zendesk = case_at("away", 42, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        async with rounds_of(settings, case, desk(served.url, "away")) as (rounds, log):
            served.faults += ["429"]
            await rounds.run_once(NOW, ALL)
            await rounds.run_once(NOW, ALL)
            assert (zendesk.tickets, len(served.requests)) == ([], 1), "it asks to wait a second"
            await rounds.run_once(NOW + 2 * SECOND, ALL)
            await rounds.run_once(NOW + 2 * SECOND, ALL)
            await log.fold()
            assert (len(zendesk.tickets), log.told(case)) == (1, [CaseEventType.LINKED])


async def test_what_a_crash_left_undone_is_found_and_not_made_again(settings: Settings) -> None:
    case, zendesk = case_at("crash", 43, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        for _ in range(2):  # the first worker dies between the ticket and the note of it
            async with rounds_of(settings, case, desk(served.url, "crash")) as (rounds, log):
                await rounds.run_once(NOW, ALL)
        assert (len(zendesk.tickets), log.told(case)) == (1, [CaseEventType.LINKED])


async def test_a_case_that_an_outlet_refuses_is_noted_and_not_tried_again(
    settings: Settings,
) -> None:
    case, zendesk = case_at("refused", 44, NOW + 9_000 * SECOND), FakeZendesk()
    with Served(zendesk.app) as served:
        async with rounds_of(settings, case, desk(served.url, "refused")) as (rounds, log):
            served.faults += ["400"]
            await rounds.run_once(NOW, ALL)
            await log.fold()
            await rounds.run_once(NOW, ALL)
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
        async with rounds_of(settings, case, desk(served.url, "done")) as (rounds, log):
            await rounds.run_once(NOW, ALL)
            await log.publish([resolved])
            await log.fold()
            await rounds.run_once(NOW, ALL)
            await log.fold()
            await rounds.run_once(NOW, ALL)
            assert [ticket["status"] for ticket in zendesk.tickets] == ["solved"]
        async with rounds_of(settings, other, desk(served.url, "done")) as (rounds, log):
            await rounds.run_once(NOW, ALL)
        assert len(zendesk.tickets) == 1
