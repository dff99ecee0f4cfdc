"""Dead letters of Kafka records: the record as it came, its place and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from pipeline.failures import Failure
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.reader import Record
from pipeline.kafka.retry import retry_until_available
from schemas.cloud_events import dead_letter_headers
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD
from schemas.message import Message

log = structlog.get_logger(__name__)


async def publish_dead_letters(
    producer: BatchProducer, stage: str, records: Sequence[Record], failures: Sequence[Failure]
) -> None:
    """Publish one dead letter per failure, and wait until the brokers have them."""
    if not failures:
        return
    log.error("record_dead_lettered", stage=stage, records=len(failures), reason=failures[0].reason)
    messages = dead_letter_messages(stage, records, failures)
    await retry_until_available(lambda: producer.write(messages))


def dead_letter_messages(
    stage: str, records: Sequence[Record], failures: Sequence[Failure]
) -> list[Message]:
    """Return the messages for ``feedback.dead.v1``, one per failure."""
    return [_to_message(stage, records[failure.index], failure) for failure in failures]


def _to_message(stage: str, record: Record, failure: Failure) -> Message:
    letter = DeadLetter.create(
        stage=stage,
        origin=f"{record.topic}:{record.partition}:{record.offset}",
        reason=failure.reason,
        payload=record.value or b"",
        error=failure.error,
        failed_at=datetime.now(UTC),
        kafka_topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "replace"),
        headers={name: value.decode("utf-8", "replace") for name, value in record.headers},
    )
    headers = dead_letter_headers(letter, DEAD.ce_type)
    return Message(DEAD, letter.dead_letter_id.encode(), letter.to_payload(), headers)
