"""Output of `feedback ingest`: the column mapping, progress, and the result."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from connectors.file import FileConnector, summary
from connectors.file.plan import ReadPlan
from connectors.runtime.run_stats import OnProgress, Reason
from connectors.runtime.runner import RunOutcome
from pipeline.commands.ingest.result import IngestResult
from pipeline.terminal import err, one_line, print_note

_SHOWN_REASONS: Final = 5
_SHOWN_COLUMNS: Final = 60
_SHOWN_VALUES: Final = 11


def print_mapping(connector: FileConnector) -> None:
    """Print which column is read as which field, and the assumptions made."""
    plan = connector.plan
    mapping = plan.mapping
    for sentence in connector.writing.describe():
        print_note(sentence)
    export = f" ({plan.export})" if plan.export else ""
    print_note(f"reading {connector.source.name}{export}: {plan.look.rows:,} rows")
    err.print(columns_table(plan))
    for name, text in mapping.constants.items():
        print_note(f"{name} is {text!r}")
    if plan.undated is not None:
        print_note(
            "no date column (--map created_at=COLUMN): every row gets "
            f"{plan.undated:%Y-%m-%d %H:%M} UTC, the time of the file"
        )
    else:
        print_note(_describe_dates(plan))
    for measure, score in summary.describe_scores(plan).items():
        print_note(_describe_score(measure, score))
    for note in summary.list_notes(plan):
        print_note(note)
    if "author" in mapping.columns and not connector.config.author_key.get_secret_value():
        print_note("authors are dropped: FEEDBACK_AUTHOR_KEY is not set")


def print_oddities(connector: FileConnector) -> None:
    """Print what was left out or mended while the rows were read."""
    for sentence in connector.oddities.describe():
        print_note(sentence)


def print_import(connector: FileConnector) -> None:
    """Print the id of an import, and how to take it back."""
    identifier = connector.import_id
    print_note(f"import {identifier}: `feedback datasets remove {identifier}` takes it back")


def print_overlap(result: IngestResult) -> None:
    """Print how many records an earlier file of this command has, too."""
    if result.overlap is not None:
        print_note(
            f"{result.overlap.records:,} of its records are in {one_line(result.overlap.file)}, "
            "too: they have the same ids, and each is kept once"
        )


def columns_table(plan: ReadPlan) -> Any:
    """Return the columns taken and left out, with how full they are and an example."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("column", "read as", "filled", "holds", "example"):
        table.add_column(heading, overflow="fold")
    columns = sorted(summary.list_columns(plan), key=lambda column: column.field is None)
    for column in columns[:_SHOWN_COLUMNS]:
        table.add_row(
            escape(one_line(_name_column(column))),
            column.field or "[dim]left out[/]",
            f"{column.fill:.0%}",
            column.kind,
            escape(one_line(column.example or "")),
        )
    if len(columns) > _SHOWN_COLUMNS:
        table.add_row(f"and {len(columns) - _SHOWN_COLUMNS} more (--json lists all)")
    return table


def _name_column(column: summary.ColumnSummary) -> str:
    return column.column if column.wording is None else f"{column.column}: {column.wording}"


def _describe_dates(plan: ReadPlan) -> str:
    dates = summary.describe_dates(plan)
    forms = {"auto": "each readable in one way", "iso": "ISO 8601", "epoch": "Unix times"}
    form = forms.get(dates["format"], dates["format"])
    span = f" from {dates['earliest']} to {dates['latest']}" if dates["earliest"] else ""
    return f"dates{span}, {form}, {plan.zone}: {dates['certainty']}"


def _describe_score(measure: str, score: Mapping[str, Any]) -> str:
    spread = list(score["spread"].items())
    shown = ", ".join(f"{value}: {count:,}" for value, count in spread[:_SHOWN_VALUES])
    more = ", …" if len(spread) > _SHOWN_VALUES else ""
    certainty = "certain" if score["is_seen"] else "guess"
    return f"{measure} from {score['worst']:g} to {score['best']:g} ({shown}{more}): {certainty}"


def print_resumed(connector: FileConnector, outcome: RunOutcome) -> None:
    """Print how many rows an earlier run published."""
    earlier, cursor = outcome.stats.already_published, outcome.resumed_from
    if cursor is None or not earlier:
        return
    when = f"{cursor.stored_at:%Y-%m-%d %H:%M} UTC"
    name = connector.find_other_name(cursor.position)
    if name is not None:
        when += f", when the same content was called {one_line(name)!r}"
    if earlier == outcome.stats.read and connector.is_done(cursor.position):
        print_note(
            f"already ingested: {earlier:,} rows on {when}; nothing was published "
            "(--again publishes them again, with the same ids)"
        )
    else:
        print_note(f"resumed after {earlier:,} rows published by {when}")


@contextmanager
def progress(what: str) -> Iterator[OnProgress]:
    """Show a progress bar of bytes with rows per second, on a terminal only."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[speed]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(one_line(what), total=None, rows=0, speed=0.0)

        def show(done: Any) -> None:
            speed = done.rows / max(time.monotonic() - started, 0.001)
            bar.update(
                task,
                completed=done.bytes_read,
                total=done.bytes_total,
                rows=done.rows,
                speed=speed,
            )

        yield show


def _rows(result: IngestResult) -> list[tuple[str, int | None]]:
    tally = result.tally
    rows: list[tuple[str, int | None]] = [
        (f"{result.unit} read", tally.read),
        ("readable" if result.dry_run else "published", tally.published),
        ("dead-lettered", tally.dead_lettered),
        ("skipped", tally.skipped),
        ("repeated (duplicate id)", tally.repeated),
    ]
    if result.refused_by_worker:
        rows.append(("dead-lettered by the worker", result.refused_by_worker))
    if result.indexed is not None:
        rows.append(("indexed", result.indexed))
    return rows


def table(result: IngestResult) -> Any:
    """Return the counts of a run, with the most frequent reasons."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    reasons = {"dead-lettered": result.tally.reasons, "skipped": result.tally.skips}
    for name, count in _rows(result):
        table.add_row(name, f"{count:,}")
        for reason, number, examples in top_reasons(reasons.get(name, {})):
            text = one_line(f"{reason} ({', '.join(examples)})")  # cleaned before it is measured
            table.add_row("", f"{number:,}", escape(text))
    return table


def top_reasons(reasons: Mapping[str, Reason]) -> list[tuple[str, int, list[str]]]:
    """Return the most frequent reasons as (reason, count, examples)."""
    ordered = sorted(reasons.items(), key=lambda item: -item[1].count)
    return [(text, reason.count, reason.examples) for text, reason in ordered[:_SHOWN_REASONS]]


def _reasons_json(reasons: Mapping[str, Reason]) -> list[dict[str, Any]]:
    return [
        {"reason": reason, "count": count, "examples": examples}
        for reason, count, examples in top_reasons(reasons)
    ]


def as_json(result: IngestResult, connector: FileConnector) -> dict[str, Any]:
    """Return the result as JSON."""
    tally, plan = result.tally, connector.plan
    return {
        "file": connector.source.name,
        "dataset": plan.dataset,
        "import": None if result.dry_run else connector.import_id,
        "family": plan.family,
        "columns": plan.mapping.columns,
        "attributes": plan.mapping.attributes,
        "date_format": plan.mapping.date_format,
        "encoding": plan.dialect.encoding,
        "sheet": plan.dialect.sheets[0] if len(plan.dialect.sheets) == 1 else None,
        "written": connector.writing.as_json(),
        "oddities": connector.oddities.as_json(),
        "dry_run": result.dry_run,
        "rows_read": tally.read,
        "published": tally.published,
        "published_earlier_rows": tally.already_published,
        "published_earlier_as": result.earlier_name,
        "also_in": None if result.overlap is None else result.overlap._asdict(),
        "dead_lettered": tally.dead_lettered,
        "dead_lettered_by_worker": result.refused_by_worker,
        "skipped": tally.skipped,
        "repeated": tally.repeated,
        "indexed": result.indexed,
        "waiting": result.waiting,
        "worker": result.worker,
        "adds_up": result.adds_up,
        "empty_answers": connector.count_empty_answers(),
        "rows_in_file": plan.look.rows,
        **summary.as_json(plan),
        "reasons": _reasons_json(tally.reasons),
        "skips": _reasons_json(tally.skips),
    }
