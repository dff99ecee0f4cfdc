"""The batch producer in an event loop on a thread of its own, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from aiokafka.errors import ProducerClosed

from pipeline.failures import TransientError
from pipeline.kafka.producer import BatchDelivery, BatchProducer, Pending
from pipeline.settings import KafkaConnection
from schemas.message import Message

_BATCH_BYTES: Final = 262_144
_START_TIMEOUT_S: Final = 8.0
_CLOSE_TIMEOUT_S: Final = 5.0
_REQUEST_TIMEOUT_S: Final = 10.0

T = TypeVar("T")

Failed = list[tuple[Message, BaseException]]


@dataclass(eq=False, slots=True)
class PendingBatch:
    """Messages that were flushed together, in their order."""

    messages: Sequence[Message]
    outcome: Future[Failed] = field(default_factory=Future)
    """The messages that were not acknowledged, each with its error; empty if all were."""

    @property
    def is_acknowledged(self) -> bool:
        """True if the broker has every message."""
        return self.outcome.done() and not self.outcome.result()


class ProducerThread:
    """A batch producer in an event loop on a thread of its own, for one connection's life."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect; raises :class:`TransientError`."""
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._run_loop, name="kafka-producer", daemon=True)
        self._thread.start()
        self._in_flight: dict[PendingBatch, list[BatchDelivery]] = {}
        self._failure: BaseException | None = None
        try:
            self._wait_for(self._start(connection), _START_TIMEOUT_S)
        except BaseException:
            self._shut_down()
            raise

    def submit(self, batch: PendingBatch) -> None:
        """Publish a batch after all that were submitted before."""
        self._in_flight[batch] = []
        asyncio.run_coroutine_threadsafe(self._publish(batch), self._loop)

    def close(self, *, flush_timeout_s: float = 0.0) -> None:
        """Disconnect after waiting for at most this time (s).

        Batches still in flight have failed.
        """
        with suppress(TransientError):
            self._wait_for(self._close(flush_timeout_s), flush_timeout_s + _CLOSE_TIMEOUT_S)
        self._shut_down()

    def _wait_for(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise TransientError("connecting to Kafka: no broker answers in time") from None

    async def _start(self, connection: KafkaConnection) -> None:
        self._turn = asyncio.Lock()
        self._producer = BatchProducer(
            connection, batch_bytes=_BATCH_BYTES, request_timeout_s=_REQUEST_TIMEOUT_S
        )
        await self._producer.start()

    async def _publish(self, batch: PendingBatch) -> None:
        # In turn: aiokafka lets a partition's second batch wait until the first is on its way,
        # and batches that waited side by side might overtake one another.
        async with self._turn:
            pending, failed = Pending([], []), list[tuple[Message, BaseException]]()
            try:
                if self._failure is not None:
                    raise ProducerClosed  # nothing may overtake what is sent again
                await self._producer.submit(batch.messages, pending)
            except Exception as error:  # whatever it is, the caller waits for an outcome
                self._failure = self._failure or error
                handed_over = {id(m) for d in pending.deliveries for m in d.messages}
                handed_over |= {id(batch.messages[f.index]) for f in pending.failures}
                failed = [(m, error) for m in batch.messages if id(m) not in handed_over]
            failed += [(batch.messages[f.index], TooLarge(f.reason)) for f in pending.failures]
            self._in_flight[batch] = pending.deliveries
        outcomes = await asyncio.gather(
            *(delivery.acknowledged for delivery in pending.deliveries), return_exceptions=True
        )
        for delivery, outcome in zip(pending.deliveries, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                failed += [(message, outcome) for message in delivery.messages]
        self._complete(batch, failed)

    def _complete(self, batch: PendingBatch, failed: Failed) -> None:
        if failed and self._failure is None:
            self._failure = failed[0][1]
        if self._in_flight.pop(batch, None) is not None:
            batch.outcome.set_result(failed)

    async def _close(self, flush_timeout_s: float) -> None:
        stopping = asyncio.ensure_future(self._stop())
        await asyncio.wait([stopping], timeout=flush_timeout_s)
        # stop() waits for a broker however long it is away. All tasks of this loop are ours.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._producer.discard(0.0)

    async def _stop(self) -> None:
        async with self._turn:
            await self._producer.stop()
        while self._in_flight:  # noqa: ASYNC110 - at the end of a life, for a few milliseconds
            await asyncio.sleep(0.001)

    def _run_loop(self) -> None:
        with self._runner:
            self._loop.run_forever()

    def _shut_down(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_TIMEOUT_S)
        for batch, deliveries in list(self._in_flight.items()):
            acknowledged = {
                id(message)
                for delivery in deliveries
                if _is_acknowledged(delivery)
                for message in delivery.messages
            }
            closed = ProducerClosed()
            self._complete(
                batch, [(m, closed) for m in batch.messages if id(m) not in acknowledged]
            )


class TooLarge(Exception):
    """A message exceeds its Kafka topic's limit."""


def _is_acknowledged(delivery: BatchDelivery) -> bool:
    future = delivery.acknowledged
    return future.done() and not future.cancelled() and future.exception() is None
