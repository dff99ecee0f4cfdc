"""A report as Markdown, for a wiki or an email."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.reports import cases as shared
from pipeline.reports import words
from pipeline.reports.views.terminal import SHOWN_GROUPS, sparkline
from pipeline.scores.measures import MEASURES
from pipeline.scores.report import Breakdown, Report, Row
from pipeline.terminal import clean
from schemas.score import MeasureName


def render_markdown(report: Report) -> str:
    """Return the whole report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"# Feedback report: {_plain(words.period_title(report))}"
    yield f"\nScope: {_plain(words.scope_title(report))}. "
    yield (
        f"{report.overall.comments:,} comments ({report.overall.comments_before:,} in the "
        "previous period).\n"
    )
    yield from (f"- {_plain(line)}" for line in words.highlights(report))
    if report.overall.comments or report.overall.comments_before:
        yield "\n## Scores\n"
        yield from _table(
            ["Measure", "Score", "95 % interval", "n", "Change", "Trend"],
            (_measure(report, name) for name in report.frame.measures),
        )
        for part in (*report.breakdowns, report.scorecard):
            if part.rows:
                yield from _groups(report, part)
        if report.drivers:
            yield from _drivers(report)
    if report.cases:
        yield "\n## Cases\n"
        yield from _table(list(shared.HEADINGS), shared.case_rows(report.cases))
        place = shared.first_place(report.cases)
        if place is not None:
            yield ""
            yield from _table(shared.group_headings(place), shared.group_rows(report, place))
    if report.sources:
        yield "\n## Sources\n"
        rows = ([source.name, str(source.state), source.note] for source in report.sources)
        yield from _table(["Source", "State now", "Note"], rows)
    yield "\n## How to read it\n"
    yield from (f"- {title}: {text}." for title, text in words.definitions(report))
    if report.cases:
        yield from (f"- {title}: {text}." for title, text in shared.case_definitions())
    yield from (f"- {_plain(note)}" for note in words.notes(report))


def _measure(report: Report, name: MeasureName) -> list[str]:
    score = report.overall.scores[name]
    trend = sparkline(report.overall.trends[name], name)
    return [MEASURES[name].title, *words.score_cells(score), words.format_change(score), trend]


def _groups(report: Report, part: Breakdown) -> Iterator[str]:
    heading = "Scorecard of themes" if part.dimension == "theme" else f"By {part.dimension}"
    yield f"\n## {heading}\n"
    titles = [MEASURES[name].title for name in report.frame.measures]
    yield from _table(
        [part.dimension.capitalize(), "Comments", *titles],
        (_group(report, part.dimension, row) for row in part.rows[:SHOWN_GROUPS]),
    )
    if len(part.rows) > SHOWN_GROUPS:
        yield f"\n{len(part.rows) - SHOWN_GROUPS} smaller ones are left out."
    if part.unnamed:
        yield f"\n{part.unnamed:,} comments have no {part.dimension}."


def _group(report: Report, dimension: str, row: Row) -> list[str]:
    scores = []
    for name in report.frame.measures:
        value, interval, n = words.score_cells(row.scores[name])
        cell = f"{value} ({interval}), n {n} {words.format_change(row.scores[name])}".rstrip()
        scores.append(cell if value else (f"n {n}" if n != "0" else ""))
    return [words.group_title(report, dimension, row.name or ""), f"{row.comments:,}", *scores]


def _drivers(report: Report) -> Iterator[str]:
    yield f"\n## What moves {MEASURES[report.lead].title}\n"
    rows = []
    for driver in report.drivers[:SHOWN_GROUPS]:
        *cells, effect, interval, impact = words.driver_cells(report, driver)
        rows.append([*cells, f"{effect} ({interval})", impact])
    yield from _table(["Topic", "Mentioned", "With", "Without", "Effect", "Impact"], rows)
    yield f"\nOf {report.driver_answers:,} answers. {words.DRIVER_NOTE}"


def _table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' if not number else '---:' for number in range(len(head)))}|"
    for row in rows:
        yield f"| {' | '.join(_plain(cell) for cell in row)} |"


def _plain(text: str) -> str:
    """Escape what Markdown or HTML would interpret, as names come from elsewhere."""
    escaped = clean(text).replace("&", "&amp;").replace("<", "&lt;")
    for sign in "\\|*_`[]#!":
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped
