"""Faust, handed whole fetches instead of single messages.

Faust gives each message a task, an event and a place in a queue of its own, which costs more
than many a stage. Here each fetch from a partition travels through Faust as one message whose
value is a :class:`RecordBatch`; consumer groups, rebalances, flow control, commits and agents
stay Faust's. Three of its extension points are used: the consumer scheduler (a setting), the
transport's consumer class, and the consumer's record of what may be committed.

The rule that makes a commit safe: an offset is committed only when the shell marked its batch as
handled. Faust also acknowledges messages that it skips after a rebalance; those are unmarked, so
they count for nothing and are fetched again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

_MOST_RECORDS: Final = 1_000
_SHORT_WAIT_S: Final = 0.05


class RecordBatch:
    """Consecutive records of one partition, as aiokafka read them."""

    __slots__ = ("handled", "records")

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.handled = False


class BatchScheduler(DefaultSchedulingStrategy):
    """Hands out each partition's fetched records in runs of at most 1,000, partitions in turn."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """Yield (partition, run of records); the longest partition decides the rounds."""
        longest = max(map(len, records.values()), default=0)
        for start in range(0, longest, _MOST_RECORDS):
            for tp, fetched in records.items():
                run = fetched[start : start + _MOST_RECORDS]
                if run:
                    yield tp, RecordBatch(run)


class CommittedOnly(AIOKafkaConsumerThread):
    """Reads no record of a transaction that a crash left undone."""

    def _create_consumer(self, loop: asyncio.AbstractEventLoop) -> Any:
        consumer = super()._create_consumer(loop)
        # Faust asks for this only where it runs the transactions itself.
        consumer._isolation_level = "read_committed"
        return consumer


class BatchConsumer(Consumer):
    """Faust's consumer with one message a :class:`RecordBatch`; its offset is the last record's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._room = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> CommittedOnly:
        return CommittedOnly(self, loop=self.loop, beacon=self.beacon)

    def _to_message(self, tp: TP, record: RecordBatch) -> ConsumerMessage:
        last = record.records[-1]
        return ConsumerMessage(
            last.topic,
            last.partition,
            last.offset,
            (last.timestamp or 0) / 1000,
            last.timestamp_type,
            None,
            None,
            record,  # type: ignore[arg-type]  # bytes for Faust; it only hands it on
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def ack(self, message: Message) -> bool:
        """Note a batch as ready to commit, if the shell marked it as handled."""
        batch = message.value
        if isinstance(batch, RecordBatch) and not batch.handled:
            self._unacked_messages.discard(message)
            return False
        return super().ack(message)

    def on_buffer_full(self, tp: TP) -> None:
        """Stop fetching a partition until its batches were taken."""
        super().on_buffer_full(tp)
        self._room.clear()

    def on_buffer_drop(self, tp: TP) -> None:
        """Fetch the partition again, at once."""
        super().on_buffer_drop(tp)
        self._room.set()

    async def _wait_next_records(self, timeout: float) -> tuple[Any, Any]:
        # Faust sleeps a second where every partition's buffer is full, and waits a second for
        # the others where some are: both would be seen as a second's latency.
        if self._buffered_partitions:
            if not self._get_active_partitions():
                await self.wait(self._room.wait(), timeout=timeout)
            timeout = min(timeout, _SHORT_WAIT_S)
        return await super()._wait_next_records(timeout)

    def _new_offset(self, tp: TP) -> int | None:
        # A partition's batches are handled one after the other by one agent, so whatever lies
        # below the last handled batch was handled too; Faust's own search for gaps between
        # single offsets has nothing to find.
        handled = self._acked.get(tp)
        if not handled:
            return None
        last = max(handled)
        handled.clear()
        self._acked_index[tp].clear()
        return last + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """The offsets inside a batch are no gap."""


class BatchTransport(Transport):
    """Faust's Kafka transport with the batch consumer."""

    Consumer = BatchConsumer
