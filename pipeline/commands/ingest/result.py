"""Result of an import: what became of every row, and how far the worker has indexed them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.runtime.run_stats import RunStats
from pipeline.commands.ingest.overlap import Overlap
from pipeline.elasticsearch.client import connect
from pipeline.elasticsearch.errors import command_errors
from pipeline.errors import CommandError
from pipeline.kafka.reader import Offsets, TopicReader
from pipeline.settings import KafkaConnection, Settings
from pipeline.streams.lag import group_lags
from pipeline.streams.roles import CONSUMER_GROUPS, Role
from pipeline.terminal import err, print_note
from schemas.dead_letter import DeadLetter
from schemas.documents import READ_ALIAS
from schemas.kafka_topics import DEAD

_IDS_PER_QUERY: Final = 5_000
_MAX_WAIT_S: Final = 30.0


@dataclass
class IngestResult:
    """The counts of an import; every row read is in one of them."""

    tally: RunStats
    dry_run: bool = False
    unit: str = "rows"
    """The things that are counted: a row with several texts is several answers."""
    dead_offsets: dict[Any, int] | None = None
    """End offsets of the dead letters before this run, by partition."""
    published_since: int | None = None
    """Unix time (ms) of the start, if every row was published by this run: documents of an earlier
    import have earlier revisions."""
    earlier_name: str | None = None
    """The name that the same content had when it was published before."""
    overlap: Overlap | None = None
    """Records that an earlier file of the same command has, too."""
    refused: set[bytes] = field(default_factory=set)
    indexed: int | None = None
    worker: bool | None = None

    @property
    def refused_by_worker(self) -> int:
        """Published records that the worker dead-lettered."""
        return len(self.refused)

    @property
    def waiting(self) -> int | None:
        """Published rows that are neither indexed nor dead-lettered; None if not checked."""
        if self.indexed is None:
            return None
        return self.tally.published - self.indexed - self.refused_by_worker

    @property
    def adds_up(self) -> bool:
        """True if rows read = indexed (or published) + dead-lettered + skipped + repeated."""
        tally = self.tally
        arrived = tally.published
        if self.indexed is not None:
            arrived = self.indexed + self.refused_by_worker
        return tally.read == arrived + tally.dead_lettered + tally.skipped + tally.repeated


def wait_until_indexed(result: IngestResult, configuration: Settings) -> None:
    """Count the published records in the index; wait for them if a worker is running."""
    result.worker = is_worker_running(configuration)
    with connect(configuration) as client:
        count = _document_counter(client, result)
        try:
            if result.worker:
                _poll_until_indexed(result, configuration, count)
            else:
                with command_errors("counting documents", configuration):
                    result.indexed = sum(count())
        except CommandError as error:
            print_note(f"{error}; the published records remain in Kafka")


def is_worker_running(configuration: Settings) -> bool:
    """Return True if the roles that bring records to the index have members."""
    lags = group_lags(configuration) or []
    members = {lag["group"]: lag["members"] for lag in lags}
    return all(members.get(CONSUMER_GROUPS[role]) for role in (Role.ENRICH, Role.INDEX))


def _document_counter(client: Any, result: IngestResult) -> Callable[[], Iterator[int]]:
    """Return a function that yields the number of indexed documents of each chunk of ids.

    A chunk that is complete is not queried again.
    """
    complete: set[int] = set()

    def count() -> Iterator[int]:
        ids = iter(result.tally.event_ids)
        for number in itertools.count():
            chunk = [event_id.hex() for event_id in itertools.islice(ids, _IDS_PER_QUERY)]
            if not chunk:
                return
            if number in complete:
                yield len(chunk)
                continue
            response = client.options(ignore_status=404).count(
                index=READ_ALIAS, query=_select_documents(chunk, result.published_since)
            )
            documents = min(int(response.get("count", 0)), len(chunk))
            if documents == len(chunk):
                complete.add(number)
            yield documents

    return count


def _select_documents(ids: list[str], published_since: int | None) -> dict[str, Any]:
    """Return the query for documents of these ids, of this run only if it has published all."""
    filters: list[dict[str, Any]] = [{"ids": {"values": ids}}]
    if published_since is not None:
        filters.append({"range": {"feedback.revision": {"gte": published_since}}})
    return {"bool": {"filter": filters}}


def _poll_until_indexed(
    result: IngestResult, configuration: Settings, count: Callable[[], Iterator[int]]
) -> None:
    total = result.tally.published
    best, progressed_at = -1, time.monotonic()
    with err.status(f"waiting for the worker to index {total:,} records") as status:
        while True:
            try:
                with command_errors("counting documents", configuration):
                    result.indexed = sum(count())
            except CommandError:
                # An index that the worker just created answers 503 until its shard has started.
                if time.monotonic() - progressed_at > _MAX_WAIT_S:
                    raise
                time.sleep(0.5)
                continue
            if result.indexed < total:
                _collect_refused(result, configuration)
            arrived = result.indexed + result.refused_by_worker
            status.update(f"indexed {arrived:,} of {total:,}")
            if arrived >= total:
                return
            if arrived > best:
                best, progressed_at = arrived, time.monotonic()
            elif time.monotonic() - progressed_at > _MAX_WAIT_S:
                return
            time.sleep(0.5)


def read_dead_offsets(connection: KafkaConnection) -> Offsets:
    """Return the end offset of each partition of the dead letters; raises ``TransientError``."""
    with TopicReader(connection) as reader:
        return reader.end_offsets(DEAD.name)


def _collect_refused(result: IngestResult, configuration: Settings) -> None:
    """Read the dead letters since the last call, and collect the ids of this run."""
    start = result.dead_offsets or {}
    with TopicReader(configuration.kafka) as reader:
        end = reader.bounds(list(start))[1]
        for record in reader.read(start, end):
            event_id = _id_bytes(DeadLetter.from_payload(record.value or b"").key)
            if event_id in result.tally.event_ids:
                result.refused.add(event_id)
    result.dead_offsets = end


def _id_bytes(key: str | None) -> bytes:
    try:
        return bytes.fromhex(key or "")
    except ValueError:
        return b""
