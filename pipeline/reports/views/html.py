"""`feedback report --format html`: one file to view, print or send. No script, nothing fetched.

The page is ``templates/report.html.j2``. Every plot has its numbers in a table beside it and a
title that is read out.
"""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.reports import cases, words
from pipeline.reports.views import html_tables, plots
from pipeline.reports.views.terminal import SHOWN_GROUPS
from pipeline.scores.measures import MEASURES
from pipeline.scores.report import Report
from pipeline.terminal import clean
from schemas.score import Score


def render_page(report: Report) -> str:
    """Return the whole report as one HTML document."""
    computed_at = report.frame.computed_at.astimezone(ZoneInfo(report.zone))
    return _TEMPLATES.get_template("report.html.j2").render(
        report=report,
        title=f"Feedback report: {words.period_title(report)}",
        computed_at=f"{computed_at:%Y-%m-%d %H:%M}",
    )


def _clean_text(value: Any) -> Any:
    """Clean what a template shows, before it is escaped; markup of our own is left alone."""
    return clean(value) if type(value) is str else value


def _is_known(score: Score) -> bool:
    return score.value is not None and score.low is not None and score.high is not None


def _format_value(score: Score) -> str:
    return words.format_value(score.measure, score.value or 0.0)


def _format_interval(score: Score) -> str:
    return words.format_interval(score.measure, score.low or 0.0, score.high or 0.0)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.reports.views"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean_text,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "cases": cases,
        "measures": MEASURES,
        "plots": plots,
        "shown_groups": SHOWN_GROUPS,
        "tables": html_tables,
        "words": words,
    }
    environment.filters |= {
        "format_interval": _format_interval,
        "format_value": _format_value,
        "thousands": "{:,}".format,
    }
    environment.tests["known"] = _is_known
    return environment


_TEMPLATES: Final = _environment()
