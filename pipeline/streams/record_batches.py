"""Feed Faust whole fetches instead of single messages.

Faust gives each message its own task, event and queue slot, which costs more than many a stage.
Here each fetch from a partition travels through Faust as one message whose value is a
:class:`RecordBatch`; consumer groups, rebalances, flow control, commits and agents stay Faust's.
It takes a scheduler (a setting), a transport class, and twelve underscored names of Faust's
consumer and of aiokafka, six overridden and six read or changed; a test names each with its
signature.

The rule that makes a commit safe: an offset is committed only if the loop marked its batch as
processed. Faust also acknowledges messages that it skips after a rebalance; those are not marked,
so they do not count and are fetched again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.transport.utils import DefaultSchedulingStrategy
from faust.types import TP
from faust.types.tuples import ConsumerMessage, Message

_MAX_RECORDS: Final = 1_000
_MIN_WAIT_S: Final = 0.05


class RecordBatch:
    """Consecutive records of one partition, as aiokafka read them."""

    __slots__ = ("processed", "records")

    def __init__(self, records: Sequence[Any]) -> None:
        self.records = records
        self.processed = False


class BatchScheduler(DefaultSchedulingStrategy):
    """Yields each partition's fetched records in runs of at most 1,000, taking turns."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """Yield pairs of a partition and a run of its records."""
        longest = max(map(len, records.values()), default=0)
        for start in range(0, longest, _MAX_RECORDS):
            for tp, fetched in records.items():
                run = fetched[start : start + _MAX_RECORDS]
                if run:
                    yield tp, RecordBatch(run)


class CommittedConsumerThread(AIOKafkaConsumerThread):
    """Reads only records of committed transactions."""

    def _create_consumer(self, loop: asyncio.AbstractEventLoop) -> Any:
        consumer = super()._create_consumer(loop)
        # Faust sets this only if it runs the transactions itself.
        consumer._isolation_level = "read_committed"
        return consumer


class BatchConsumer(Consumer):
    """Faust's consumer, one message per :class:`RecordBatch`, with the last record's offset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._room = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> CommittedConsumerThread:
        return CommittedConsumerThread(self, loop=self.loop, beacon=self.beacon)

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
        """Mark a batch as ready to commit if the loop has processed it."""
        batch = message.value
        if isinstance(batch, RecordBatch) and not batch.processed:
            self._unacked_messages.discard(message)
            return False
        return super().ack(message)

    def on_buffer_full(self, tp: TP) -> None:
        """Stop fetching a partition until its batches have been consumed."""
        super().on_buffer_full(tp)
        self._room.clear()

    def on_buffer_drop(self, tp: TP) -> None:
        """Resume fetching the partition at once."""
        super().on_buffer_drop(tp)
        self._room.set()

    async def _wait_next_records(self, timeout: float) -> tuple[Any, Any]:
        # Faust sleeps for a second if every partition's buffer is full, and waits a second for
        # the others if some are: either would add a second of latency.
        if self._buffered_partitions:
            if not self._get_active_partitions():
                await self.wait(self._room.wait(), timeout=timeout)
            timeout = min(timeout, _MIN_WAIT_S)
        return await super()._wait_next_records(timeout)

    def _new_offset(self, tp: TP) -> int | None:
        # One agent processes a partition's batches one after the other, so everything below the
        # last processed batch was processed too; Faust's own search for gaps between single
        # offsets has nothing to find.
        processed = self._acked.get(tp)
        if not processed:
            return None
        last = max(processed)
        processed.clear()
        self._acked_index[tp].clear()
        return last + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Ignore: the offsets inside a batch are not a gap."""


class BatchTransport(Transport):
    """Faust's Kafka transport with the batch consumer."""

    Consumer = BatchConsumer
