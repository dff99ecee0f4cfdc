"""``Delivery``: a notice for one destination, and the state of its delivery."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.record import Record

DeliveryId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class DeliveryNotice(Record):
    """The content of a notification. Contains no more personal data than enriched records do."""

    notice_id: str = Field(description="The same for every delivery of the notice.")
    type: str = Field(description="Type of the event, such as alert.firing.")
    at: AwareDatetime = Field(description="Time of the event.")
    urgency: str = Field(description="info, warning or critical.")
    title: str
    text: str = Field(description="Sentences, one per line.")
    data: str = Field(description="The record as JSON, for services.")
    site: str | None = None
    organization: str | None = None
    topics: tuple[str, ...] = ()
    source: str | None = None
    about: str | None = Field(default=None, description="Identifier of the alert or other subject.")
    examples: tuple[str, ...] = Field(default=(), description="Comments, personal data hidden.")


class Delivery(Record):
    """One notice for one destination. The latest record of a key is the delivery's state.

    A tombstone follows once it is delivered or dead-lettered. A digest remains, with ``told_at``,
    until the next digest replaces it.
    """

    delivery_id: DeliveryId = Field(
        description="Deterministic: from the notice and its destination."
    )
    destination: str = Field(description="The route and one of its addresses.")
    notice: DeliveryNotice
    due_at: AwareDatetime = Field(description="Time of the next attempt.")
    attempt: int = Field(default=0, ge=0, description="Number of attempts.")
    held: bool = Field(default=False, description="True while it waits for working hours.")
    reason: str | None = Field(default=None, description="Reason why the last attempt failed.")
    told_at: AwareDatetime | None = Field(
        default=None, description="Time of delivery, of a digest."
    )
