"""Deliveries on their Kafka topic.

A delivery is on the topic before the offset of its alert is committed and until it is delivered, so
a crash loses none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from pipeline.failures import Failure
from pipeline.kafka.dead_letters import publish_letters
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.retry import retry_until_available
from schemas.cloud_events import cloud_event_headers
from schemas.dead_letter import DeadLetter
from schemas.delivery import Delivery
from schemas.kafka_topics import DELIVERIES
from schemas.message import Message

_TOMBSTONE: Final = b""


async def publish(kafka: BatchProducer, deliveries: Sequence[Delivery]) -> None:
    """Publish deliveries; returns once the brokers have them, or their dead letters."""
    for failure in await _write(
        kafka, [_message(delivery, delivery.to_payload()) for delivery in deliveries]
    ):
        await publish_dead_letter(kafka, deliveries[failure.index], failure.reason)


async def retract(kafka: BatchProducer, deliveries: Sequence[Delivery]) -> None:
    """Remove completed deliveries from the topic, by tombstones."""
    await _write(kafka, [_message(delivery, _TOMBSTONE) for delivery in deliveries])


async def publish_dead_letter(kafka: BatchProducer, delivery: Delivery, reason: str) -> None:
    """Publish the dead letter of a delivery; returns once the brokers have it."""
    notice_id = delivery.notice.notice_id
    letter = DeadLetter.create(
        stage="notify",
        origin=f"{delivery.destination}:{notice_id}",
        reason=f"notifying {delivery.destination}: {reason}",
        payload=delivery.to_payload(),
        error="NotDelivered",
        failed_at=datetime.now(UTC),
        kafka_topic=DELIVERIES.name,
        partition=0,
        key=delivery.delivery_id,
        attempt=delivery.attempt + 1,
    )
    await publish_letters(kafka, [letter], type=delivery.notice.type, notice_id=notice_id)


async def _write(kafka: BatchProducer, messages: Sequence[Message]) -> list[Failure]:
    return await retry_until_available(partial(kafka.write, messages)) if messages else []


def _message(delivery: Delivery, value: bytes) -> Message:
    headers = cloud_event_headers(
        event_id=f"{delivery.delivery_id}.{delivery.attempt}",
        source="notify",
        event_type=DELIVERIES.ce_type,
        time=datetime.now(UTC),
    )
    return Message(DELIVERIES, delivery.delivery_id.encode(), value, headers)
