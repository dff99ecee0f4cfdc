"""Alerts on real engines: each episode told once, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import random
import signal as signals
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.kafka.admin import connect_admin, create_kafka_topics
from pipeline.kafka.reader import AsyncTopicReader
from pipeline.settings import Settings
from pipeline.streams.lag import count_waiting_records
from pipeline.streams.roles import Role
from pipeline.watch.checkpoint import TransactionalStateStore
from pipeline.watch.detection.signals import BUCKET_S
from pipeline.watch.detection.state import unpack
from schemas.alerting_state import AlertingState
from schemas.kafka_topics import ALERTING, ALERTS, SIGNALS
from schemas.signal import Signal
from tests.support.engines import Engines, engine_environment, running_engines, set_up
from tests.support.kafka import read_all
from tests.support.pipeline import wait_until
from tests.support.signals import (
    expected_partitions,
    history,
    publish_signals,
    read_alerts,
    signal,
    spike,
)

pytestmark = pytest.mark.slow

SITES = ("Westgate", "Riverside", "Eastgate")  # each in a partition of its own
SINCE = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
AN_HOUR = timedelta(hours=1)

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    """Engines of their own: what waits to be enriched would hold up the time."""
    with running_engines() as engines:
        yield engines


@pytest.fixture(scope="module")
def prepared(engines: Engines) -> Settings:
    """Settings for them."""
    return set_up(engines)


@pytest.fixture
def settings(prepared: Settings) -> Settings:
    """With no signals yet, nor anything known of them."""
    ours = [topic.name for topic in (SIGNALS, ALERTING, ALERTS)]
    with connect_admin(prepared.kafka) as admin:
        admin.delete_topics(ours)
        wait_until(
            lambda: not set(ours) & set(admin.list_topics()),
            seconds=20,
            what="Kafka topics deleted",
        )
    create_kafka_topics(prepared)
    return prepared


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """The environment of a worker."""
    return engine_environment(settings)


def episode() -> list[Signal]:
    """Spikes at all three sites at once, and what comes when they are over."""
    spikes = [signal for site in SITES for signal in spike(site, SINCE)]
    after = [
        signal(
            f"{site} after {n}", SINCE + timedelta(hours=2, minutes=15 * n), site, negative=False
        )
        for site in SITES
        for n in range(10)
    ]
    return sorted(spikes + after, key=lambda each: each.at)


def parts(found: Sequence[Signal], count: int) -> Iterator[Sequence[Signal]]:
    """As many runs of about the same length."""
    size = -(-len(found) // count)
    return (found[start : start + size] for start in range(0, len(found), size))


def wait_until_counted(settings: Settings, seconds: float = 120) -> None:
    wait_until(
        lambda: count_waiting_records(settings, [Role.WATCH]) == 0,
        seconds=seconds,
        what="signals counted",
    )


def assert_told_once(settings: Settings) -> None:
    """Every site's spike is told once, from its first notice to its end, and no count is lost."""
    alerts = read_alerts(settings, SITES)
    spikes = [
        alert for alert in alerts if alert.topic is None and alert.started_at > SINCE - AN_HOUR
    ]
    assert sorted(alert.site or "" for alert in spikes if alert.revision == 0) == sorted(SITES)
    for alert_id in {alert.alert_id for alert in alerts}:
        notices = [alert for alert in alerts if alert.alert_id == alert_id]
        assert [alert.revision for alert in notices] == list(range(len(notices)))
        resolved = [alert.revision for alert in notices if alert.state == "resolved"]
        assert resolved == [len(notices) - 1]
    saved = {record.partition: record for record in read_all(settings, ALERTING)}
    for partition in expected_partitions(settings):
        state = AlertingState.from_payload(saved[partition.number].value)
        assert state.next_offset == partition.next_offset
        # With nothing to count, the worker let time pass by itself.
        partition.advance((unpack(state.state)[0]["last"] + 1) * BUCKET_S)
        assert bucket_counts(state) == bucket_counts(partition.snapshot())


def bucket_counts(state: AlertingState) -> dict[str, Any]:
    """Return the counts of each bucket of the last day. What is learnt of it depends on when an
    episode was first seen, and so on when the worker looked."""
    facts, arrays = unpack(state.state)
    counts = {name: array.tolist() for name, array in arrays.items() if name.endswith(".ring")}
    return {**counts, "dropped": facts["dropped"], "last": facts["last"]}


def test_kill_9_in_the_middle_of_an_episode_tells_it_once(
    settings: Settings, start_worker: Start
) -> None:
    publish_signals(settings, history(SITES, SINCE))
    worker = start_worker("--role", "watch")
    wait_until_counted(settings)
    pauses = [random.SystemRandom().uniform(0.1, 1.6) for _ in range(3)]
    for part, pause in zip(parts(episode()[:72], 3), pauses, strict=True):
        publish_signals(settings, part)
        time.sleep(pause)
        worker.kill()
        worker.wait()
        worker = start_worker("--role", "watch")
        wait_until_counted(settings, seconds=60)
    publish_signals(settings, episode()[72:])
    wait_until_counted(settings)
    worker.send_signal(signals.SIGTERM)
    assert worker.wait(60) == 0
    assert_told_once(settings)


def test_what_is_repeated_and_replayed_changes_nothing(
    settings: Settings, start_worker: Start, tmp_path: Path
) -> None:
    once = history(SITES, SINCE) + episode()
    publish_signals(settings, [signal for signal in once for _ in range(2)])
    assert start_worker("--role", "watch", "--drain").wait(90) == 0
    alerts = read_alerts(settings, SITES)
    assert_told_once(settings)
    publish_signals(settings, once)
    assert start_worker("--role", "watch", "--drain").wait(90) == 0
    assert read_alerts(settings, SITES) == alerts
    dropped = read_summary(tmp_path / "worker-1.log")["dropped"]
    assert dropped["late"] + dropped["repeated"] == 2 * len(once)


def read_summary(log: Path) -> dict[str, dict[str, int]]:
    """Return the role's own summary from its log."""
    lines = [orjson.loads(line) for line in log.read_bytes().splitlines()]
    (found,) = (line for line in lines if line["event"] == "watch_finished")
    return dict(found)


def test_a_worker_that_joins_and_leaves_in_mid_episode_tells_nothing_twice(
    settings: Settings, start_worker: Start
) -> None:
    publish_signals(settings, history(SITES, SINCE))
    stays = start_worker("--role", "watch")
    wait_until_counted(settings)
    first, second, third, last = parts(episode(), 4)
    publish_signals(settings, first)
    comes_and_goes = start_worker("--role", "watch")
    wait_until(lambda: members(settings) == 2, seconds=60, what="two members")
    publish_signals(settings, second)
    wait_until_counted(settings)
    publish_signals(settings, third)
    comes_and_goes.send_signal(signals.SIGTERM)
    assert comes_and_goes.wait(60) == 0
    publish_signals(settings, last)
    wait_until_counted(settings)
    stays.send_signal(signals.SIGTERM)
    assert stays.wait(60) == 0
    assert_told_once(settings)


def members(settings: Settings) -> int:
    from pipeline.streams.lag import group_lags

    return sum(
        lag["members"] for lag in group_lags(settings) or () if lag["kafka_topic"] == SIGNALS.name
    )


def test_a_worker_that_was_thought_dead_tells_nothing_twice(
    settings: Settings, start_worker: Start
) -> None:
    publish_signals(settings, history(SITES, SINCE))
    asleep = start_worker("--role", "watch")
    wait_until_counted(settings)
    first, second, third = parts(episode(), 3)
    publish_signals(settings, first)
    asleep.send_signal(signals.SIGSTOP)
    heir = start_worker("--role", "watch")
    publish_signals(settings, second)
    wait_until_counted(settings)
    asleep.send_signal(signals.SIGCONT)
    publish_signals(settings, third)
    wait_until(lambda: members(settings) == 2, seconds=60, what="two members")
    wait_until_counted(settings)
    for worker in (heir, asleep):
        worker.send_signal(signals.SIGTERM)
        assert worker.wait(60) == 0
    assert_told_once(settings)


def test_a_partition_that_was_taken_and_left_goes_on_without_another_signal(
    settings: Settings, start_worker: Start
) -> None:
    publish_signals(settings, history(SITES, SINCE))
    worker = start_worker("--role", "watch")
    wait_until_counted(settings)
    publish_signals(settings, episode())
    asyncio.run(take_and_leave(settings))
    wait_until_counted(settings)
    worker.send_signal(signals.SIGTERM)
    assert worker.wait(60) == 0
    assert_told_once(settings)


async def take_and_leave(settings: Settings) -> None:
    """Shut the worker out of what it has, as one that was thought dead does for a moment."""
    reader = AsyncTopicReader(settings.kafka)
    for number in range(SIGNALS.partitions):
        ledger = TransactionalStateStore(settings.kafka, number, reader)
        await ledger.open()
        await ledger.close()
    await reader.close()
