"""Dead letters of the roles: what was refused as it came, its place and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from pipeline.failures import Failure
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.reader import Record
from pipeline.kafka.retry import retry_until_available
from schemas.dead_letter import DeadLetter
from schemas.message import dead_letter_message

log = structlog.get_logger(__name__)


async def publish_dead_letters(
    producer: BatchProducer, stage: str, records: Sequence[Record], failures: Sequence[Failure]
) -> None:
    """Publish one dead letter per failure, and wait until the brokers have them."""
    await publish_letters(
        producer, [_create_letter(stage, records[failure.index], failure) for failure in failures]
    )


async def publish_letters(
    producer: BatchProducer, letters: Sequence[DeadLetter], **fields: str
) -> None:
    """Publish dead letters of one stage, and wait until the brokers have them.

    ``fields`` are added to the log event.
    """
    if not letters:
        return
    first = letters[0]
    log.error(
        "record_dead_lettered",
        stage=first.stage,
        records=len(letters),
        reason=first.reason,
        **fields,
    )
    messages = [dead_letter_message(letter) for letter in letters]
    await retry_until_available(lambda: producer.write(messages))


def _create_letter(stage: str, record: Record, failure: Failure) -> DeadLetter:
    return DeadLetter.create(
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
