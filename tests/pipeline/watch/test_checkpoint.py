"""Alerts and state, both or none, on a real Kafka."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from pipeline.kafka.reader import AsyncTopicReader
from pipeline.kafka.transactional_producer import Fenced
from pipeline.settings import Settings
from pipeline.watch.checkpoint import TransactionalStateStore, to_message
from schemas.alert import Alert, Interval
from schemas.alerting_state import AlertingState
from tests.support.signals import read_alerts

AT = datetime(2026, 8, 3, 9, tzinfo=UTC)
PARTITION = 2


def alert(site: str, revision: int = 0) -> Alert:
    fields = {
        "kind": "negative", "state": "firing", "severity": "warning", "updated_at": AT,
        "counted_from": AT, "counted_to": AT, "seen": 1, "total": 2, "expected": 1, "ratio": 1,
        "interval": Interval(low=0, high=1), "share": 0.5, "usual_share": 0.1, "once_in_days": 3,
        "sentence": "More than usual.",
    }  # fmt: skip
    return Alert.identify(site=site, started_at=AT, revision=revision, **fields)


def state(next_offset: int, size: int = 10) -> AlertingState:
    return AlertingState(partition=PARTITION, next_offset=next_offset, state=b"x" * size)


@pytest.fixture
async def reader(settings: Settings) -> AsyncIterator[AsyncTopicReader]:
    reader = AsyncTopicReader(settings.kafka)
    yield reader
    await reader.close()


def ledger(settings: Settings, reader: AsyncTopicReader) -> TransactionalStateStore:
    return TransactionalStateStore(settings.kafka, PARTITION, reader)


async def test_the_last_state_is_found_behind_others(
    settings: Settings, reader: AsyncTopicReader
) -> None:
    one = ledger(settings, reader)
    await one.open()
    for number in range(4):
        await one.write(state(number, 100_000), [alert("found", number)])
    await one.close()
    other = ledger(settings, reader)
    assert await other.open() == state(3, 100_000)
    await other.close()
    assert [each.revision for each in read_alerts(settings, ["found"])] == [0, 1, 2, 3]


async def test_what_a_dead_worker_left_undone_never_was(
    settings: Settings, reader: AsyncTopicReader
) -> None:
    dead = ledger(settings, reader)
    await dead.open()
    await dead.write(state(10), [])
    await dead._producer._require_producer().begin_transaction()
    await (await dead._producer._send(0, to_message(alert("undone"))))
    heir = ledger(settings, reader)
    assert await heir.open() == state(10)
    await heir.write(state(11), [alert("undone", 1)])
    assert [each.revision for each in read_alerts(settings, ["undone"])] == [1]
    await heir.close()
    await dead.close()


async def test_who_was_thought_dead_publishes_nothing_more(
    settings: Settings, reader: AsyncTopicReader
) -> None:
    thought_dead, heir = ledger(settings, reader), ledger(settings, reader)
    await thought_dead.open()
    await thought_dead.write(state(20), [])
    await heir.open()
    await heir.write(state(21), [alert("once")])
    with pytest.raises(Fenced):
        await thought_dead.write(state(22), [alert("once", 1)])
    with pytest.raises(Fenced):  # nor when it tries again and shuts out its heir
        await thought_dead.write(state(22), [alert("once", 1)])
    assert [each.revision for each in read_alerts(settings, ["once"])] == [0]
    await thought_dead.close()
    await heir.close()


async def test_a_commit_that_was_not_heard_of_is_not_done_again(
    settings: Settings, reader: AsyncTopicReader
) -> None:
    one = ledger(settings, reader)
    await one.open()
    before = one._last
    await one.write(state(30), [alert("unheard")])
    one._last = before
    await one.close()
    await one.write(state(30), [alert("unheard")])
    assert len(read_alerts(settings, ["unheard"])) == 1
    await one.close()


async def test_a_state_that_is_too_large_holds_no_alert_back(
    settings: Settings, reader: AsyncTopicReader
) -> None:
    one = ledger(settings, reader)
    await one.open()
    await one.write(state(40), [])
    await one.write(state(41, 10_000_000), [alert("large")])
    await one.close()
    assert await one.open() == state(40)
    assert len(read_alerts(settings, ["large"])) == 1
    await one.close()
