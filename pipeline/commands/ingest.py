"""`feedback ingest`: rows of a file, or of standard input, onto Kafka, and followed to the index.

The reading and publishing are ``connectors.file`` and ``connectors._runner``; this module turns
options into their configuration, shows the progress, and accounts for every row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipeline.commands._context import err, out, print_json, settings
from pipeline.errors import CommandError, ExitStatus, Unavailable
from schemas.feedback import Family, Feedback

if TYPE_CHECKING:
    from connectors._runner import Outcome
    from connectors._tally import OnProgress, Tally
    from connectors.file import FileConnector
    from pipeline.settings import Settings

_IDS_A_QUERY: Final = 5_000
_PATIENCE_S: Final = 30.0
_SHOWN_RECORDS: Final = 5
_SHOWN_REASONS: Final = 5

_Texts = list[str] | None


def ingest(
    path: Annotated[str, typer.Argument(help="CSV or JSON Lines, .gz too; -: standard input.")],
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
    wait: Annotated[bool, typer.Option(help="Wait until a running worker indexed it.")] = True,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, for machines.")] = False,
) -> None:
    """Bring the comments of a file in; a second time adds nothing."""
    configuration = settings()
    constants = {"organization": organization, "site": site, "service": service}
    connector = _connector(
        {
            "path": path,
            "preset": preset,
            **_mapped(mapping or []),
            "scales": dict(map(_scale, scale or [])),
            "dataset": dataset,
            "family": family,
            "encoding": source_encoding,
            "delimiter": delimiter,
            "header": header,
            "timezone": timezone,
            "date_format": date_format,
            "constants": {name: text for name, text in constants.items() if text},
            "author_key": configuration.author_key,
        }
    )
    _tell_mapping(connector)
    if dry_run:
        account, first = _rehearse(connector)
        if not json:
            out.print(_records_table(first))
    else:
        account = _publish(connector, configuration, again=again)
        if wait:
            _follow(account, configuration)
    if json:
        print_json(_as_json(account, connector))
    else:
        out.print(_table(account))
    _conclude(account, connector)


@dataclass
class _Account:
    """What became of every row."""

    tally: Tally
    dry_run: bool = False
    dead_offsets: dict[Any, int] | None = None
    """From where on the worker may have refused what this run published."""
    refused: set[bytes] = field(default_factory=set)
    indexed: int | None = None
    worker: bool | None = None

    @property
    def refused_by_worker(self) -> int:
        """How many of the published records the worker has dead-lettered."""
        return len(self.refused)

    @property
    def waiting(self) -> int | None:
        """Published rows that are neither in the index nor refused; None where nobody looked."""
        if self.indexed is None:
            return None
        return self.tally.published - self.indexed - self.refused_by_worker

    @property
    def adds_up(self) -> bool:
        """Whether rows read = indexed (or published) + dead-lettered + skipped + repeated."""
        tally = self.tally
        arrived = tally.published
        if self.indexed is not None:
            arrived = self.indexed + self.refused_by_worker
        return tally.read == arrived + tally.dead_lettered + tally.skipped + tally.repeated


@contextmanager
def _sentences() -> Iterator[None]:
    """The connector's errors as the command's."""
    from connectors._errors import Fatal, Misconfigured, Retry

    try:
        yield
    except Misconfigured as error:
        raise CommandError(str(error), ExitStatus.USAGE) from None
    except Fatal as error:
        raise CommandError(str(error), ExitStatus.BAD_INPUT) from None
    except Retry as error:
        raise Unavailable(
            f"{error}; run the same again: it goes on after what was acknowledged"
        ) from None


def _connector(options: dict[str, Any]) -> FileConnector:
    from pydantic import ValidationError

    from connectors.file import FileConfig, FileConnector

    try:
        connector = FileConnector(FileConfig.model_validate(options))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CommandError(
            f"reading the option {where}: {first['msg']}", ExitStatus.USAGE
        ) from None
    with _sentences():
        _ = connector.plan
    return connector


def _mapped(pairs: list[str]) -> dict[str, dict[str, str]]:
    columns: dict[str, str] = {}
    attributes: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or not field.strip() or not column.strip():
            raise CommandError(f"reading --map {pair!r}: it must be FIELD=COLUMN", ExitStatus.USAGE)
        kind, dot, name = field.strip().partition(".")
        if dot and kind in {"attribute", "attributes"}:
            attributes[name] = column.strip()
        else:
            columns[field.strip()] = column.strip()
    return {"columns": columns, "attributes": attributes}


def _scale(pair: str) -> tuple[str, tuple[float, float]]:
    try:
        measure, ends = pair.split("=")
        worst, best = ends.split(":")
        return measure.strip(), (float(worst), float(best))
    except ValueError:
        raise CommandError(
            f"reading --scale {pair!r}: it must be MEASURE=WORST:BEST", ExitStatus.USAGE
        ) from None


def _tell_mapping(connector: FileConnector) -> None:
    plan = connector.plan
    mapping = plan.mapping
    used = [f"{field} = {column}" for field, column in mapping.columns.items()]
    used += [f"attributes.{name} = {column}" for name, column in mapping.attributes.items()]
    used += [f"{name} is {text!r}" for name, text in mapping.constants.items()]
    err.print(f"reading {connector.source.name} as {', '.join(used)}", soft_wrap=True, markup=False)
    if plan.undated is not None:
        err.print(
            "no column for the date (--map created_at=COLUMN): every row gets "
            f"{plan.undated:%Y-%m-%d %H:%M} UTC, the file's own",
            soft_wrap=True,
        )
    elif mapping.date_format not in {"auto", "iso"}:
        err.print(f"dates are {mapping.date_format}, {plan.zone} (--date-format, --timezone)")
    if "author" in mapping.columns and not connector.config.author_key.get_secret_value():
        err.print("authors are left out: FEEDBACK_AUTHOR_KEY is not set")


@contextmanager
def _progress(what: str) -> Iterator[OnProgress]:
    """A bar of bytes with rows a second, on a terminal only."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(what),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[speed]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None, rows=0, speed=0.0)

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


def _rehearse(connector: FileConnector) -> tuple[_Account, list[Feedback]]:
    from connectors._runner import rehearse
    from connectors._tally import Tally

    tally = Tally()
    with _sentences(), _progress("reading") as show:
        records = rehearse(connector, tally, show)
        first = list(islice(records, _SHOWN_RECORDS))
        for _ in records:
            pass
    return _Account(tally, dry_run=True), first


def _publish(connector: FileConnector, configuration: Settings, *, again: bool) -> _Account:
    from connectors._errors import Retry
    from connectors._kafka import reach
    from connectors._runner import run
    from pipeline.setup import create_kafka_topics

    servers = configuration.kafka_bootstrap_servers
    try:
        reach(servers)
    except Retry as error:
        raise Unavailable(
            f"{error}; start one with `feedback up` or set FEEDBACK_KAFKA_BOOTSTRAP_SERVERS"
        ) from None
    create_kafka_topics(configuration)
    with _sentences():
        dead_offsets = _dead_offsets(servers)
        with _progress("publishing") as show:
            outcome = run(connector, servers, again=again, progress=show)
    _tell_resumed(connector, outcome)
    return _Account(outcome.tally, dead_offsets=dead_offsets)


def _tell_resumed(connector: FileConnector, outcome: Outcome) -> None:
    earlier, cursor = outcome.tally.earlier, outcome.resumed_from
    if cursor is None or not earlier:
        return
    when = f"{cursor.stored_at:%Y-%m-%d %H:%M} UTC"
    if earlier == outcome.tally.read and connector.is_done(cursor.position):
        err.print(
            f"already ingested: {earlier:,} rows on {when}; nothing was published now "
            "(--again publishes them anew, with the same ids)",
            soft_wrap=True,
        )
    else:
        err.print(f"went on after {earlier:,} rows that were published by {when}", soft_wrap=True)


def _dead_offsets(servers: str) -> dict[Any, int]:
    from connectors._kafka import open_consumer, partitions_of
    from schemas.kafka_topics import DEAD

    consumer = open_consumer(servers)
    try:
        ends: dict[Any, int] = consumer.end_offsets(partitions_of(consumer, DEAD.name))
        return ends
    finally:
        consumer.close()


def _follow(account: _Account, configuration: Settings) -> None:
    """Look for the published records in the index; wait for them while a worker runs."""
    from elasticsearch import ApiError, TransportError

    from pipeline.sinks.elasticsearch_client import connect, shown_urls

    account.worker = _worker_runs(configuration)
    try:
        with connect(configuration) as client:
            if account.worker:
                _wait_indexed(account, configuration, _counter(client, account))
            else:
                account.indexed = sum(_counter(client, account)())
    except (ApiError, TransportError) as error:
        err.print(
            f"counting in Elasticsearch at {shown_urls(configuration)}: {type(error).__name__}; "
            "what was published waits in Kafka",
            soft_wrap=True,
        )


def _worker_runs(configuration: Settings) -> bool:
    """Whether both of the worker's consumer groups have members."""
    from kafka.errors import KafkaError

    from pipeline.lag import group_lags

    try:
        lags = group_lags(configuration) or []
    except KafkaError:  # a broker that never had a consumer group knows no coordinator yet
        return False
    members = {lag["group"]: lag["members"] for lag in lags}
    return bool(members) and all(members.values())


def _counter(client: Any, account: _Account) -> Callable[[], Iterator[int]]:
    """A function that yields how many documents of each chunk of ids are in the index.

    A chunk that was found whole is not asked for again.
    """
    from schemas.documents import READ_ALIAS

    ids = [known.hex() for known in account.tally.event_ids]
    chunks = [ids[at : at + _IDS_A_QUERY] for at in range(0, len(ids), _IDS_A_QUERY)]
    whole: set[int] = set()

    def count() -> Iterator[int]:
        for number, chunk in enumerate(chunks):
            if number in whole:
                yield len(chunk)
                continue
            found = client.options(ignore_status=404).count(
                index=READ_ALIAS, query={"ids": {"values": chunk}}
            )
            documents = min(int(found.get("count", 0)), len(chunk))
            if documents == len(chunk):
                whole.add(number)
            yield documents

    return count


def _wait_indexed(
    account: _Account, configuration: Settings, count: Callable[[], Iterator[int]]
) -> None:
    from elasticsearch import ApiError, TransportError

    total = account.tally.published
    best, moved = -1, time.monotonic()
    with err.status(f"waiting for the worker to index {total:,} records") as status:
        while True:
            try:
                account.indexed = sum(count())
            except (ApiError, TransportError):
                # An index that the worker has just made answers 503 until its shard is up.
                if time.monotonic() - moved > _PATIENCE_S:
                    raise
                time.sleep(0.5)
                continue
            if account.indexed < total:
                _look_for_refused(account, configuration)
            arrived = account.indexed + account.refused_by_worker
            status.update(f"indexed {arrived:,} of {total:,}")
            if arrived >= total:
                return
            if arrived > best:
                best, moved = arrived, time.monotonic()
            elif time.monotonic() - moved > _PATIENCE_S:
                return
            time.sleep(0.5)


def _look_for_refused(account: _Account, configuration: Settings) -> None:
    """Read the dead letters that came since the last look, for ids of this run."""
    from connectors._kafka import open_consumer, read_between
    from schemas.dead_letter import DeadLetter

    start = account.dead_offsets or {}
    consumer = open_consumer(configuration.kafka_bootstrap_servers)
    try:
        end = consumer.end_offsets(list(start))
        for record in read_between(consumer, start, end):
            known = _id_bytes(DeadLetter.from_payload(record.value).key)
            if known in account.tally.event_ids:
                account.refused.add(known)
    finally:
        consumer.close()
    account.dead_offsets = end


def _id_bytes(key: str | None) -> bytes:
    try:
        return bytes.fromhex(key or "")
    except ValueError:
        return b""


def _rows(account: _Account) -> list[tuple[str, int | None]]:
    tally = account.tally
    rows: list[tuple[str, int | None]] = [
        ("rows read", tally.read),
        ("readable" if account.dry_run else "published", tally.published),
        ("dead-lettered", tally.dead_lettered),
        ("skipped (no text)", tally.skipped),
        ("repeated (same id again)", tally.repeated),
    ]
    if account.refused_by_worker:
        rows.append(("dead-lettered by the worker", account.refused_by_worker))
    if account.indexed is not None:
        rows.append(("indexed", account.indexed))
    return rows


def _table(account: _Account) -> Any:
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for name, count in _rows(account):
        table.add_row(name, f"{count:,}")
        if name == "dead-lettered":
            for reason, count, examples in _top_reasons(account.tally):
                table.add_row("", f"{count:,}", f"{reason} ({', '.join(examples)})")
    return table


def _top_reasons(tally: Tally) -> list[tuple[str, int, list[str]]]:
    ordered = sorted(tally.reasons.items(), key=lambda item: -item[1].count)
    return [(text, reason.count, reason.examples) for text, reason in ordered[:_SHOWN_REASONS]]


def _records_table(records: list[Feedback]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table("created_at", "native_id", "measures", "organization, site, service", "text")
    for record in records:
        measures = [
            f"{name} {measure.value:g}"
            for name in ("stars", "nps", "csat", "ces", "fft")
            if (measure := getattr(record, name)) is not None
        ]
        places = [place for place in (record.organization, record.site, record.service) if place]
        text = record.text if len(record.text) <= 160 else record.text[:159] + "…"
        cells = (record.native_id, ", ".join(measures), ", ".join(places), text)
        table.add_row(f"{record.created_at:%Y-%m-%d %H:%M}", *map(escape, cells))
    return table


def _as_json(account: _Account, connector: FileConnector) -> dict[str, Any]:
    tally, plan = account.tally, connector.plan
    return {
        "file": connector.source.name,
        "dataset": plan.dataset,
        "family": plan.family,
        "columns": plan.mapping.columns,
        "attributes": plan.mapping.attributes,
        "date_format": plan.mapping.date_format,
        "encoding": plan.dialect.encoding,
        "dry_run": account.dry_run,
        "rows_read": tally.read,
        "published": tally.published,
        "published_earlier_rows": tally.earlier,
        "dead_lettered": tally.dead_lettered,
        "dead_lettered_by_worker": account.refused_by_worker,
        "skipped": tally.skipped,
        "repeated": tally.repeated,
        "indexed": account.indexed,
        "waiting": account.waiting,
        "worker": account.worker,
        "adds_up": account.adds_up,
        "reasons": [
            {"reason": reason, "count": count, "examples": examples}
            for reason, count, examples in _top_reasons(tally)
        ],
    }


def _conclude(account: _Account, connector: FileConnector) -> None:
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
        reason = _top_reasons(tally)[0][0] if tally.reasons else "there is none"
        raise CommandError(
            f"reading {connector.source.name}: no row could be read ({reason})",
            ExitStatus.BAD_INPUT,
        )
