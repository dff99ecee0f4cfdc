"""`feedback report`: scores with intervals and changes, as a table, Markdown, HTML or JSON.

``pipeline.reports`` computes and renders them; this module reads options and writes the output.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Annotated, Final, Literal

import orjson
import typer

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import (
    Values,
    filter_option,
    parse_time_option,
    parse_zone_option,
)
from pipeline.enrich.data_files import load_taxonomy
from pipeline.errors import CommandError, ExitStatus
from pipeline.reports import request as options
from pipeline.reports.gather import gather_report
from pipeline.reports.publish import publish_scores
from pipeline.reports.views.html import render_page
from pipeline.reports.views.json import report_json
from pipeline.reports.views.markdown import render_markdown
from pipeline.reports.views.terminal import render
from pipeline.scores.report import Report
from pipeline.search.query import SearchRequest
from pipeline.terminal import SafeConsole, err, out, print_json, print_note
from schemas.score import MeasureName, PeriodName

_FILE_WIDTH: Final = 140
"""Width of a table that is written to a file, in characters."""


Calendar = Literal["day", "week", "month", "quarter"]
Format = Literal["table", "markdown", "html", "json"]


class By(StrEnum):
    """Dimensions to group by."""

    ORGANIZATION = "organization"
    SITE = "site"
    SERVICE = "service"
    TOPIC = "topic"
    SOURCE = "source"


def report(
    period: Annotated[
        Calendar | None,
        typer.Option(
            help="Report on the last complete period before --until; "
            "with --since: step of the trend."
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Start: 2026-08-01, or 7d, 24h, 2w ago; default: see --period."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="End: a date, inclusive; default: now.")] = None,
    timezone: Annotated[
        str, typer.Option(help="Time zone of the days, such as Europe/London.")
    ] = "UTC",
    by: Annotated[
        list[By] | None,
        typer.Option(help="Dimension to group by; repeatable; default: all."),
    ] = None,
    organization: Annotated[Values, filter_option("--organization", "Trust or group")] = None,
    site: Annotated[Values, filter_option("--site", "Hospital, branch or app")] = None,
    service: Annotated[Values, filter_option("--service", "Ward, clinic or department")] = None,
    topic: Annotated[Values, filter_option("--topic", "Topic of the comment")] = None,
    source: Annotated[Values, filter_option("--source", "Connector")] = None,
    measure: Annotated[
        list[MeasureName] | None,
        typer.Option(
            help="Measure; repeatable, the first is plotted; default: all that were answered."
        ),
    ] = None,
    goals: Annotated[
        Path | None, typer.Option(help="TOML file of goals: measure, target, date, group.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="Output format.")] = (  # noqa: A002
        "table"
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Output file; default: standard output.")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Also publish the scores to Kafka and index them.")
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
    options.require_answer_measures(measure or [])
    now, zone = datetime.now(UTC), parse_zone_option("--timezone", timezone)
    taxonomy = load_taxonomy(settings())
    request = options.build_request(
        scope,
        options.report_period(
            PeriodName(period) if period else None,
            parse_time_option("--since", since, now=now, zone=zone),
            parse_time_option("--until", until, now=now, end_of_day=True, zone=zone),
            now=now,
            zone=zone,
        ),
        by=[dimension.value for dimension in by or By],
        measures=measure or [],
        goals=options.read_goals(goals, taxonomy),
        zone=zone,
    )
    with err.status("counting answers", spinner="dots"):
        result = gather_report(request, settings(), taxonomy)
    _write(result, format, output)
    if publish:
        print_note(publish_scores(result, settings()))


def _write(result: Report, form: Format, output: Path | None) -> None:
    if output is None:
        if form == "table":
            out.print(render(result, width=out.width))
        elif form == "json":
            print_json(report_json(result))
        else:
            out.file.write(_render_text(result, form))
        return
    try:
        output.write_text(_render_text(result, form), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"writing {output}: {error.strerror}", ExitStatus.BAD_INPUT) from None
    print_note(f"wrote {output}")


def _render_text(result: Report, form: Format) -> str:
    if form == "html":
        return render_page(result)
    if form == "markdown":
        return render_markdown(result)
    if form == "json":
        return orjson.dumps(report_json(result), option=orjson.OPT_INDENT_2).decode() + "\n"
    text = StringIO()
    wide = SafeConsole(file=text, width=_FILE_WIDTH)
    wide.print(render(result, width=_FILE_WIDTH))
    return text.getvalue()
