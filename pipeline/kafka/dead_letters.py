"""Dead letters of Kafka records: the record as it came, its place and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from pipeline.failures import Failure
from pipeline.kafka.producer import KafkaSink, Message
from pipeline.kafka.retry import insist
from schemas.cloud_events import dead_letter_headers
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD

log = structlog.get_logger("worker")


def letters_of(stage: str, records: Sequence[Any], failures: Sequence[Failure]) -> list[Message]:
    """The messages for ``feedback.dead.v1``, one a failure; records are aiokafka's."""
    letters = []
    for failure in failures:
        record = records[failure.index]
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
        letters.append(Message(letter.dead_letter_id, letter.to_payload(), headers))
    return letters


async def bury(
    kafka: KafkaSink, stage: str, records: Sequence[Any], failures: Sequence[Failure]
) -> None:
    """Publish a dead letter for every failure, and wait until the brokers have them."""
    if not failures:
        return
    log.error("dead_lettering", stage=stage, records=len(failures), reason=failures[0].reason)
    letters = letters_of(stage, records, failures)
    await insist(lambda: kafka.write(DEAD, letters))
