"""Silences: read from and published to their compacted Kafka topic, and matched with alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import ValidationError

from pipeline.errors import CommandError, Unavailable
from pipeline.failures import TransientError
from pipeline.kafka.admin import create_kafka_topics
from pipeline.kafka.publishing import publishing
from pipeline.kafka.reader import latest_values
from pipeline.settings import KafkaConnection, Settings
from schemas.alert import Alert
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import SILENCES
from schemas.message import Message
from schemas.silence import Silence


def read_silences(connection: KafkaConnection) -> list[Silence]:
    """Return the current silences and acknowledgements, expired ones included; blocks.

    Raises :class:`Unavailable` if no broker answers.
    """
    try:
        payloads = latest_values(connection, SILENCES).values()
    except TransientError as error:
        raise Unavailable(
            f"{error}; start one with `feedback up` or set FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
        ) from None
    silences = []
    for payload in payloads:
        try:
            silences.append(Silence.from_payload(payload))
        except ValidationError:
            continue  # an unsupported version: better to alert than to silence
    return silences


def find_covering_silence(
    silences: Iterable[Silence], alert: Alert, at: datetime
) -> Silence | None:
    """Return the silence of an alert at that time, preferring its acknowledgement."""
    covering = [silence for silence in silences if silence.covers(alert, at)]
    return next(
        (silence for silence in covering if silence.alert_id), covering[0] if covering else None
    )


def publish_silence(settings: Settings, silence: Silence) -> None:
    """Publish a silence, replacing the one with its id; blocks.

    Raises :class:`Unavailable` or :class:`CommandError`.
    """
    create_kafka_topics(settings)
    asyncio.run(_send(settings.kafka, _message(silence)))


def _message(silence: Silence) -> Message:
    now = datetime.now(UTC)
    headers = cloud_event_headers(
        event_id=f"{silence.silence_id}.{int(now.timestamp() * 1000)}",
        source="alerts",
        event_type=SILENCES.ce_type,
        time=now,
    )
    return Message(SILENCES, silence.silence_id.encode(), silence.to_payload(), headers)


async def _send(connection: KafkaConnection, message: Message) -> None:
    async with publishing(connection, "a silence") as producer:
        failures = await producer.write([message])
    if failures:
        raise CommandError(f"publishing a silence: {failures[0].reason}")
