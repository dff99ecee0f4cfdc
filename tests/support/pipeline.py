"""What tests of the whole walk need: publish raw feedback, count documents, wait."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from pipeline.elasticsearch.client import connect
from pipeline.kafka.producer import KafkaSink, Message
from pipeline.settings import Settings
from schemas.documents import READ_ALIAS
from schemas.feedback import Feedback
from schemas.kafka_topics import RAW, KafkaTopic

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
    payloads: dict[str, list[Message]] = {}
    topics = {}
    for record in records:
        topic = RAW[record.family]
        topics[topic.name] = topic
        payloads.setdefault(topic.name, []).append(
            Message(record.event_id, record.to_payload(), [])
        )

    async def send() -> None:
        sink = KafkaSink(settings.kafka_bootstrap_servers)
        await sink.start()
        for name, messages in payloads.items():
            for start in range(0, len(messages), 2_000):
                await sink.write(topics[name], messages[start : start + 2_000])
        await sink.stop()

    asyncio.run(send())


def documents_of(settings: Settings, source: str) -> int:
    """How many documents the index holds from a source."""
    with connect(settings) as client:
        if not client.indices.exists(index=f"{READ_ALIAS}*"):
            return 0
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


def messages_on(
    kafka_topic: KafkaTopic, settings: Settings, *, committed: bool = False
) -> list[ConsumerRecord]:
    """Read a Kafka topic up to its present end, each partition in its order.

    Raises ``TimeoutError`` when nothing arrives for 15 seconds. ``committed`` leaves out what
    belongs to a transaction that was aborted or is still open.
    """
    with KafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=None,
        isolation_level="read_committed" if committed else "read_uncommitted",
    ) as consumer:
        numbers = sorted(consumer.partitions_for_topic(kafka_topic.name) or ())
        partitions = [TopicPartition(kafka_topic.name, number) for number in numbers]
        records = _read_to_end(consumer, partitions)
    return sorted(records, key=lambda record: (record.partition, record.offset))


def _read_to_end(
    consumer: KafkaConsumer, partitions: Sequence[TopicPartition]
) -> list[ConsumerRecord]:
    begin, end = consumer.beginning_offsets(partitions), consumer.end_offsets(partitions)
    consumer.assign(partitions)
    for partition in partitions:
        consumer.seek(partition, begin[partition])
    records: list[ConsumerRecord] = []
    deadline = time.monotonic() + _READ_TIMEOUT_S
    while any(consumer.position(partition) < end[partition] for partition in partitions):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{partitions[0].topic}: nothing arrived")
        for batch in consumer.poll(timeout_ms=500).values():
            records += batch
            deadline = time.monotonic() + _READ_TIMEOUT_S
    return records
