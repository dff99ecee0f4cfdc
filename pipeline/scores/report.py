"""A report: scores of everything together and of every group, assembled from counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.scores.cases import CaseScores
from pipeline.scores.counting import Counting
from pipeline.scores.drivers import Driver
from pipeline.scores.estimates import Estimate, estimate, score
from pipeline.scores.goals import GoalProgress
from pipeline.scores.measures import MEASURES, CommentShare
from schemas.coverage import Coverage, State
from schemas.score import Dimensions, MeasureName, Period, Score

Trend = tuple[tuple[Period, Estimate], ...]
"""A score at each step of a report's look-back."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group, or everything together (``name`` is None)."""

    name: str | None
    comments: int
    comments_before: int
    scores: Mapping[MeasureName, Score]
    trends: Mapping[MeasureName, Trend]
    shares: Mapping[CommentShare, Estimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The groups of a dimension, those with most comments first."""

    dimension: str
    rows: tuple[Row, ...]
    unnamed: int = 0
    """Comments outside all groups."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Status of a source: its run's state, or that it fell silent in the period."""

    name: str
    state: State
    note: str


@dataclass(frozen=True, slots=True)
class DimensionCounts:
    """The counts of one dimension: in the period, in the previous one, and by step."""

    now: Counting
    before: Counting
    trend: Counting


@dataclass(frozen=True, slots=True)
class ReportContext:
    """Parameters common to all scores of a report."""

    period: Period
    previous: Period
    steps: tuple[Period, ...]
    scope: Dimensions
    measures: tuple[MeasureName, ...]
    computed_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Content of all views. ``sources`` is None if the ledger could not be read."""

    frame: ReportContext
    zone: str
    overall: Row
    lead: MeasureName
    """The measure of plots and drivers."""
    breakdowns: tuple[Breakdown, ...]
    scorecard: Breakdown
    drivers: tuple[Driver, ...]
    driver_answers: int
    goals: tuple[GoalProgress, ...]
    sources: tuple[SourceStatus, ...] | None
    newest: datetime | None
    """Time of the newest feedback in the scope."""
    titles: Mapping[str, str]
    """Titles of topics and themes."""
    cases: CaseScores | None = None
    """None if no case was opened in either period."""


def total_row(frame: ReportContext, counts: DimensionCounts) -> Row:
    """Return the row of everything together."""
    return _row(frame, counts, None, frame.scope)


def breakdown(frame: ReportContext, dimension: str, counts: DimensionCounts) -> Breakdown:
    """Return the groups with comments in the period or in the previous one."""
    names = {name for at in (counts.now, counts.before) for name, _ in at.comments} - {None}
    rows = [
        _row(frame, counts, name, frame.scope.model_copy(update={dimension: name}))
        for name in names
        if name is not None
    ]
    rows.sort(key=lambda row: (-row.comments, row.name or ""))
    return Breakdown(dimension, tuple(rows), counts.now.comments.get((None, None), 0))


def compute_trend(
    counting: Counting, measure: MeasureName, group: str | None, frame: ReportContext
) -> Trend:
    """Return a group's scores by step."""
    return tuple(
        (step, estimate(MEASURES[measure], counting.counts(measure, group, step.start)))
        for step in frame.steps
    )


def select_primary_measure(row: Row, selected: Sequence[MeasureName]) -> MeasureName:
    """Return the first of the selected measures; by default, the one with most answers."""
    if selected:
        return selected[0]
    asked = [name for name in row.scores if name is not MeasureName.SHARE_NEGATIVE]
    most = max(asked, key=lambda name: row.scores[name].n, default=MeasureName.SHARE_NEGATIVE)
    return most if row.scores[most].n else MeasureName.SHARE_NEGATIVE


def drop_empty_measures(report: Report) -> Report:
    """Return the report without the measures that have no answer in either period."""
    kept = tuple(
        name
        for name in report.frame.measures
        if report.overall.scores[name].n or report.overall.scores[name].previous_n
    )
    return replace(report, frame=replace(report.frame, measures=kept))


def iter_scores(report: Report) -> Iterator[Score]:
    """Yield every score of the period, of the total and of each group, that has answers."""
    rows = [report.overall, *report.scorecard.rows]
    rows += [row for part in report.breakdowns for row in part.rows]
    for row in rows:
        yield from (score for score in row.scores.values() if score.n or score.previous_n)
    for case_row in report.cases.rows if report.cases else ():
        yield from (score for score in case_row.scores.values() if score.n or score.previous_n)


def source_states(
    ledger: Sequence[Coverage], now: datetime, by_source: Breakdown | None
) -> tuple[SourceStatus, ...]:
    """Return the status of every source in the ledger, and of those that fell silent."""
    statuses = [
        SourceStatus(f"{entry.source}.{entry.instance}", entry.state(now), _note(entry, now))
        for entry in ledger
    ]
    in_ledger = {entry.source for entry in ledger}
    for row in by_source.rows if by_source else ():
        if row.comments == 0 and row.name is not None and row.name not in in_ledger:
            note = f"{row.comments_before:,} comments in the period before, none in this one"
            statuses.append(SourceStatus(row.name, State.SILENT, note))
    return tuple(sorted(statuses, key=lambda s: (-list(State).index(s.state), s.name)))


def _row(
    frame: ReportContext, counts: DimensionCounts, group: str | None, dimensions: Dimensions
) -> Row:
    scores = {
        name: score(
            name,
            frame.period,
            dimensions,
            counts.now.counts(name, group, None),
            counts.before.counts(name, group, None),
            frame.computed_at,
        )
        for name in frame.measures
    }
    trends = {name: compute_trend(counts.trend, name, group, frame) for name in frame.measures}
    place = (group, None)
    share = MEASURES[MeasureName.SHARE_NEGATIVE]  # any share is estimated as this one
    shares = {name: estimate(share, counts.now.share_counts(name, group)) for name in CommentShare}
    return Row(
        group, counts.now.comments.get(place, 0), counts.before.comments.get(place, 0),
        scores, trends, shares,
    )  # fmt: skip


def _note(entry: Coverage, now: datetime) -> str:
    state = entry.state(now)
    if entry.error is not None:
        times = f" ({entry.failures} times)" if entry.failures > 1 else ""
        return f"{entry.error}{times}"
    if state is State.SILENT:
        return f"nothing new since {entry.news_at or entry.first_at:%Y-%m-%d %H:%M} UTC"
    if state is State.LATE:
        return f"last run {entry.finished_at:%Y-%m-%d %H:%M} UTC"
    if entry.gap_since is not None:
        began, ended = entry.gap_since, entry.started_at
        return f"not run from {began:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} UTC"
    return ""
