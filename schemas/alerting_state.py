"""``AlertingState``: the checkpoint of the spike alerts for one partition of the signals."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from schemas.record import Record


class AlertingState(Record):
    """A snapshot of the detector of one partition.

    Written in the same Kafka transaction as the alerts that it includes, so that a crash can't
    separate them.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    partition: int = Field(ge=0, description="Partition of the signals.")
    next_offset: int = Field(
        ge=0, description="Offset of the first signal that is not counted yet."
    )
    state: bytes = Field(description="State of the detector, opaque; base64.")
