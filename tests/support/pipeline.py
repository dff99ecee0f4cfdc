"""Helpers for end-to-end tests: publish raw feedback, count documents, wait, run commands."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.elasticsearch.client import Elasticsearch, connect
from pipeline.kafka.producer import BatchProducer
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS
from schemas.feedback import Feedback
from schemas.kafka_topics import RAW
from schemas.message import Message

_READ_TIMEOUT_S: Final = 15.0
ROOT = Path(__file__).parents[2]
GIVEN = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)
TEXTS = (
    "The nurses were lovely and explained everything.",
    "Waited four hours, nobody told us anything.",
    "Parking was a nightmare and expensive!",
    "No complaints.",
)


def comments(source: str, count: int) -> list[Feedback]:
    """Distinct comments of one source, spread over 90 days."""
    return [
        Feedback.collect(
            source=source,
            native_id=str(number),
            created_at=GIVEN - timedelta(minutes=number * 6.5),
            family="form",
            text=f"{TEXTS[number % len(TEXTS)]} ({number})",
            site="Eastgate" if number % 3 else "Westgate",
        )
        for number in range(count)
    ]


def publish(settings: Settings, records: Iterable[Feedback]) -> None:
    """Publish raw feedback, as a connector would."""
    messages = [
        Message(RAW[record.family], record.event_id.encode(), record.to_payload(), [])
        for record in records
    ]

    async def send() -> None:
        producer = BatchProducer(settings.kafka)
        await producer.start()
        for start in range(0, len(messages), 2_000):
            await producer.write(messages[start : start + 2_000])
        await producer.stop()

    asyncio.run(send())


def patient(client: Elasticsearch) -> Elasticsearch:
    """A client that waits for an index whose first shard is not there yet: that is a 503."""
    return client.options(
        max_retries=10, retry_on_status=(503,), retry_backoff_base=0.1, retry_backoff_cap=1.0
    )


def count_documents(settings: Settings, source: str) -> int:
    """Return the number of documents that the index holds from a source."""
    with connect(settings) as client:
        if not client.indices.exists(index=f"{READ_ALIAS}*"):
            return 0
        client = patient(client)
        client.indices.refresh(index=READ_ALIAS, ignore_unavailable=True)
        query = {"term": {"event.dataset": source}}
        return int(client.count(index=READ_ALIAS, query=query, ignore_unavailable=True)["count"])


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll until the condition holds; fails the test after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.1)


def feedback(line: str, environment: Mapping[str, str], folder: Path, *, status: int = 0) -> str:
    """Run a ``feedback …`` line as the README has it; its standard output."""
    done = run_feedback(line, environment, folder)
    assert done.returncode == status, f"{line}: {done.stderr}"
    return done.stdout


def run_feedback(
    line: str, environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a ``feedback …`` line, however it ends."""
    words = shlex.split(line)
    assert words[0] == "feedback"
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words[1:]],
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
