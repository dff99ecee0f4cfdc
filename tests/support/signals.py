"""Helpers for tests of alerts: signals with a spike in them, and the alerts that follow."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import orjson

from pipeline.enrich.signals import signal_payload, site_key
from pipeline.kafka.producer import BatchProducer
from pipeline.settings import Settings
from pipeline.watch.partition import Partition, RoleCounts
from pipeline.watch.settings import WatchSettings
from schemas.alert import Alert
from schemas.kafka_topics import ALERTS, SIGNALS
from schemas.message import Message
from schemas.record import deterministic_id
from schemas.signal import Signal
from tests.support.kafka import read_all

DAYS = 9
SPIKE_HOURS = 2
WORDS = ("lift", "broken", "stairs")


def signal(name: str, at: datetime, site: str, *, negative: bool, source: str = "form") -> Signal:
    """One signal; its words are those of the spike where it is negative."""
    return Signal(
        event_id=deterministic_id("test", name),
        at=at,
        site=site,
        source=source,
        topics=("waiting_time",) if negative else ("staff",),
        negative=negative,
        scored=True,
        urgent=False,
        words=WORDS if negative else (),
    )


def history(sites: Sequence[str], until: datetime) -> list[Signal]:
    """Nine quiet days of each site, in the order of their times; every seventh is negative."""
    chance = random.Random("history")
    start = until - timedelta(days=DAYS)
    signals = []
    for site in sites:
        for number in range(DAYS * 96):
            at = start + timedelta(minutes=15 * number + chance.random() * 14.9)
            signals.append(signal(f"{site} {number} {until}", at, site, negative=number % 7 == 3))
    return sorted(signals, key=lambda each: each.at)


def spike(site: str, since: datetime) -> list[Signal]:
    """Two hours in which almost everything is negative, six times as much as usual."""
    return [
        signal(f"{site} spike {number} {since}", at, site, negative=number % 8 > 0)
        for number in range(SPIKE_HOURS * 24)
        if (at := since + timedelta(minutes=2.5 * number))
    ]


def publish_signals(settings: Settings, signals: Iterable[Signal]) -> None:
    """Publish signals as the enrich role does."""
    messages = [
        Message(SIGNALS, site_key(signal.site).encode(), signal_payload(signal), [])
        for signal in signals
    ]

    async def send() -> None:
        producer = BatchProducer(settings.kafka)
        await producer.start()
        for start in range(0, len(messages), 2_000):
            await producer.write(messages[start : start + 2_000])
        await producer.stop()

    asyncio.run(send())


def read_alerts(settings: Settings, sites: Iterable[str]) -> list[Alert]:
    """Return the alerts about these sites that subscribers read."""
    wanted = set(sites)
    values = (record.value for record in read_all(settings, ALERTS))
    # Other tests publish what is no alert.
    named = [value for value in values if orjson.loads(value).get("site") in wanted]
    return [Alert.from_payload(value) for value in named]


def expected_partitions(settings: Settings) -> list[Partition]:
    """Every partition of the signals as a worker that nothing disturbs would know it."""
    options = WatchSettings().options(SIGNALS.partitions)
    partitions = [
        Partition(number, None, options, RoleCounts(), end=0)
        for number in range(SIGNALS.partitions)
    ]
    for record in read_all(settings, SIGNALS):
        partitions[record.partition].consume([record], behind=False)
    return partitions
