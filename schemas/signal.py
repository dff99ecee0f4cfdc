"""``Signal``: the part of a piece of feedback that the spike alerts need."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from schemas.feedback import EventId, Name
from schemas.record import Record


class Signal(Record):
    """One enriched record, reduced to what is counted.

    Keyed by site, so that one consumer counts all feedback of a site.
    """

    event_id: EventId
    at: AwareDatetime = Field(
        description="Time at which it counts: when it was given, or when it was collected if that "
        "was more than half an hour later."
    )
    site: Name | None = None
    source: Name
    topics: tuple[str, ...] = ()
    negative: bool = Field(description="True if its sentiment is negative.")
    scored: bool = Field(
        description="True if its sentiment was scored, and not by a translation; others are in no "
        "share."
    )
    urgent: bool = Field(description="True if it needs immediate attention.")
    backfill: bool = Field(default=False, description="True for history, which raises no alerts.")
    words: tuple[str, ...] = Field(
        default=(),
        description="Words of an urgent text, or of one that is negative or about one of its "
        "topics; personal data redacted.",
    )
    negative_topics: tuple[str, ...] | None = Field(
        default=None,
        description="Those of its topics whose own sentiment is negative; absent in signals of "
        "earlier versions, where the comment's holds for all.",
    )
    by_translation: bool = Field(default=False, description="True if a translation was judged.")
