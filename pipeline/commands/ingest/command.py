"""`feedback ingest`: rows of a file, or of standard input, onto Kafka, and followed to the index.

``connectors.file`` reads and ``connectors.runtime.runner`` publishes; this module turns options
into their configuration, shows the progress, and accounts for every row.
"""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from connectors.file import FileConfig, FileConnector
from connectors.runtime.run_stats import RunStats
from connectors.runtime.runner import dry_run, run
from pipeline.commands.ingest.account import Account, follow, read_dead_offsets
from pipeline.commands.ingest.view import (
    as_json,
    progress,
    table,
    tell_mapping,
    tell_resumed,
    top_reasons,
)
from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, parse_columns, parse_pairs
from pipeline.commands.shared.records import records_table
from pipeline.commands.sources.select import sentences
from pipeline.errors import CommandError, ExitStatus
from pipeline.kafka.admin import create_kafka_topics, require_broker
from pipeline.kafka.connector_broker import ConnectorBroker
from pipeline.settings import Settings
from pipeline.terminal import err, out, print_json
from schemas.feedback import Family, Feedback
from schemas.validation import first_fault

_SHOWN_RECORDS: Final = 5
_AGAIN: Final = "; run the same again: it goes on after what was acknowledged"

_Texts = list[str] | None


def ingest(
    path: Annotated[
        str, typer.Argument(help="CSV, JSON Lines, Excel, .gz too; -: standard input.")
    ],
    preset: Annotated[
        str | None, typer.Option(help="Known columns: nhs-fft, hcahps, text-date.")
    ] = None,
    mapping: Annotated[
        _Texts,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Column of text, id, created_at, stars, site, …; attributes.NAME=COLUMN keeps "
            "a further one. Repeatable.",
        ),
    ] = None,
    scale: Annotated[
        _Texts,
        typer.Option(metavar="MEASURE=WORST:BEST", help="Scale of a measure: stars=1:10."),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="What the ids belong to; default: the file's name.")
    ] = None,
    family: Annotated[Family | None, typer.Option(help="Default: the preset's, or form.")] = None,
    source_encoding: Annotated[str | None, typer.Option(help="Default: found out.")] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="One character, or tab; default: found out.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Of an Excel workbook; default: the first visible one.")
    ] = None,
    header: Annotated[
        bool, typer.Option(help="Whether the first row names the columns; else they are 1, 2, …")
    ] = True,
    timezone: Annotated[str, typer.Option(help="Of dates that name none.")] = "UTC",
    date_format: Annotated[
        str | None, typer.Option(help="iso, epoch, dmy, mdy or like %d.%m.%Y; default: found out.")
    ] = None,
    organization: Annotated[str | None, typer.Option(help="The same in every row.")] = None,
    site: Annotated[str | None, typer.Option(help="The same in every row.")] = None,
    service: Annotated[str | None, typer.Option(help="The same in every row.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, publish nothing.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Publish what is already published anew, with the same ids."),
    ] = False,
    news: Annotated[
        bool,
        typer.Option(
            "--news",
            help="Count these in alerts, as if they had just come in; default: they are history.",
        ),
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until a running worker indexed it.")] = True,
    json: Json = False,
) -> None:
    """Bring the comments of a file in; a second time adds nothing."""
    configuration = settings()
    constants = {"organization": organization, "site": site, "service": service}
    connector = connector_of(
        {
            "path": path,
            "preset": preset,
            **mapped(mapping or []),
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
    )
    tell_mapping(connector)
    if dry_run:
        account, first = _dry_run(connector)
        if not json:
            out.print(records_table(first))
    else:
        account = _publish(connector, configuration, again=again)
        if wait:
            follow(account, configuration)
    if json:
        print_json(as_json(account, connector))
    else:
        out.print(table(account))
    _conclude(account, connector)


def connector_of(options: dict[str, Any]) -> FileConnector:
    """The file connector with these options; raises ``CommandError``."""
    try:
        connector = FileConnector(FileConfig.model_validate(options))
    except ValidationError as error:
        raise CommandError(f"reading the option {first_fault(error)}", ExitStatus.USAGE) from None
    with sentences():
        _ = connector.plan
    return connector


def mapped(pairs: list[str]) -> dict[str, dict[str, str]]:
    """Pairs of FIELD=COLUMN as columns and attributes; raises ``CommandError``."""
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


def _dry_run(connector: FileConnector) -> tuple[Account, list[Feedback]]:
    stats = RunStats()
    with sentences(_AGAIN), progress("reading") as show:
        records = dry_run(connector, stats, show)
        first = list(islice(records, _SHOWN_RECORDS))
        for _ in records:
            pass
    return Account(stats, dry_run=True), first


def _publish(connector: FileConnector, configuration: Settings, *, again: bool) -> Account:
    require_broker(configuration.kafka)
    create_kafka_topics(configuration)
    with sentences(_AGAIN):
        dead_offsets = read_dead_offsets(configuration.kafka)
        with progress("publishing") as show, ConnectorBroker(configuration.kafka) as broker:
            outcome = run(connector, broker, again=again, progress=show)
    tell_resumed(connector, outcome)
    return Account(outcome.stats, dead_offsets=dead_offsets)


def _conclude(account: Account, connector: FileConnector) -> None:
    tally, waiting = account.tally, account.waiting
    if waiting and not account.worker:
        err.print(f"{waiting:,} records wait in Kafka: start `feedback worker` to index them")
    elif not account.adds_up:
        err.print(
            f"[yellow]{waiting or 0:,} of {tally.published:,} published records are not in the "
            "index[/]: see `feedback status` and `feedback dead list`",
            soft_wrap=True,
        )
    if tally.dead_lettered == tally.read:
        reason = top_reasons(tally.reasons)[0][0] if tally.reasons else "there is none"
        raise CommandError(
            f"reading {connector.source.name}: no row could be read ({reason})",
            ExitStatus.BAD_INPUT,
        )
