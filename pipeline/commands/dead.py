"""`feedback dead`: lists dead letters, the rejected records with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from pipeline.commands.shared.context import settings
from pipeline.commands.shared.options import Json, Since, parse_time_option
from pipeline.errors import Unavailable
from pipeline.failures import TransientError
from pipeline.kafka.admin import require_broker
from pipeline.kafka.reader import Record, TopicPartition, TopicReader
from pipeline.settings import KafkaConnection
from pipeline.terminal import err, out, print_json, print_note
from schemas.dead_letter import DeadLetter
from schemas.kafka_topics import DEAD

_MIN_WINDOW: Final = 64
_WINDOW_GROWTH: Final = 2
_SHOWN_PAYLOAD: Final = 2_000

app = typer.Typer(
    help="List dead letters: rejected records, with the reason.", no_args_is_help=True
)


@app.callback()
def _root() -> None:
    """Keep `list` a subcommand of its own."""


@dataclass(frozen=True)
class _Filter:
    """The requested dead letters; None matches all."""

    reason: str | None
    stage: str | None
    source: str | None
    since: datetime | None

    def matches(self, letter: DeadLetter) -> bool:
        """Return True if a letter passes every filter."""
        return (
            (self.reason is None or self.reason.casefold() in letter.reason.casefold())
            and self.stage in (None, letter.stage)
            and self.source in (None, letter.source)
            and (self.since is None or letter.failed_at >= self.since)
        )


@app.command("list")
def list_letters(
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Maximum number, newest first.")
    ] = 20,
    reason: Annotated[
        str | None, typer.Option(help="Text in the reason; case-insensitive.")
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Connector or stage that rejected it.")] = None,
    source: Annotated[str | None, typer.Option(help="Connector.")] = None,
    since: Since = None,
    payload: Annotated[
        bool,
        typer.Option("--payload", help="Show the rejected bytes; they may contain personal data."),
    ] = False,
    json: Json = False,
) -> None:
    """Show the newest dead letters, and count them by reason."""
    wanted = _Filter(reason, stage, source, parse_time_option("--since", since))
    letters = _read_newest(settings().kafka, wanted, limit)
    reasons = Counter(letter.reason for letter in letters)
    if json:
        shown = [_as_json(letter, payload=payload) for letter in letters]
        print_json({"letters": shown, "reasons": dict(reasons.most_common())})
    elif letters:
        out.print(_table(letters, payload=payload))
        out.print(_reasons_table(reasons))
    else:
        err.print("no matching dead letters" if _is_filtered(wanted) else "no dead letters")


def _is_filtered(wanted: _Filter) -> bool:
    return wanted != _Filter(None, None, None, None)


def _read_newest(connection: KafkaConnection, wanted: _Filter, limit: int) -> list[DeadLetter]:
    """Return the newest matching letters, newest first.

    Raises ``Unavailable`` if no broker answers.
    """
    require_broker(connection)
    try:
        with TopicReader(connection) as reader:
            letters = [
                letter
                for partition in reader.list_partitions(DEAD.name)
                for letter in _read_newest_in(reader, partition, wanted, limit)
            ]
    except TransientError as error:
        raise Unavailable(str(error)) from None
    return sorted(letters, key=lambda letter: letter.failed_at, reverse=True)[:limit]


def _read_newest_in(
    reader: TopicReader, partition: TopicPartition, wanted: _Filter, limit: int
) -> list[DeadLetter]:
    """Return the newest matching letters of one partition."""
    newest: list[DeadLetter] = []
    window = max(limit, _MIN_WINDOW)
    for records in reader.read_backwards(partition, window, growth=_WINDOW_GROWTH):
        letters = list(_parse(records))
        newest = [letter for letter in letters if wanted.matches(letter)] + newest
        is_past = wanted.since is not None and letters and letters[0].failed_at < wanted.since
        if is_past or len(newest) >= limit:
            break
    return newest[-limit:]


def _parse(records: Iterable[Record]) -> Iterator[DeadLetter]:
    for record in records:
        try:
            yield DeadLetter.from_payload(record.value or b"")
        except ValidationError:
            print_note(
                f"reading {record.topic}:{record.partition}:{record.offset}: not a dead letter"
            )


def _as_json(letter: DeadLetter, *, payload: bool) -> dict[str, Any]:
    fields = letter.model_dump(mode="json", exclude_none=True, exclude={"payload_base64"})
    if payload:
        fields["payload_base64"] = letter.payload_base64
    return fields


def _table(letters: list[DeadLetter], *, payload: bool) -> Any:
    table = Table("when (UTC)", "stage", "origin", "reason", box=None, padding=(0, 2, 0, 0))
    table.add_column("bytes", justify="right")
    for letter in letters:
        when = letter.failed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        cells = map(escape, (letter.stage, letter.origin, letter.reason))
        table.add_row(when, *cells, f"{letter.payload_bytes:,}")
        if payload:
            text = letter.payload[:_SHOWN_PAYLOAD].decode("utf-8", "backslashreplace")
            table.add_row("", "", "", escape(text), "")
    return table


def _reasons_table(reasons: Counter[str]) -> Any:
    table = Table(box=None, show_header=False, padding=(1, 2, 0, 0))
    for reason, count in reasons.most_common():
        table.add_row(f"{count:,}", escape(reason))
    return table
