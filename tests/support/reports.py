"""A report with every part that the views show, made without engines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from pipeline.scores.cases import CaseScores
from pipeline.scores.drivers import Driver
from pipeline.scores.estimates import Change, Estimate, estimate, score
from pipeline.scores.goals import Goal, GoalProgress, GoalStatus
from pipeline.scores.measures import MEASURES, Weight
from pipeline.scores.report import Breakdown, Report, ReportContext, Row, SourceStatus, Trend
from schemas.coverage import State
from schemas.feedback import Label
from schemas.score import Dimensions, MeasureName, Period, PeriodName

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
SHOWN = (MeasureName.NPS, MeasureName.SHARE_NEGATIVE)


def period(number: int) -> Period:
    """The span of four weeks that ends ``number`` spans before April."""
    end = APRIL - timedelta(days=28 * number)
    return Period(name=PeriodName.CUSTOM, start=end - timedelta(days=28), end=end)


def answers(good: int, bad: int, neither: int = 0) -> dict[Weight, int]:
    return {Weight(100): good, Weight(0): neither, Weight(-100): bad}


def row(name: str | None, good: int, bad: int) -> Row:
    frame = build_context({})
    counts = {
        MeasureName.NPS: (answers(good, bad, 2), answers(good // 2, bad * 2, 2)),
        MeasureName.SHARE_NEGATIVE: (
            {Weight(100): bad, Weight(0): good},
            {Weight(100): bad * 2, Weight(0): good},
        ),
    }
    dimensions = Dimensions() if name is None else Dimensions(site=name)
    scores = {
        measure: score(measure, frame.period, dimensions, now, before, frame.computed_at)
        for measure, (now, before) in counts.items()
    }
    return Row(name, good + bad, good, scores, {measure: trend(good, bad) for measure in SHOWN})


def trend(good: int, bad: int) -> Trend:
    counts = (answers(0, 1), answers(good // 2, bad), answers(0, 0), answers(good, bad, 3))
    return tuple(
        (period(3 - step), estimate(MEASURES[MeasureName.NPS], count))
        for step, count in enumerate(counts)
    )


def build_context(scope: dict[str, str]) -> ReportContext:
    return ReportContext(
        period=period(0),
        previous=period(1),
        steps=tuple(period(3 - step) for step in range(4)),
        scope=Dimensions(**scope),
        measures=SHOWN,
        computed_at=APRIL + timedelta(hours=9),
    )


def driver(topic: str, effect: float) -> Driver:
    return Driver(
        topic=topic,
        label=Label.NEGATIVE if effect < 0 else Label.POSITIVE,
        mentions=40,
        share=0.4,
        with_topic=Estimate(40, -20.0, (-40.0, 0.0)),
        without=Estimate(60, 30.0, (10.0, 50.0)),
        difference=Change(-50.0, (-70.0, -30.0)),
        effect=effect,
        effect_interval=(effect - 10.0, effect + 10.0),
    )


def goal(name: str, owner: str | None, status: GoalStatus, *, sure: bool = True) -> GoalProgress:
    target = Goal(
        name=name, measure=MeasureName.NPS, target=40, by=date(2026, 12, 31), owner=owner,
        site="Eastgate" if owner else None,
    )  # fmt: skip
    if status is GoalStatus.UNKNOWN:
        return GoalProgress(target, status, Estimate(3))
    return GoalProgress(target, status, Estimate(90, 20.0, (5.0, 35.0)), 45.0, (30.0, 60.0), sure)


def report(
    name: str = "Eastgate", *, cases: CaseScores | None = None, sites: Sequence[str] = ("West",)
) -> Report:
    """A report in which ``name`` is a site, a topic, a goal, its owner, a source and its note."""
    rows = tuple(row(site, 30 + number, 9) for number, site in enumerate((name, *sites, "Small")))
    small = row("Few", 1, 2)
    return Report(
        frame=build_context({"organization": name}),
        zone="Europe/London",
        overall=row(None, 90, 30),
        lead=MeasureName.NPS,
        breakdowns=(Breakdown("site", (*rows, small), unnamed=4),),
        scorecard=Breakdown("theme", (row("access", 12, 30), row("staff", 40, 4))),
        drivers=(driver("waiting", -25.0), driver("parking", 4.0)),
        driver_answers=100,
        goals=(
            goal(name, name, GoalStatus.ON_TRACK, sure=False),
            goal("All", None, GoalStatus.BEHIND),
            goal("New", None, GoalStatus.UNKNOWN),
        ),
        sources=(
            SourceStatus(name, State.FAILED, f"{name} (3 times)"),
            SourceStatus("form.main", State.OK, ""),
        ),
        newest=APRIL,
        titles={
            "waiting": name,
            "parking": "Parking & transport",
            "access": "Access",
            "staff": "Staff",
        },
        cases=cases,
    )
