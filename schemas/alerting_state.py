"""``AlertingState``: what the spike alerts know of one partition of the signals, to go on from."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from schemas.record import Record


class AlertingState(Record):
    """A snapshot of the detector of one partition.

    Written in the same Kafka transaction as the alerts that it knows of, so that after a crash
    neither is there without the other.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    partition: int = Field(ge=0, description="Partition of the signals.")
    next_offset: int = Field(ge=0, description="The first signal that it has not counted.")
    state: bytes = Field(description="The detector's own bytes; base64.")
