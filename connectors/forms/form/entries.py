"""Feedback that staff enter for the person who gave it: its channel, and what the record keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict

from schemas.feedback import EARLIEST_YEAR

Channel = Literal["paper_card", "phone", "in_person", "letter"]
Consent = Literal["yes", "not_asked"]

CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
CONSENTS: Final[tuple[Consent, ...]] = get_args(Consent)

_MAX_CLOCK_LEAD: Final = timedelta(hours=14)
"""The date of the first time zone on Earth is ahead of UTC by so much."""
_UNKNOWN_TIME: Final = time(12, tzinfo=UTC)
"""Noon in UTC is on the same date almost everywhere."""


class StaffEntry(BaseModel):
    """The way in which staff received feedback, and who noted it."""

    model_config = ConfigDict(frozen=True)

    channel: Channel
    consent: Consent
    """Consent to the use of the words; without it nothing is entered."""
    noted_by: str | None = None
    """A pseudonym."""

    def list_attributes(self) -> Iterator[tuple[str, str]]:
        """Yield the attributes of the record."""
        yield "entered_by", "staff"
        yield "channel", self.channel
        yield "consent", self.consent
        if self.noted_by is not None:
            yield "noted_by", self.noted_by


def parse_day(text: str, at: datetime) -> date | None:
    """Return a date that is plausible at a time, or None."""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        return None
    is_plausible = day.year >= EARLIEST_YEAR and day <= (at + _MAX_CLOCK_LEAD).date()
    return day if is_plausible and len(text) == 10 else None


def time_within_day(day: date, at: datetime) -> datetime:
    """Return noon (UTC) of the day on which feedback was given, or ``at`` if that is earlier."""
    return min(datetime.combine(day, _UNKNOWN_TIME), at)
