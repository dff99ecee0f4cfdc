"""The message of a dead letter: its Kafka topic, key and headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD, DELIVERIES
from schemas.message import dead_letter_message


@pytest.mark.parametrize(("offset", "header"), [(7, b"7"), (0, b"0"), (None, None)])
def test_a_dead_letter_has_the_offset_that_it_came_from_if_any(
    offset: int | None, header: bytes | None
) -> None:
    letter = DeadLetter.create(
        stage="notify",
        origin="chat:n1",
        reason="notifying chat: gone",
        payload=b"{}",
        error="NotDelivered",
        failed_at=datetime(2026, 8, 3, tzinfo=UTC),
        kafka_topic=DELIVERIES.name,
        partition=0,
        offset=offset,
    )
    message = dead_letter_message(letter)
    headers = dict(message.headers)
    assert (message.kafka_topic, message.key) == (DEAD, letter.dead_letter_id.encode())
    assert headers["__connect.errors.topic"] == DELIVERIES.name.encode()
    assert headers.get("__connect.errors.offset") == header
