"""What the clock does to cases: every few seconds, tell the overdue ones, and the outlets.

Each worker looks after the cases whose events it reads, so that no two do the same. What a round
does are events, and what it looks for are cases that lack them: one that was interrupted is taken
up by the next, whoever runs it.
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
from pipeline.cases.trackers.base import Later, Outlet, Refusal
from pipeline.cases.trackers.factory import outlet_of
from pipeline.failures import TransientError
from pipeline.notify.webhooks import WebhookClient
from schemas.case import Case, CaseEvent, CaseEventType, CaseStatus, Link, LinkState
from schemas.kafka_topics import CASES

_LONGEST_WAIT: Final = timedelta(minutes=10)

Publish = Callable[[Sequence[CaseEvent]], Awaitable[None]]

log = structlog.get_logger("worker")


class Rounds:
    """The rounds of one worker. A context: its end stops them."""

    def __init__(self, options: CasesSettings, store: CaseStore, publish: Publish) -> None:
        self._options = options
        self._store = store
        self._publish = publish
        self._stack = AsyncExitStack()
        self._task: asyncio.Task[None] | None = None
        self._mine = Mine()
        self._overdue: set[str] = set()
        self._told: list[Told] = []

    async def __aenter__(self) -> Self:
        clients: dict[bool, WebhookClient] = {}
        for options in self._options.outlets:
            if options.allow_private not in clients:
                client = WebhookClient(allow_private=options.allow_private)
                clients[options.allow_private] = await self._stack.enter_async_context(client)
            outlet = outlet_of(options, clients[options.allow_private])
            self._told.append(Told(outlet, self._store, self._publish))
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
        """Begin; ``assignment`` tells which partitions the worker reads at the moment."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(assignment, fail))

    async def _run(
        self, assignment: Callable[[], Iterable[Any]], fail: Callable[[BaseException], None]
    ) -> None:
        while True:
            await asyncio.sleep(self._options.check_every.total_seconds())
            try:
                await self.once(datetime.now(UTC), assignment())
            except TransientError as error:
                log.warning("waiting", reason=str(error))
            except Exception as error:
                fail(error)
                return

    async def once(self, now: datetime, assignment: Iterable[Any]) -> None:
        """One round over the cases of the assigned partitions."""
        self._mine.are(assignment, now)
        await self._tell_overdue(now)
        for told in self._told:
            await told.once(now, self._mine)

    async def _tell_overdue(self, now: datetime) -> None:
        found = await self._store.find_past_due(now)
        # The search is a second behind; what it found may have been resolved since.
        current = await self._store.get(c.case_id for c in found if self._mine.has(c))
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
        news = [event for event in events if event.event_id not in self._overdue]
        if news:
            await self._publish(news)
            # What was told a moment ago may not be in the index yet.
            self._overdue.update(event.event_id for event in news)
            log.info("cases_overdue", cases=len(news))


class Mine:
    """Which cases this worker looks after, and since when: those whose events it reads."""

    def __init__(self) -> None:
        self._since: dict[int, datetime] = {}

    def are(self, assignment: Iterable[Any], now: datetime) -> None:
        """Take what is assigned now."""
        mine = {tp.partition for tp in assignment if tp.topic == CASES.name}
        self._since = {partition: self._since.get(partition, now) for partition in mine}

    def has(self, case: Case) -> bool:
        """Whether the case is one of them."""
        return self._partition(case) in self._since

    def since(self, case: Case) -> datetime:
        """Since when it is."""
        return self._since[self._partition(case)]

    def _partition(self, case: Case) -> int:
        return int(case.case_id[:8], 16) % CASES.partitions


class Told:
    """One outlet and what it has yet to be told."""

    def __init__(self, outlet: Outlet, store: CaseStore, publish: Publish) -> None:
        self._outlet = outlet
        self._options = outlet.options
        self._store = store
        self._publish = publish
        # What was told a moment ago, and may not be in the index yet.
        self._done: set[tuple[str, int, Link | None]] = set()
        self._rests_until: datetime | None = None
        self._failures = 0

    async def once(self, now: datetime, mine: Mine) -> None:
        """Tell all that there is to tell, until the outlet asks to be left alone."""
        if self._rests_until is not None and now < self._rests_until:
            return
        try:
            for case in await self._store.find_unlinked(self._options.name, self._options.wanted):
                if self._is_due(case, mine, now):
                    await self._tell(case, None)
            for case in await self._stale():
                if mine.has(case):
                    await self._tell(case, case.find_link(self._options.name))
            self._failures, self._rests_until = 0, None
        except Later as error:
            self._failures += 1
            usual = timedelta(seconds=2 ** min(self._failures, 10))
            wait = min(error.wait or usual, _LONGEST_WAIT)
            self._rests_until = now + wait
            log.warning("outlet_waits", outlet=self._options.name, reason=str(error))

    def _is_due(self, case: Case, mine: Mine, now: datetime) -> bool:
        """Whether the outlet would find by now what another worker made of the case."""
        return mine.has(case) and now >= mine.since(case) + self._outlet.search_lag

    async def _stale(self) -> list[Case]:
        name = self._options.name
        resolved = await self._store.find_linked(name, LinkState.OPENED, resolved=True)
        again = await self._store.find_linked(name, LinkState.RESOLVED, resolved=False)
        return [*resolved, *again]

    async def _tell(self, case: Case, link: Link | None) -> None:
        # The search is a second behind; the case itself knows whether it was told.
        current = (await self._store.get([case.case_id])).get(case.case_id)
        if current is None or current.find_link(self._options.name) != link:
            return
        doing = (case.case_id, current.reopened, link)
        if doing in self._done:
            return
        refusal = None
        try:
            made = await self._ask(current, link)
        except Refusal as error:
            refusal = str(error)
            log.error("outlet_refuses", outlet=self._options.name, reason=refusal)
            before = link or Link(outlet=self._options.name, state=LinkState.REFUSED)
            made = before.model_copy(update={"state": LinkState.REFUSED})
        about = (made.outlet, made.state, str(current.reopened))
        event = CaseEvent.identify(
            case.case_id, CaseEventType.LINKED, *about, at=datetime.now(UTC), link=made,
            text=refusal and f"The outlet {made.outlet} refuses it: {refusal}",
        )  # fmt: skip
        await self._publish([event])
        self._done.add(doing)

    async def _ask(self, case: Case, link: Link | None) -> Link:
        if link is None:
            text = (
                await self._store.read_feedback_text(case.feedback_id) if self._options.text else ""
            )
            return await self._outlet.open(case, text)
        resolved = case.status is CaseStatus.RESOLVED
        return await self._outlet.follow(
            case, link, LinkState.RESOLVED if resolved else LinkState.OPENED
        )
