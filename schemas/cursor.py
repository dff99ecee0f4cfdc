"""``Cursor``: how far one connector instance has read, kept on a compacted Kafka topic."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.record import Record


class Cursor(Record):
    """The position after the last page whose every record the broker acknowledged."""

    source: str = Field(description="The connector.")
    instance: str = Field(description="Which of its instances: an app, a site, a file.")
    position: str = Field(description="Opaque to all but the connector.")
    stored_at: AwareDatetime
