"""`feedback ingest`: publishes the rows of a file, and waits until they are indexed.

``connectors.file`` reads and ``connectors.runtime.runner`` publishes; this module turns options
into their configuration, shows progress, and accounts for every row.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run, run
from connectors.sdk.timestamps import unix_ms
from pipeline.commands.ingest.collection import collecting_rarely
from pipeline.commands.ingest.date_order import decide_dates
from pipeline.commands.ingest.outcome import report_outcome
from pipeline.commands.ingest.overlap import Overlaps
from pipeline.commands.ingest.pairs import parse_mapping, parse_scales
from pipeline.commands.ingest.paths import expand_paths
from pipeline.commands.ingest.result import IngestResult, read_dead_offsets, wait_until_indexed
from pipeline.commands.ingest.view import (
    as_json,
    print_import,
    print_mapping,
    print_oddities,
    print_overlap,
    print_resumed,
    progress,
    table,
)
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json
from pipeline.commands.shared.records import records_table
from pipeline.commands.sources.select import translate_errors
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.admin import create_kafka_topics, require_broker
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import Settings
from pipeline.terminal import err, out, print_json, print_note
from schemas.feedback import Family, Feedback
from schemas.validation import first_fault

_SHOWN_RECORDS: Final = 5
_RETRY_HINT: Final = "; run the same command again: it resumes after the last acknowledged row"

_Texts = list[str] | None


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            help="CSV, JSON, Excel or LibreOffice files, also .gz, or folders; - reads standard "
            "input."
        ),
    ],
    preset: Annotated[
        str | None,
        typer.Option(
            help="Known column layout: nhs-fft, hcahps, text-date, a known export such as "
            "typeform, or a .toml file; default: recognised by the header."
        ),
    ] = None,
    mapping: Annotated[
        _Texts,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Column of text, id, created_at, stars, site, …; text= several times if a row has "
            "several comments; attributes.NAME=COLUMN keeps another column. Repeatable.",
        ),
    ] = None,
    scale: Annotated[
        _Texts,
        typer.Option(
            metavar="MEASURE=WORST:BEST", help="Scale of a measure, such as stars=1:10; repeatable."
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Namespace of the ids; default: the preset's, or none.")
    ] = None,
    family: Annotated[
        Family | None, typer.Option(help="Family; default: the preset's, or form.")
    ] = None,
    source_encoding: Annotated[
        str | None, typer.Option(help="Encoding; default: detected.")
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Delimiter: one character, or tab; default: detected.")
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="Sheet of a workbook; default: those with the same known columns."),
    ] = None,
    moderator: Annotated[
        _Texts, typer.Option(help="Speaker of a transcript who asks, and is left out; repeatable.")
    ] = None,
    header: Annotated[
        bool, typer.Option(help="The first row has the column names; without, they are 1, 2, …")
    ] = True,
    timezone: Annotated[
        str | None, typer.Option(help="Time zone of dates without one; default: UTC.")
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(
            help="iso, epoch, dmy, mdy, ymd or a pattern like %d.%m.%Y; default: detected."
        ),
    ] = None,
    organization: Annotated[str | None, typer.Option(help="Organization of every row.")] = None,
    site: Annotated[str | None, typer.Option(help="Site of every row.")] = None,
    service: Annotated[str | None, typer.Option(help="Service of every row.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read every row, publish none.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Republish rows that were already published, with the same ids."
        ),
    ] = False,
    news: Annotated[
        bool,
        typer.Option(
            "--news",
            help="Count these comments towards alerts; by default they are treated as history.",
        ),
    ] = False,
    allow_dead_letters: Annotated[
        bool,
        typer.Option(
            "--allow-dead-letters",
            help="Exit with 0 even if more than a tenth of the rows is dead-lettered.",
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option(help="Wait until a running worker has indexed the rows.")
    ] = True,
    json: Json = False,
) -> None:
    """Import comments from files. Idempotent."""
    configuration = settings()
    constants = {"organization": organization, "site": site, "service": service}
    options = {
        "preset": preset,
        **parse_mapping(mapping or []),
        "scales": parse_scales(scale or []),
        "dataset": dataset,
        "family": family,
        "encoding": source_encoding,
        "delimiter": delimiter,
        "sheet": sheet,
        "moderators": moderator or [],
        "header": header,
        "timezone": timezone,
        "date_format": date_format,
        "constants": {name: text for name, text in constants.items() if text},
        "author_key": configuration.author_key,
        "textless": True,
        "is_import": True,
        "backfill": not news,
        "redated": again,
    }

    def import_file(connector: FileConnector) -> IngestResult:
        if dry_run:
            result, first = _dry_run(connector)
            if not json:
                out.print(records_table(first))
            return result
        result = _publish(connector, configuration, again=again)
        if wait:
            wait_until_indexed(result, configuration)
        return result

    with collecting_rarely():
        _import_files(
            paths,
            options,
            import_file,
            json=json,
            dry_run=dry_run,
            allow_dead_letters=allow_dead_letters,
        )


def _import_files(
    paths: list[str],
    options: dict[str, Any],
    import_file: Callable[[FileConnector], IngestResult],
    *,
    json: bool,
    dry_run: bool,
    allow_dead_letters: bool,
) -> None:
    """Import one file after the other: one that can't be read keeps none from being read."""
    answers: list[dict[str, Any]] = []
    failure: CommandError | None = None
    files = expand_paths(paths)
    overlaps = Overlaps()
    for file in files:
        try:
            connector = build_connector({"path": file, **options})
            print_mapping(connector)
            if not dry_run:
                connector = decide_dates(connector, paths)
            result = import_file(connector)
            result.overlap = overlaps.add(connector.source.name, result.tally.event_ids)
            print_oddities(connector)
            print_overlap(result)
            answers.append(as_json(result, connector))
            if not json:
                out.print(table(result))
                if result.tally.published and not dry_run:
                    print_import(connector)
            report_outcome(result, connector, allow_dead_letters=allow_dead_letters)
        except CommandError as error:
            if error.status not in {ExitStatus.BAD_INPUT, ExitStatus.USAGE}:
                raise
            if failure is not None:
                print_note(str(failure))
            failure = error
    if json and answers:
        print_json(answers[0] if len(files) == 1 else {"files": answers})
    if failure is not None:
        raise failure


def build_connector(options: dict[str, Any]) -> FileConnector:
    """Return the file connector with these options; raises ``CommandError``."""
    try:
        connector = FileConnector(FileConfig.model_validate(options))
    except ValidationError as error:
        raise CommandError(f"reading the option {first_fault(error)}", ExitStatus.USAGE) from None
    with translate_errors(), err.status("looking at all rows"):
        _ = connector.plan
    return connector


def _dry_run(connector: FileConnector) -> tuple[IngestResult, list[Feedback]]:
    stats = RunStats()
    with translate_errors(_RETRY_HINT), progress("reading") as show:
        records = dry_run(connector, stats, show)
        first = list(islice(records, _SHOWN_RECORDS))
        for _ in records:
            pass
    return IngestResult(stats, dry_run=True, unit=_unit(connector)), first


def _unit(connector: FileConnector) -> str:
    return "answers" if connector.plan.mapping.has_several_texts else "rows"


def _publish(connector: FileConnector, configuration: Settings, *, again: bool) -> IngestResult:
    require_broker(configuration.kafka)
    create_kafka_topics(configuration)
    started_at = unix_ms(datetime.now(UTC))
    with translate_errors(_RETRY_HINT):
        dead_offsets = read_dead_offsets(configuration.kafka)
        with progress("publishing") as show, ConnectorBroker(configuration.kafka) as broker:
            outcome = run(connector, broker, again=again, progress=show)
    print_resumed(connector, outcome)
    cursor = outcome.resumed_from
    is_resumed = outcome.stats.already_published > 0
    return IngestResult(
        outcome.stats,
        unit=_unit(connector),
        dead_offsets=dead_offsets,
        published_since=None if is_resumed else started_at,
        earlier_name=connector.find_other_name(cursor.position) if cursor else None,
    )
