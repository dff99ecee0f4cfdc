"""``DeadLetter``: what was unreadable or refused, with its origin, its bytes and the reason."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Self

from pydantic import AwareDatetime, Field

from schemas.record import Record, deterministic_id

MAX_PAYLOAD_BYTES = 6_000_000
"""What is kept of a refused payload. Beyond it, a single letter would not fit a Kafka message."""


class DeadLetter(Record):
    """One refused item. ``reason`` names no personal value; the payload may hold some."""

    dead_letter_id: str = Field(pattern=r"^[0-9a-f]{32}$", description="From origin and stage.")
    stage: str = Field(description="Where it was refused: a connector's or a stage's name.")
    origin: str = Field(description="Where it comes from: 'dataset:line 7' or 'topic:3:1041'.")
    reason: str = Field(description="Gerund, object and cause; no personal value.")
    error: str = Field(description="The error's class name.")
    failed_at: AwareDatetime
    source: str | None = Field(default=None, description="The connector, where known.")
    kafka_topic: str | None = Field(default=None, description="The Kafka topic it was read from.")
    partition: int | None = None
    offset: int | None = None
    key: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    payload_base64: str = Field(default="", description="The item's bytes, as they came.")
    payload_bytes: int = Field(default=0, description="The item's whole size.")
    payload_sha256: str | None = Field(default=None, description="Of the whole item, if cut.")
    attempt: int = 1

    @classmethod
    def create(
        cls, *, stage: str, origin: str, reason: str, payload: bytes, **fields: object
    ) -> Self:
        """Build a letter with its id and its bytes; the same failure gets the same id."""
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
