"""Latency of alerts, from publishing the tipping comment to the webhook, at 500 comments a second.

``python -m bench.alert_latency`` starts its own engines and the whole worker. Sites with nine
quiet days of history, and hundreds of others, get comments at a fixed rate; then one site after
the other turns bad. The tipping comment is determined afterwards: the detector gets the same
signals and is evaluated after each.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web
from aiokafka import AIOKafkaConsumer

from bench.servers import own_servers
from pipeline.enrich.signals import signal_payload, site_key
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.reader import AsyncTopicReader
from pipeline.settings import Settings
from pipeline.streams.lag import count_waiting_records
from pipeline.streams.roles import Role
from pipeline.watch.partition import Partition, RoleCounts
from pipeline.watch.settings import WatchSettings
from schemas.feedback import Feedback
from schemas.kafka_topics import ALERTS, FORMS, SIGNALS
from schemas.message import Message
from schemas.record import deterministic_id
from schemas.signal import Signal

_EVENTS_PER_S: Final = 500
_TICK_S: Final = 0.02
_SITES: Final = 300
_SPIKE_EVENTS_PER_S: Final = 5
_SPIKE_S: Final = 12.0
_LEAD_S: Final = 10.0
_DAYS: Final = 9
_BAR_S: Final = 5.0
_BAD: Final = "Waited four hours, nobody told us anything. Terrible, dirty and rude."
_GOOD: Final = "The nurses were lovely and explained everything."
_SETTINGS: Final = """
[notify.bench]
webhook = "http://127.0.0.1:{port}/"
secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
allow_private = true
"""


class Arrivals:
    """Time of each site's first notification."""

    def __init__(self) -> None:
        self.webhooks: dict[str, float] = {}
        self.alerts: dict[str, float] = {}

    async def receive(self, request: web.Request) -> web.Response:
        """Receive a webhook."""
        now, body = time.time(), await request.read()
        payload = orjson.loads(body)
        site = (payload.get("data") or payload).get("site") or ""
        self.webhooks.setdefault(site, now)
        return web.Response()

    async def watch_alerts(self, settings: Settings) -> None:
        """Consume the alerts from the Kafka topic, as a subscriber does."""
        async with AIOKafkaConsumer(
            ALERTS.name,
            bootstrap_servers=settings.kafka_bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        ) as consumer:
            async for record in consumer:
                site = orjson.loads(record.value or b"").get("site") or ""
                self.alerts.setdefault(site, time.time())


@asynccontextmanager
async def _receiver(arrivals: Arrivals) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_post("/", arrivals.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _history(sites: list[str], until: datetime) -> list[Message]:
    chance = random.Random("history")
    messages = []
    for number in range(_DAYS * 96):
        for site in sites:
            negative = number % 7 == 3
            signal = Signal(
                event_id=deterministic_id("bench", site, str(number)),
                at=until - timedelta(minutes=15 * (_DAYS * 96 - number) - chance.random() * 14),
                site=site,
                source="form",
                topics=("staff",),
                negative=negative,
                scored=True,
                urgent=False,
            )
            messages.append(Message(SIGNALS, site_key(site).encode(), signal_payload(signal), []))
    return messages


def _comment(number: int, site: str, text: str) -> Message:
    record = Feedback.collect(
        source="form",
        native_id=str(number),
        created_at=datetime.now(UTC),
        family="form",
        text=f"{text} ({number})",
        site=site,
    )
    return Message(FORMS, record.event_id.encode(), record.to_payload(), [])


def _tick_comments(spikes: list[str], tick: int) -> Iterator[tuple[str, str]]:
    """Yield site and text of a tick's comments: 500 a second, and the spikes in turn."""
    chance = random.Random(tick)
    for _ in range(round(_EVENTS_PER_S * _TICK_S)):
        yield (
            f"Site {chance.randrange(_SITES)}",
            _BAD if chance.random() < 0.2 else _GOOD,
        )
    at = tick * _TICK_S - _LEAD_S
    every = round(1 / _SPIKE_EVENTS_PER_S / _TICK_S)
    if at >= 0 and tick % every == 0 and int(at // _SPIKE_S) < len(spikes):
        yield spikes[int(at // _SPIKE_S)], _BAD


async def _publish(producer: BatchProducer, spikes: list[str]) -> dict[str, float]:
    """Publish at a fixed rate, even if the worker falls behind; return the times by comment."""
    published: dict[str, float] = {}
    acknowledgements: list[asyncio.Future[Any]] = []
    began, number = time.time(), 0
    for tick in range(round((_LEAD_S + _SPIKE_S * len(spikes)) / _TICK_S)):
        await asyncio.sleep(max(0.0, began + tick * _TICK_S - time.time()))
        messages = []
        for site, text in _tick_comments(spikes, tick):
            number += 1
            messages.append(_comment(number, site, text))
        now = time.time()
        published |= {message.key.decode(): now for message in messages}
        acknowledgements += (await producer.begin(messages)).acknowledgements
    await producer.finish(acknowledgements)
    return published


async def _find_tipping_comments(
    settings: Settings, spikes: list[str], published: dict[str, float]
) -> dict[str, tuple[str, float]]:
    """Return each site's tipping comment, and when its signal was published.

    It is the comment after which a detector that is evaluated after every comment raises an alert.
    """
    reader = AsyncTopicReader(settings.kafka)
    tipping_comments: dict[str, tuple[str, float]] = {}
    options = WatchSettings().options(SIGNALS.partitions)
    for number in range(SIGNALS.partitions):
        partition = Partition(number, None, options, RoleCounts(), end=0)
        start, end = await reader.bounds(SIGNALS, number)
        async for records in reader.read(SIGNALS, number, start, end):
            for record in records:
                partition.consume([record], behind=False)
                signal = orjson.loads(record.value or b"")
                if signal["site"] in spikes:
                    partition.evaluate_open_bucket()
                for alert in partition.alerts:
                    if signal["event_id"] in published:
                        tipping = (signal["event_id"], record.timestamp / 1000)
                        tipping_comments.setdefault(alert.site or "", tipping)
                partition.alerts.clear()
    await reader.close()
    return tipping_comments


def _wait_until_ready(settings: Settings, log: Path, worker: subprocess.Popen[bytes]) -> None:
    """Until every role is ready and the history is counted."""

    def ready() -> bool:
        return log.read_bytes().count(b"worker_ready") == len(Role)

    while not ready() or count_waiting_records(settings, [Role.WATCH]) != 0:
        if worker.poll() is not None:
            raise SystemExit(f"the worker ended: {log.read_text('utf-8')[-500:]}")
        time.sleep(0.5)


async def _measure(settings: Settings, folder: Path, spikes: list[str]) -> list[str]:
    arrivals = Arrivals()
    producer = BatchProducer(settings.kafka)
    await producer.start()
    await producer.write(_history(spikes, datetime.now(UTC)))
    async with _receiver(arrivals) as port:
        config, log = folder / "feedback.toml", folder / "worker.log"
        config.write_text(_SETTINGS.format(port=port), encoding="utf-8")
        with log.open("wb") as output:
            worker = subprocess.Popen(  # noqa: ASYNC220 - it starts once, before anything is timed
                [
                    "env",
                    f"FEEDBACK_KAFKA_BOOTSTRAP_SERVERS={settings.kafka_bootstrap_servers}",
                    f"FEEDBACK_ELASTICSEARCH_URL={settings.elasticsearch_url}",
                    f"FEEDBACK_CONFIG={config}",
                    *(sys.executable, "-m", "pipeline.cli", "worker"),
                ],
                stderr=output,
            )
        watching = asyncio.ensure_future(arrivals.watch_alerts(settings))
        try:
            await asyncio.to_thread(_wait_until_ready, settings, log, worker)
            arrivals.webhooks.clear()
            arrivals.alerts.clear()
            published = await _publish(producer, spikes)
            await asyncio.sleep(_BAR_S + 2)
        finally:
            watching.cancel()
            worker.terminate()
            await asyncio.to_thread(worker.wait, 60)
    await producer.stop()
    tipped = await _find_tipping_comments(settings, spikes, published)
    return [
        _line(site, published[tipped[site][0]], tipped[site][1], arrivals)
        for site in spikes
        if site in tipped
    ]


def _line(site: str, tipped: float, signal: float, arrivals: Arrivals) -> str:
    def after(arrived: float | None) -> str:
        return "never" if arrived is None else f"{arrived - tipped:.2f} s"

    steps = {
        "signal": signal,
        "alert on Kafka": arrivals.alerts.get(site),
        "webhook": arrivals.webhooks.get(site),
    }
    return f"{site}: " + ", ".join(f"{step} after {after(at)}" for step, at in steps.items())


def main() -> None:
    """Measure, and print a line for each site that turned bad."""
    parser = argparse.ArgumentParser(prog="python -m bench.alert_latency", description=__doc__)
    parser.add_argument("--spikes", type=int, default=5, help="sites that turn bad (5)")
    options = parser.parse_args()
    spikes = [f"Hospital {number}" for number in range(options.spikes)]
    with (
        own_servers(Settings(), lambda line: print(line, file=sys.stderr)) as servers,
        tempfile.TemporaryDirectory() as folder,
    ):
        servers.empty()
        lines = asyncio.run(_measure(servers.settings, Path(folder), spikes))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
