"""``Alert``: a spike of negative or urgent feedback, from its first notice to its end."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.feedback import EventId, Name
from schemas.record import Record, deterministic_id

AlertId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class AlertKind(StrEnum):
    """What there is too much of."""

    NEGATIVE = "negative"
    URGENT = "urgent"


class AlertState(StrEnum):
    """Whether it still goes on."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """``critical``: a thousand times rarer than the budget of false alarms asks, and at least
    twice what is usual; ``warning`` else."""

    WARNING = "warning"
    CRITICAL = "critical"


class Interval(Record):
    """What would be usual: 95 of 100 times the count lies from ``low`` to ``high``."""

    low: int = Field(ge=0)
    high: int = Field(ge=0)


class Alert(Record):
    """One episode of one key: every notice of it has the same ``alert_id`` and a higher
    ``revision``.

    ``topic`` and ``source`` say what it is about; with neither it is the whole site. A retry after
    a crash is the same alert: the identifier comes from the key and the episode's start.
    """

    alert_id: AlertId = Field(description="Deterministic: from kind, key and started_at.")
    revision: int = Field(ge=0, description="0 for the first notice; a higher one replaces it.")
    kind: AlertKind = Field(description="Negative feedback, or feedback that cannot wait.")
    site: Name | None = Field(default=None, description="The site; absent for feedback without.")
    topic: Name | None = Field(default=None, description="The topic, where it is about one.")
    source: Name | None = Field(default=None, description="The source, where it is about one.")
    state: AlertState
    severity: Severity
    started_at: AwareDatetime = Field(description="Start of the episode's first 15 minutes.")
    updated_at: AwareDatetime = Field(description="End of the last 15 minutes that were counted.")
    resolved_at: AwareDatetime | None = Field(default=None, description="When it ended.")
    counted_from: AwareDatetime = Field(
        description="Start of the span that seen, total and expected are counted over; its end is "
        "counted_to."
    )
    counted_to: AwareDatetime = Field(description="End of that span.")
    seen: int = Field(ge=0, description="How many negative or urgent ones came.")
    total: int = Field(ge=0, description="How many there were to be judged in that span.")
    expected: float = Field(ge=0, description="How many are usual for the key at these hours.")
    interval: Interval = Field(description="Where 95 of 100 such counts lie.")
    ratio: float = Field(ge=0, description="seen by expected.")
    share: float = Field(ge=0, le=1, description="seen by total.")
    usual_share: float = Field(ge=0, le=1, description="The key's usual share.")
    once_in_days: float = Field(
        ge=0, description="Chance alone does this to one key once in so many days."
    )
    words: tuple[str, ...] = Field(default=(), description="The words that stand out.")
    example_ids: tuple[EventId, ...] = Field(default=(), description="Some of the feedback.")
    sentence: str = Field(description="All of it in one sentence, for people.")

    @model_validator(mode="after")
    def _resolved_with_its_time(self) -> Self:
        if (self.state is AlertState.RESOLVED) != (self.resolved_at is not None):
            raise ValueError("an alert has resolved_at exactly when it is resolved")
        return self

    @classmethod
    def identify(cls, *, started_at: AwareDatetime, **fields: Any) -> Self:
        """Build an alert with its ``alert_id``; raises ``pydantic.ValidationError``."""
        about = [str(fields.get(name) or "") for name in ("kind", "site", "topic", "source")]
        started = str(int(started_at.timestamp()))
        return cls(alert_id=deterministic_id(*about, started), started_at=started_at, **fields)
