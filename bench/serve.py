"""`python -m bench.serve`: how many signed webhooks a second `feedback serve` takes.

Starts Kafka and the server of its own. Every request carries one submission, signed with
HMAC-SHA256, over keep-alive connections from another process than the server's. With ``--kill``
Kafka is killed and started again under load, and every answer from 200 to 299 is then looked for
on the Kafka topic.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import psutil
from kafka import KafkaConsumer

from bench.latency import percentile
from bench.processes import cpu_s
from deploy.local import LocalEngines, default_cache, down, up
from pipeline.kafka.admin import create_kafka_topics
from pipeline.settings import Settings
from schemas.kafka_topics import FORMS
from schemas.record import deterministic_id

_CHECKOUT: Final = Path(__file__).parent.parent
_TOKEN: Final = "bench-token-0123456789"  # noqa: S105
_TEXT: Final = "The nurses were lovely and explained everything."
_AWAY_S: Final = 8.0


@dataclass(slots=True)
class Outcome:
    """Responses seen by the clients."""

    statuses: Counter[int] = field(default_factory=Counter)
    taken: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def _request(number: str) -> bytes:
    body = json.dumps(
        {
            "submission_id": number,
            "text": f"{_TEXT} {number}",
            "score": 9,
            "site": "Eastgate",
            "created_at": "2026-10-05T09:30:00Z",
        }
    ).encode()
    mac = hmac.digest(_TOKEN.encode(), body, "sha256").hex()
    head = (
        "POST /feedback/bench HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={mac}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _client(port: int, name: str, end: float, outcome: Outcome) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while time.perf_counter() < end:
        identity = f"{name}-{number:08d}"
        number += 1
        request = _request(identity)
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        outcome.seconds.append(time.perf_counter() - began)
        status = int(head[9:12])
        outcome.statuses[status] += 1
        if 200 <= status < 300:
            outcome.taken.append(identity)
        else:
            await asyncio.sleep(0.05)
    writer.close()


async def _load(port: int, clients: int, seconds: float, run: str) -> Outcome:
    outcome = Outcome()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_client(port, f"{run}-{n:03d}", end, outcome) for n in range(clients)))
    return outcome


@contextmanager
def _kafka() -> Iterator[tuple[LocalEngines, Settings]]:
    folder = Path(tempfile.mkdtemp(prefix="feedback-bench-"))
    folder.chmod(0o755)  # started by root, the engines run as another user
    config = LocalEngines(
        home=folder / "engines",
        cache=Settings().local_cache or default_cache(),
        kafka_port=0,
        elasticsearch_port=0,
        user=Settings().local_user,
    )
    try:
        settings = Settings(kafka_bootstrap_servers=up(config).kafka.address)
        create_kafka_topics(settings)
        yield config, settings
    finally:
        down(config)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(settings: Settings, port: int) -> Iterator[psutil.Process]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "feedback.toml"
        config.write_text(f'[form.bench]\nscore = "nps"\napi_token = "{_TOKEN}"\n')
        arguments = ("--port", str(port), "--config", str(config), "--rate", "1000000")
        servers = f"FEEDBACK_KAFKA_BOOTSTRAP_SERVERS={settings.kafka_bootstrap_servers}"
        started = subprocess.Popen(
            ["env", servers, sys.executable, "-m", "pipeline.cli", "serve", *arguments],
            cwd=_CHECKOUT,
        )
        try:
            _wait_for(port)
            yield psutil.Process(started.pid)
        finally:
            started.terminate()
            started.wait(30)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz"):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _restart(config: LocalEngines, pid: int) -> None:
    time.sleep(3)
    os.kill(pid, signal.SIGKILL)
    time.sleep(_AWAY_S)
    up(config)


def _lost(settings: Settings, taken: list[str]) -> int:
    wanted = {deterministic_id("form", f"bench/{native_id}").encode() for native_id in taken}
    with KafkaConsumer(
        FORMS.name,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=5_000,
        group_id=None,
    ) as consumer:
        for record in consumer:
            wanted.discard(record.key)
    return len(wanted)


def _say(what: str, outcome: Outcome, seconds: float, cpu: float) -> None:
    rising = sorted(outcome.seconds)
    p50, p99 = (percentile(rising, share) * 1e3 for share in (0.5, 0.99))
    requests = len(rising)
    print(f"{what}: {requests / seconds:,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print(f"  CPU of the server: {cpu / requests * 1e6:.0f} us a request; {outcome.statuses}")


async def _measure(port: int, options: argparse.Namespace, server: psutil.Process) -> None:
    await _load(port, options.clients, 3, "warm")
    for number in range(options.rounds):
        before = cpu_s(server)
        outcome = await _load(port, options.clients, options.seconds, f"round{number}")
        _say(f"round {number + 1}", outcome, options.seconds, cpu_s(server) - before)


async def _kill(
    port: int, options: argparse.Namespace, config: LocalEngines, settings: Settings
) -> int:
    kafka = up(config).kafka.pid
    if kafka is None:
        raise SystemExit("bench: Kafka has no process of its own")
    restarting = asyncio.create_task(asyncio.to_thread(_restart, config, kafka))
    outcome = await _load(port, options.clients, 40, "killed")
    await restarting
    lost = await asyncio.to_thread(_lost, settings, outcome.taken)
    print(f"Kafka killed for {_AWAY_S:g} s under load: statuses {dict(outcome.statuses)}")
    print(f"of {len(outcome.taken):,} answers 2xx, {lost:,} are not on the Kafka topic")
    return lost


def main() -> int:
    """Run it; return 1 if records were lost."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve", description=__doc__)
    parser.add_argument("--clients", type=int, default=64, help="Keep-alive connections.")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=18_099)
    parser.add_argument("--kill", action="store_true", help="Kill Kafka under load.")
    options = parser.parse_args()
    with _kafka() as (config, settings), _server(settings, options.port) as server:
        if options.kill:
            return min(1, asyncio.run(_kill(options.port, options, config, settings)))
        asyncio.run(_measure(options.port, options, server))
    return 0


if __name__ == "__main__":
    sys.exit(main())
