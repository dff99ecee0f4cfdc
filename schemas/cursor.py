"""``Cursor``: the position of one connector instance, kept on a compacted Kafka topic."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.record import Record


class Cursor(Record):
    """The position after the last page of which the broker acknowledged every record."""

    source: str = Field(description="The connector.")
    instance: str = Field(description="The connector's instance: an app, a site, a file.")
    position: str = Field(description="Opaque except to the connector.")
    stored_at: AwareDatetime
