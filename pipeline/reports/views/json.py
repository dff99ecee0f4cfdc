"""A report as JSON: everything, unrounded."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipeline.reports.cases import cases_json
from pipeline.scores.drivers import Driver
from pipeline.scores.estimates import Estimate
from pipeline.scores.goals import GoalProgress
from pipeline.scores.measures import MEASURES
from pipeline.scores.report import Breakdown, Report, Row, Trend
from schemas.score import Period


def report_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON; every score is a ``Score`` record."""
    frame = report.frame
    return {
        "period": _period(frame.period),
        "previous_period": _period(frame.previous),
        "timezone": report.zone,
        "scope": frame.scope.model_dump(exclude_none=True),
        "computed_at": frame.computed_at,
        "newest_feedback_at": report.newest,
        "measures": {
            name.value: {
                "title": MEASURES[name].title,
                "unit": MEASURES[name].unit,
                "definition": MEASURES[name].definition,
                "interval": MEASURES[name].interval,
                "better": "higher" if MEASURES[name].higher_is_better else "lower",
            }
            for name in frame.measures
        },
        "overall": _row(report, report.overall),
        "groups": {part.dimension: _breakdown(report, part) for part in report.breakdowns},
        "scorecard": _breakdown(report, report.scorecard),
        "drivers": {
            "measure": report.lead,
            "answers": report.driver_answers,
            "topics": [_driver(driver) for driver in report.drivers],
        },
        "goals": [_goal(goal) for goal in report.goals],
        **({"cases": cases_json(report.cases)} if report.cases else {}),
        "sources": None
        if report.sources is None
        else [asdict(source) for source in report.sources],
    }


def _breakdown(report: Report, part: Breakdown) -> dict[str, Any]:
    return {"unnamed": part.unnamed, "rows": [_row(report, row) for row in part.rows]}


def _row(report: Report, row: Row) -> dict[str, Any]:
    measures = report.frame.measures
    return {
        **({} if row.name is None else {"name": row.name}),
        "comments": row.comments,
        "comments_before": row.comments_before,
        "scores": {
            name.value: row.scores[name].model_dump(mode="json", exclude_none=True)
            for name in measures
        },
        "trends": {name.value: _trend(row.trends[name]) for name in measures},
        "shares": {name.value: _estimate(share) for name, share in row.shares.items() if share.n},
    }


def _trend(trend: Trend) -> list[dict[str, Any]]:
    return [{**_period(step), **_estimate(estimate)} for step, estimate in trend]


def _driver(driver: Driver) -> dict[str, Any]:
    low, high = driver.effect_interval
    return {
        "topic": driver.topic,
        "sentiment": driver.label,
        "mentions": driver.mentions,
        "share": driver.share,
        "with": _estimate(driver.with_topic),
        "without": _estimate(driver.without),
        "difference": driver.difference.value,
        "difference_low": driver.difference.interval[0],
        "difference_high": driver.difference.interval[1],
        "effect": driver.effect,
        "effect_low": low,
        "effect_high": high,
        "distinguishable": driver.distinguishable,
        "impact": driver.impact,
    }


def _goal(progress: GoalProgress) -> dict[str, Any]:
    projected = {
        "value": progress.projected,
        "interval": progress.projected_interval,
        "sure": progress.sure,
    }
    return {
        **progress.goal.model_dump(mode="json", exclude_none=True),
        "status": progress.status,
        "now": _estimate(progress.now),
        "projected": None if progress.projected is None else projected,
    }


def _estimate(estimate: Estimate) -> dict[str, Any]:
    if estimate.value is None or estimate.interval is None:
        return {"n": estimate.n, "suppressed": True}
    low, high = estimate.interval
    return {"n": estimate.n, "suppressed": False, "value": estimate.value, "low": low, "high": high}


def _period(period: Period) -> dict[str, Any]:
    return {"name": period.name, "start": period.start, "end": period.end}
