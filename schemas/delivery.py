"""``Delivery``: a notice on its way to one destination, and how far it came."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from schemas.record import Record

DeliveryId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class DeliveryNotice(Record):
    """What is told. Holds no personal value beyond what the enriched records hold."""

    notice_id: str = Field(description="The same however often it is told.")
    type: str = Field(description="What happened, such as alert.firing.")
    at: AwareDatetime = Field(description="When it happened.")
    urgency: str = Field(description="info, warning or critical.")
    title: str
    text: str = Field(description="Sentences, one a line.")
    data: str = Field(description="The record as JSON, for services.")
    site: str | None = None
    organization: str | None = None
    topics: tuple[str, ...] = ()
    source: str | None = None
    about: str | None = Field(default=None, description="The alert or the like that it is of.")
    examples: tuple[str, ...] = Field(default=(), description="Comments, personal data hidden.")


class Delivery(Record):
    """One notice for one destination; the latest record of a key says how it stands.

    A tombstone follows once it is told, or buried as a dead letter. A digest keeps its place, with
    ``told_at``, until the next one takes it.
    """

    delivery_id: DeliveryId = Field(description="From the notice and its destination.")
    destination: str = Field(description="The route, and which of its addresses.")
    notice: DeliveryNotice
    due_at: AwareDatetime = Field(description="When it is to be tried next.")
    attempt: int = Field(default=0, ge=0, description="How often it was tried.")
    held: bool = Field(default=False, description="Whether it waits for working hours.")
    reason: str | None = Field(default=None, description="Why the last attempt failed.")
    told_at: AwareDatetime | None = Field(default=None, description="Of a digest: when it was.")
