"""``DeadLetter``: an unreadable or rejected item, with its origin, its bytes and the reason."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Self

from pydantic import AwareDatetime, Field

from schemas.record import Record, deterministic_id

MAX_PAYLOAD_BYTES = 6_000_000
"""Longest payload that is kept whole. A longer one would not fit into a Kafka message."""


class DeadLetter(Record):
    """One rejected item. ``reason`` contains no personal data; the payload may."""

    dead_letter_id: str = Field(
        pattern=r"^[0-9a-f]{32}$", description="Deterministic: from origin and stage."
    )
    stage: str = Field(description="Name of the connector or stage that rejected it.")
    origin: str = Field(description="Place that it comes from: 'dataset:line 7' or 'topic:3:1041'.")
    reason: str = Field(description="Action, object and cause; without personal data.")
    error: str = Field(description="The error's class name.")
    failed_at: AwareDatetime
    source: str | None = Field(default=None, description="The connector, if known.")
    kafka_topic: str | None = Field(default=None, description="The Kafka topic it was read from.")
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    payload_base64: str = Field(default="", description="The item's bytes, unchanged.")
    payload_bytes: int = Field(default=0, description="The item's size in bytes.")
    payload_sha256: str | None = Field(
        default=None, description="Hash of the whole item, if the payload is cut."
    )
    attempt: int = 1

    @classmethod
    def create(
        cls, *, stage: str, origin: str, reason: str, payload: bytes, **fields: object
    ) -> Self:
        """Return a dead letter with its id and bytes; the same failure gets the same id."""
        cut: dict[str, object] = {}
        if len(payload) > MAX_PAYLOAD_BYTES:
            cut["payload_sha256"] = hashlib.sha256(payload).hexdigest()
        return cls.model_validate(
            {
                "dead_letter_id": deterministic_id(stage, origin),
                "stage": stage,
                "origin": origin,
                "reason": reason,
                "payload_base64": b64encode(payload[:MAX_PAYLOAD_BYTES]).decode("ascii"),
                "payload_bytes": len(payload),
                **cut,
                **fields,
            }
        )

    @property
    def payload(self) -> bytes:
        """The item's bytes, at most ``MAX_PAYLOAD_BYTES`` of them."""
        return b64decode(self.payload_base64)
