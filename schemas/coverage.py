"""``Coverage``: the result of a source's last run, and the time since it brought anything."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.feedback import Family
from schemas.record import Record

_LATE_RUNS = 3


class State(StrEnum):
    """Health of a source, the worst last."""

    OK = "ok"
    EMPTY = "empty"
    """Its runs succeed, and none has ever read anything: maybe the service shows nothing to us."""
    SILENT = "silent"
    """Its runs succeed, but have brought nothing new for longer than configured."""
    LATE = "late"
    """It has not run for three times its interval."""
    FAILED = "failed"


class Coverage(Record):
    """One run of a connector's instance. The latest record of a key tells the source's health."""

    source: str = Field(description="The connector.")
    instance: str = Field(description="The connector's instance.")
    family: Family
    organization: str | None = None
    site: str | None = None
    service: str | None = None
    started_at: AwareDatetime
    finished_at: AwareDatetime
    backfill: bool = Field(
        default=False,
        description="True if no run had succeeded before: its feedback is history.",
    )
    error: str | None = Field(
        default=None, description="Reason for the failure; absent if the run succeeded."
    )
    failed_places: dict[str, str] = Field(
        default_factory=dict,
        description="Reasons of the places, such as countries or feeds, that failed while the "
        "others were read.",
    )
    notes: tuple[str, ...] = Field(
        default=(), description="What the operator should know of the run, although it succeeded."
    )
    failures: int = Field(default=0, ge=0, description="Consecutive failed runs.")
    read: int = Field(default=0, ge=0, description="Items read; the sum of the four below.")
    published: int = Field(default=0, ge=0)
    repeated: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)
    dead_lettered: int = Field(default=0, ge=0)
    empty_answers: int = Field(
        default=0,
        ge=0,
        description="Answers that say nothing, such as N/A: skipped, or left out of a record.",
    )
    earliest_at: AwareDatetime | None = Field(
        default=None, description="created_at of the oldest feedback of this run."
    )
    latest_at: AwareDatetime | None = Field(
        default=None, description="created_at of the newest feedback of this run."
    )
    newest_at: AwareDatetime | None = Field(
        default=None, description="created_at of the newest feedback of all runs."
    )
    lag_s: float | None = Field(
        default=None, description="Seconds from the newest feedback's created_at to its collection."
    )
    read_at: AwareDatetime | None = Field(
        default=None, description="Time of the last run that read anything, new or not."
    )
    news_at: AwareDatetime | None = Field(
        default=None, description="Time of the last run that brought anything."
    )
    succeeded_at: AwareDatetime | None = Field(
        default=None, description="Time of the last run that succeeded."
    )
    gap_since: AwareDatetime | None = Field(
        default=None,
        description="Time of the previous successful run, if more than three intervals ago: "
        "feedback since then may be missing if the source no longer lists it.",
    )
    first_at: AwareDatetime = Field(description="Time of the instance's first run.")
    every_s: float | None = Field(
        default=None, description="Interval of the schedule in seconds; absent for webhooks."
    )
    silent_after_s: float | None = Field(
        default=None, description="Seconds without new feedback until the source counts as silent."
    )

    def state(self, now: datetime) -> State:
        """Return the health of the source at ``now``."""
        if self.error is not None:
            return State.FAILED
        if self.every_s is not None and now - self.finished_at > self.late_after:
            return State.LATE
        last_at = self.news_at or self.first_at
        if self.silent_after_s is not None and now - last_at > timedelta(
            seconds=self.silent_after_s
        ):
            return State.SILENT
        if self.every_s is not None and not (self.read_at or self.news_at or self.newest_at):
            return State.EMPTY
        return State.OK

    @property
    def late_after(self) -> timedelta:
        """Time after a run at which the next one is late."""
        return timedelta(seconds=max(60.0, _LATE_RUNS * (self.every_s or 0.0)))
