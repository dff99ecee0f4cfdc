"""``Signal``: what the spike alerts are told of one piece of feedback, and nothing else of it."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.feedback import EventId, Name
from schemas.record import Record


class Signal(Record):
    """One enriched record, reduced to what is counted.

    Keyed by site, so that all of a site's feedback is counted in one place.
    """

    event_id: EventId
    at: AwareDatetime = Field(
        description="When it counts: when it was given, or when it was collected where that came "
        "more than half an hour later."
    )
    site: Name | None = None
    source: Name
    topics: tuple[str, ...] = ()
    negative: bool = Field(description="Whether it sounds negative.")
    scored: bool = Field(description="Whether anything judged how it sounds.")
    urgent: bool = Field(description="Whether it cannot wait.")
    backfill: bool = Field(default=False, description="Whether it is history and no news.")
    words: tuple[str, ...] = Field(
        default=(), description="Words of a negative or urgent text, personal data hidden."
    )
