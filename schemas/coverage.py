"""``Coverage``: what a source's last run brought, and since when nothing came."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from schemas.feedback import Family
from schemas.record import Record

_LATE_RUNS = 3


class State(StrEnum):
    """How a source fares, the worst last."""

    OK = "ok"
    SILENT = "silent"
    """Its runs succeed and have brought nothing new for longer than is usual."""
    LATE = "late"
    """Nobody has run it for three times as long as its schedule says."""
    FAILED = "failed"


class Coverage(Record):
    """One run of a connector's instance. The latest of a key says how the source fares."""

    source: str = Field(description="The connector.")
    instance: str = Field(description="Which of its instances.")
    family: Family
    organization: str | None = None
    site: str | None = None
    service: str | None = None
    started_at: AwareDatetime
    finished_at: AwareDatetime
    backfill: bool = Field(
        default=False,
        description="Whether no run had succeeded before: what it brought is history.",
    )
    error: str | None = Field(default=None, description="Why the run failed; absent: it did not.")
    failures: int = Field(default=0, ge=0, description="Runs that failed one after the other.")
    read: int = Field(default=0, ge=0, description="Items read; the sum of the four below.")
    published: int = Field(default=0, ge=0)
    repeated: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)
    dead_lettered: int = Field(default=0, ge=0)
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
        default=None, description="From the newest feedback's created_at to its collection."
    )
    news_at: AwareDatetime | None = Field(
        default=None, description="When a run last brought something."
    )
    succeeded_at: AwareDatetime | None = Field(
        default=None, description="When a run last succeeded."
    )
    gap_since: AwareDatetime | None = Field(
        default=None,
        description="When the run before succeeded, if that is three times the schedule ago: what "
        "the source no longer tells of since then is missing.",
    )
    first_at: AwareDatetime = Field(description="When the instance was first run.")
    every_s: float | None = Field(default=None, description="The schedule; absent: it is called.")
    silent_after_s: float | None = Field(default=None, description="When silence is a fault.")

    def state(self, now: datetime) -> State:
        """How the source fares at ``now``."""
        if self.error is not None:
            return State.FAILED
        if self.every_s is not None and now - self.finished_at > self.late_after:
            return State.LATE
        heard = self.news_at or self.first_at
        if self.silent_after_s is not None and now - heard > timedelta(seconds=self.silent_after_s):
            return State.SILENT
        return State.OK

    @property
    def late_after(self) -> timedelta:
        """How long after a run nobody can have missed the next."""
        return timedelta(seconds=max(60.0, _LATE_RUNS * (self.every_s or 0.0)))
