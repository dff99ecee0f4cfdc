"""``Silence``: an acknowledgement of an alert, or a filter that silences alerts for a time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from schemas.alert import Alert, AlertId, AlertKind
from schemas.feedback import Name
from schemas.record import Record, deterministic_id

SilenceId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class Silence(Record):
    """An acknowledgement of one alert (``alert_id``), or a silence of all alerts that match.

    An alert must match every field that is set; a silence without fields matches all. A later
    record with the same ``silence_id`` replaces it; one with ``ends_at`` in the past lifts it.
    """

    silence_id: SilenceId
    alert_id: AlertId | None = Field(default=None, description="The alert that is acknowledged.")
    kind: AlertKind | None = None
    site: Name | None = None
    topic: Name | None = None
    source: Name | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = Field(
        default=None, description="End; absent for an acknowledgement, which ends with its alert."
    )
    by: str | None = Field(
        default=None, max_length=200, description="Person who handles the alert."
    )
    note: str | None = Field(default=None, max_length=2_000, description="Reason, for the team.")

    @model_validator(mode="after")
    def _check_end(self) -> Self:
        if self.alert_id is None and self.ends_at is None:
            raise ValueError("a silence that is not an acknowledgement needs an end")
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("a silence must not end before it starts")
        return self

    @classmethod
    def acknowledge(cls, alert_id: str, **fields: Any) -> Self:
        """Return the acknowledgement of an alert; it replaces the alert's previous one.

        Raise ``pydantic.ValidationError``.
        """
        return cls(
            silence_id=deterministic_id("acknowledgement", alert_id), alert_id=alert_id, **fields
        )

    @classmethod
    def create(cls, *, starts_at: datetime, **fields: Any) -> Self:
        """Return a silence of all alerts that match; raise ``pydantic.ValidationError``."""
        about = [str(fields.get(name) or "") for name in ("kind", "site", "topic", "source")]
        silence_id = deterministic_id("silence", *about, starts_at.isoformat())
        return cls(silence_id=silence_id, starts_at=starts_at, **fields)

    def lift(self, at: datetime) -> Self:
        """Return the silence with its end at that time."""
        return self.model_copy(update={"ends_at": max(at, self.starts_at)})

    def has_ended(self, at: datetime) -> bool:
        """Return True if it has ended; an acknowledgement without an end lasts as its alert."""
        return self.ends_at is not None and at >= self.ends_at

    def covers(self, alert: Alert, at: datetime) -> bool:
        """Return True if it silences the alert at that time."""
        if at < self.starts_at or self.has_ended(at):
            return False
        if self.alert_id is not None:
            return self.alert_id == alert.alert_id
        wanted = (self.kind, self.site, self.topic, self.source)
        given = (alert.kind, alert.site, alert.topic, alert.source)
        return all(w is None or w == g for w, g in zip(wanted, given, strict=True))
