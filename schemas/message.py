"""``Message``: a record on its way to a Kafka topic, and the message of a dead letter."""

from __future__ import annotations

from typing import NamedTuple

from schemas.cloud_events import Headers, dead_letter_headers
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD, KafkaTopic


class Message(NamedTuple):
    """Key, value and headers of one record. The key decides the partition.

    With an empty value it is a tombstone: a compacted Kafka topic forgets the key.
    """

    kafka_topic: KafkaTopic
    key: bytes
    value: bytes
    headers: Headers


def dead_letter_message(letter: DeadLetter) -> Message:
    """Return the message of a dead letter, with Kafka Connect's error headers."""
    headers = dead_letter_headers(letter, DEAD.ce_type)
    return Message(DEAD, letter.dead_letter_id.encode(), letter.to_payload(), headers)
