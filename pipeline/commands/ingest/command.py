"""`feedback ingest`: publishes the rows of a file, and waits until they are indexed.

``connectors.file`` reads and ``connectors.runtime.runner`` publishes; this module turns options
into their configuration, shows progress, and accounts for every row.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run, run
from pipeline.commands.ingest.paths import expand_paths
from pipeline.commands.ingest.result import IngestResult, read_dead_offsets, wait_until_indexed
from pipeline.commands.ingest.view import (
    as_json,
    print_mapping,
    print_oddities,
    print_resumed,
    progress,
    table,
    top_reasons,
)
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, parse_columns, parse_pairs
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
        str | None, typer.Option(help="Known column layout: nhs-fft, hcahps, text-date.")
    ] = None,
    mapping: Annotated[
        _Texts,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Column of text, id, created_at, stars, site, …; attributes.NAME=COLUMN keeps "
            "another column. Repeatable.",
        ),
    ] = None,
    scale: Annotated[
        _Texts,
        typer.Option(
            metavar="MEASURE=WORST:BEST", help="Scale of a measure, such as stars=1:10; repeatable."
        ),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Namespace of the ids; default: the file's name.")
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
    header: Annotated[
        bool, typer.Option(help="The first row has the column names; without, they are 1, 2, …")
    ] = True,
    timezone: Annotated[str, typer.Option(help="Time zone of dates without one.")] = "UTC",
    date_format: Annotated[
        str | None,
        typer.Option(help="iso, epoch, dmy, mdy or a pattern like %d.%m.%Y; default: detected."),
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
        "scales": _scales(scale or []),
        "dataset": dataset,
        "family": family,
        "encoding": source_encoding,
        "delimiter": delimiter,
        "sheet": sheet,
        "header": header,
        "timezone": timezone,
        "date_format": date_format,
        "constants": {name: text for name, text in constants.items() if text},
        "author_key": configuration.author_key,
        "textless": True,
        "backfill": not news,
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

    _import_files(expand_paths(paths), options, import_file, json=json)


def _import_files(
    files: list[str],
    options: dict[str, Any],
    import_file: Callable[[FileConnector], IngestResult],
    *,
    json: bool,
) -> None:
    """Import one file after the other: one that can't be read keeps none from being read."""
    answers: list[dict[str, Any]] = []
    failure: CommandError | None = None
    for file in files:
        try:
            connector = build_connector({"path": file, **options})
            print_mapping(connector)
            result = import_file(connector)
            print_oddities(connector)
            answers.append(as_json(result, connector))
            if not json:
                out.print(table(result))
            _report_result(result, connector)
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
    with translate_errors():
        _ = connector.plan
    return connector


def parse_mapping(pairs: list[str]) -> dict[str, dict[str, str]]:
    """Return pairs of FIELD=COLUMN as ``columns`` and ``attributes``; raises ``CommandError``."""
    columns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for field, column in parse_columns(pairs, "--map", "FIELD=COLUMN").items():
        kind, dot, name = field.partition(".")
        if dot and kind in {"attribute", "attributes"}:
            attributes[name] = column
        else:
            columns[field] = column
    return {"columns": columns, "attributes": attributes}


def _scales(pairs: list[str]) -> dict[str, tuple[float, float]]:
    form = "MEASURE=WORST:BEST"
    scales = {}
    for measure, ends in parse_pairs(pairs, "--scale", form).items():
        try:
            worst, best = map(float, ends.split(":"))
        except ValueError:
            raise CommandError(
                f"reading --scale {measure!r}: it must be {form}", ExitStatus.USAGE
            ) from None
        scales[measure] = (worst, best)
    return scales


def _dry_run(connector: FileConnector) -> tuple[IngestResult, list[Feedback]]:
    stats = RunStats()
    with translate_errors(_RETRY_HINT), progress("reading") as show:
        records = dry_run(connector, stats, show)
        first = list(islice(records, _SHOWN_RECORDS))
        for _ in records:
            pass
    return IngestResult(stats, dry_run=True), first


def _publish(connector: FileConnector, configuration: Settings, *, again: bool) -> IngestResult:
    require_broker(configuration.kafka)
    create_kafka_topics(configuration)
    with translate_errors(_RETRY_HINT):
        dead_offsets = read_dead_offsets(configuration.kafka)
        with progress("publishing") as show, ConnectorBroker(configuration.kafka) as broker:
            outcome = run(connector, broker, again=again, progress=show)
    print_resumed(connector, outcome)
    return IngestResult(outcome.stats, dead_offsets=dead_offsets)


def _report_result(result: IngestResult, connector: FileConnector) -> None:
    tally, waiting = result.tally, result.waiting
    if waiting and not result.worker:
        err.print(
            f"{waiting:,} records are waiting in Kafka: start `feedback worker` to index them"
        )
    elif not result.adds_up:
        err.print(
            f"[yellow]{waiting or 0:,} of {tally.published:,} published records are not in the "
            "index[/]: see `feedback status` and `feedback dead list`",
            soft_wrap=True,
        )
    if tally.dead_lettered == tally.read:
        reason = top_reasons(tally.reasons)[0][0] if tally.reasons else "the file has no rows"
        raise CommandError(
            f"reading {connector.source.name}: no row could be read ({reason})",
            ExitStatus.BAD_INPUT,
        )
