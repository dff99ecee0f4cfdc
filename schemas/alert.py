"""``Alert``: a spike of negative or urgent feedback, from its first notice to its resolution."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.feedback import EventId, Name
from schemas.record import Record, deterministic_id

AlertId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class AlertKind(StrEnum):
    """The feedback that spikes."""

    NEGATIVE = "negative"
    URGENT = "urgent"


class AlertState(StrEnum):
    """Firing while the spike lasts, resolved afterwards."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """``critical``: a thousand times rarer than the false alarm budget allows, and at least twice
    the usual count. Otherwise ``warning``."""

    WARNING = "warning"
    CRITICAL = "critical"


class Interval(Record):
    """The usual range: 95 of 100 counts are from ``low`` to ``high``."""

    low: int = Field(ge=0)
    high: int = Field(ge=0)


class Alert(Record):
    """One episode of one key. All of its notices have the same ``alert_id`` and increasing
    ``revision``.

    The key is a site, or a topic or source at a site. A retry after a crash is the same alert: the
    identifier comes from the key and the episode's start.
    """

    alert_id: AlertId = Field(description="Deterministic: from kind, key and started_at.")
    revision: int = Field(ge=0, description="0 for the first notice; a higher one replaces it.")
    kind: AlertKind = Field(description="Negative or urgent feedback.")
    site: Name | None = Field(
        default=None, description="The site; absent for feedback without a site."
    )
    topic: Name | None = Field(default=None, description="The topic, if the alert is about one.")
    source: Name | None = Field(default=None, description="The source, if the alert is about one.")
    state: AlertState
    severity: Severity
    started_at: AwareDatetime = Field(description="Start of the episode's first 15 minutes.")
    updated_at: AwareDatetime = Field(description="End of the last 15 minutes counted.")
    resolved_at: AwareDatetime | None = Field(default=None, description="When it ended.")
    counted_from: AwareDatetime = Field(
        description="Start of the span that seen, total and expected are counted over; its end is "
        "counted_to."
    )
    counted_to: AwareDatetime = Field(description="End of that span.")
    seen: int = Field(ge=0, description="Negative or urgent comments in that span.")
    total: int = Field(ge=0, description="All comments that could be judged in that span.")
    expected: float = Field(ge=0, description="Usual number for the key at these hours.")
    interval: Interval = Field(description="Range of 95 of 100 such counts.")
    ratio: float = Field(ge=0, description="seen divided by expected.")
    share: float = Field(ge=0, le=1, description="seen divided by total.")
    usual_share: float = Field(ge=0, le=1, description="The key's usual share.")
    once_in_days: float = Field(
        ge=0, description="Days in which chance alone brings this once, to one key."
    )
    words: tuple[str, ...] = Field(
        default=(), description="Words that are more frequent than usual."
    )
    example_ids: tuple[EventId, ...] = Field(
        default=(), description="Identifiers of some of the feedback."
    )
    sentence: str = Field(description="The alert in one sentence.")

    @model_validator(mode="after")
    def _resolved_with_its_time(self) -> Self:
        if (self.state is AlertState.RESOLVED) != (self.resolved_at is not None):
            raise ValueError("an alert has resolved_at exactly when it is resolved")
        return self

    @classmethod
    def identify(cls, *, started_at: AwareDatetime, **fields: Any) -> Self:
        """Return an alert with its ``alert_id``; raise ``pydantic.ValidationError``."""
        about = [str(fields.get(name) or "") for name in ("kind", "site", "topic", "source")]
        started = str(int(started_at.timestamp()))
        return cls(alert_id=deterministic_id(*about, started), started_at=started_at, **fields)
