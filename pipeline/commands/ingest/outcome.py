"""Outcome of an import: what is still on its way, and what makes the command fail."""

from __future__ import annotations

from typing import Final

from connectors.file import FileConnector
from pipeline.commands.ingest.result import IngestResult
from pipeline.commands.ingest.view import top_reasons
from pipeline.errors import CommandError, ExitStatus
from pipeline.terminal import err

_MAX_DEAD_SHARE: Final = 0.1


def report_outcome(
    result: IngestResult, connector: FileConnector, *, allow_dead_letters: bool
) -> None:
    """Print which records are not in the index yet.

    Raises ``CommandError`` if no row could be read, and without ``allow_dead_letters`` if more than
    a tenth is dead-lettered.
    """
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
    if tally.dead_lettered > _MAX_DEAD_SHARE * tally.read and not allow_dead_letters:
        raise CommandError(
            f"reading {connector.source.name}: {tally.dead_lettered:,} of {tally.read:,} rows are "
            f"dead-lettered ({top_reasons(tally.reasons)[0][0]}); --allow-dead-letters accepts "
            "this",
            ExitStatus.BAD_INPUT,
        )
