"""What became of every row of a file: the counts, and where the index and the worker stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.runtime.run_stats import RunStats
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.errors import command_errors
from pipeline.errors import CommandError
from pipeline.kafka.reader import Offsets, TopicReader
from pipeline.settings import KafkaConnection, Settings
from pipeline.streams.lag import group_lags
from pipeline.terminal import err
from schemas.dead_letter import DeadLetter
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import DEAD

_IDS_A_QUERY: Final = 5_000
_PATIENCE_S: Final = 30.0


@dataclass
class Account:
    """What became of every row."""

    tally: RunStats
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


def follow(account: Account, configuration: Settings) -> None:
    """Look for the published records in the index; wait for them while a worker runs."""
    account.worker = worker_runs(configuration)
    with connect(configuration) as client:
        count = _counter(client, account)
        try:
            if account.worker:
                _wait_indexed(account, configuration, count)
            else:
                with command_errors("counting documents", configuration):
                    account.indexed = sum(count())
        except CommandError as error:
            err.print(f"{error}; the published records remain in Kafka", soft_wrap=True)


def worker_runs(configuration: Settings) -> bool:
    """Whether both of the worker's consumer groups have members."""
    lags = group_lags(configuration) or []
    members = {lag["group"]: lag["members"] for lag in lags}
    return bool(members) and all(members.values())


def _counter(client: Any, account: Account) -> Callable[[], Iterator[int]]:
    """A function that yields how many documents of each chunk of ids are in the index.

    A chunk that was found whole is not asked for again.
    """
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
    account: Account, configuration: Settings, count: Callable[[], Iterator[int]]
) -> None:
    total = account.tally.published
    best, moved = -1, time.monotonic()
    with err.status(f"waiting for the worker to index {total:,} records") as status:
        while True:
            try:
                with command_errors("counting documents", configuration):
                    account.indexed = sum(count())
            except CommandError:
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


def read_dead_offsets(connection: KafkaConnection) -> Offsets:
    """Return the end offset of each partition of the dead letters; raises ``TransientError``."""
    with TopicReader(connection) as reader:
        return reader.end_offsets(DEAD.name)


def _look_for_refused(account: Account, configuration: Settings) -> None:
    """Read the dead letters that came since the last look, for ids of this run."""
    start = account.dead_offsets or {}
    with TopicReader(configuration.kafka) as reader:
        end = reader.bounds(list(start))[1]
        for record in reader.read(start, end):
            known = _id_bytes(DeadLetter.from_payload(record.value or b"").key)
            if known in account.tally.event_ids:
                account.refused.add(known)
    account.dead_offsets = end


def _id_bytes(key: str | None) -> bytes:
    try:
        return bytes.fromhex(key or "")
    except ValueError:
        return b""
