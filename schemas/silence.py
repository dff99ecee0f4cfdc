"""``Silence``: that some alerts are to be quiet for a while, because somebody looks after them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.alert import Alert, AlertId, AlertKind
from schemas.feedback import Name
from schemas.record import Record, deterministic_id

SilenceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Silence(Record):
    """An acknowledgement of one alert (``alert_id``), or a silence of all that match.

    What is given must match; a silence of nothing in particular is a silence of everything. A
    later record with the same ``silence_id`` replaces it; one whose ``ends_at`` is past lifts it.
    """

    silence_id: SilenceId
    alert_id: AlertId | None = Field(default=None, description="The alert that is acknowledged.")
    kind: AlertKind | None = None
    site: Name | None = None
    topic: Name | None = None
    source: Name | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(
        default=None, description="When it ends; absent for an acknowledgement: with its alert."
    )
    by: str | None = Field(default=None, max_length=200, description="Who looks after it.")
    note: str | None = Field(default=None, max_length=2_000, description="Why, for the others.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.alert_id is None and self.ends_at is None:
            raise ValueError("a silence that is no acknowledgement needs an end")
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("a silence must not end before it starts")
        return self

    @classmethod
    def acknowledge(cls, alert_id: str, **fields: Any) -> Self:
        """The acknowledgement of an alert, which has one at a time: another replaces it.

        Raises ``pydantic.ValidationError``.
        """
        return cls(
            silence_id=deterministic_id("acknowledgement", alert_id), alert_id=alert_id, **fields
        )

    @classmethod
    def create(cls, *, starts_at: datetime, **fields: Any) -> Self:
        """A silence of all alerts that match; raises ``pydantic.ValidationError``."""
        about = [str(fields.get(name) or "") for name in ("kind", "site", "topic", "source")]
        silence_id = deterministic_id("silence", *about, starts_at.isoformat())
        return cls(silence_id=silence_id, starts_at=starts_at, **fields)

    def lift(self, at: datetime) -> Self:
        """The silence as it is when it is ended at that time."""
        return self.model_copy(update={"ends_at": max(at, self.starts_at)})

    def has_ended(self, at: datetime) -> bool:
        """Whether its time is over; an acknowledgement without an end goes on with its alert."""
        return self.ends_at is not None and at >= self.ends_at

    def covers(self, alert: Alert, at: datetime) -> bool:
        """Whether the alert is to be quiet at that time."""
        if at < self.starts_at or self.has_ended(at):
            return False
        if self.alert_id is not None:
            return self.alert_id == alert.alert_id
        wanted = (self.kind, self.site, self.topic, self.source)
        given = (alert.kind, alert.site, alert.topic, alert.source)
        return all(w is None or w == g for w, g in zip(wanted, given, strict=True))
