"""`feedback report`: scores with their intervals and changes, for people, as a page, as JSON.

``_report_gather`` asks for them; each format is drawn by a view of its own.
"""

from __future__ import annotations

from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Values, filter_option
from pipeline.errors import CommandError, ExitStatus
from pipeline.reports import request as options
from pipeline.reports.gather import gather
from pipeline.reports.publish import publish_scores
from pipeline.reports.views.html import render_page
from pipeline.reports.views.json import as_json
from pipeline.reports.views.markdown import markdown
from pipeline.reports.views.terminal import drawn
from pipeline.scores.report import Report
from pipeline.search.query import SearchRequest
from pipeline.terminal import SafeConsole, err, out, print_json
from schemas.score import MeasureName, PeriodName

_FILE_WIDTH: Final = 140
"""Characters of a line where a table is written to a file."""


class Calendar(StrEnum):
    """Periods of the calendar."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


class By(StrEnum):
    """What answers are grouped by."""

    ORGANIZATION = "organization"
    SITE = "site"
    SERVICE = "service"
    TOPIC = "topic"
    SOURCE = "source"


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


def report(
    period: Annotated[
        Calendar | None,
        typer.Option(
            help="The last complete one before --until, or the trend's step with --since."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="From: 2026-08-01, or 7d, 24h, 2w ago; default: --period.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Until: a date, itself included; default: now.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="In which days begin: Europe/London.")] = "UTC",
    by: Annotated[
        list[By] | None, typer.Option(help="Groups to show; repeatable; default: all.")
    ] = None,
    organization: Annotated[Values, filter_option("--organization", "Trust or group")] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    service: Annotated[Values, filter_option("--service", "Ward, clinic or department")] = None,
    topic: Annotated[Values, filter_option("--topic", "What the comment is about")] = None,
    source: Annotated[Values, filter_option("--source", "The connector")] = None,
    measure: Annotated[
        list[MeasureName] | None,
        typer.Option(help="Repeatable, the first is plotted; default: what was answered."),
    ] = None,
    goals: Annotated[
        Path | None, typer.Option(help="TOML file of goals: measure, target, by, whose.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="How to write it.")] = (  # noqa: A002
        Format.TABLE
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: print.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the scores to Kafka and to the index too.")
    ] = False,
) -> None:
    """Report scores by place, topic, source and period, with intervals, trends and goals."""
    scope = SearchRequest(
        organizations=tuple(organization or ()),
        sites=tuple(site or ()),
        services=tuple(service or ()),
        topics=tuple(topic or ()),
        sources=tuple(source or ()),
    )
    if publish:
        options.require_exact(scope)
    options.require_of_answers(measure or [])
    zone = options.zone_named(timezone)
    taxonomy = options.taxonomy_of(settings())
    request = options.request_of(
        scope,
        options.spans(PeriodName(period.value) if period else None, since, until, zone),
        by=[one.value for one in by or By],
        measures=measure or [],
        goals=options.goals_of(goals, taxonomy),
        zone=zone,
    )
    with err.status("counting answers", spinner="dots"):
        made = gather(request, settings(), taxonomy)
    _write(made, format, output)
    if publish:
        err.print(publish_scores(made, settings()), markup=False)


def _write(made: Report, form: Format, output: Path | None) -> None:
    if output is None:
        if form is Format.TABLE:
            out.print(drawn(made, width=out.width))
        elif form is Format.JSON:
            print_json(as_json(made))
        else:
            out.file.write(_rendered(made, form))
        return
    try:
        output.write_text(_rendered(made, form), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"writing {output}: {error.strerror}", ExitStatus.BAD_INPUT) from None
    err.print(f"wrote {output}", markup=False)


def _rendered(made: Report, form: Format) -> str:
    if form is Format.HTML:
        return render_page(made)
    if form is Format.MARKDOWN:
        return markdown(made)
    if form is Format.JSON:
        return orjson.dumps(as_json(made), option=orjson.OPT_INDENT_2).decode() + "\n"
    text = StringIO()
    wide = SafeConsole(file=text, width=_FILE_WIDTH)
    wide.print(drawn(made, width=_FILE_WIDTH))
    return text.getvalue()
