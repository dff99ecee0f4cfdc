"""The only stream loop: decode, process, send, acknowledge, in that order.

Loops never propagate exceptions to Faust, which would acknowledge and drop the batch. A role
retries transient errors, publishes permanent ones as dead letters and waits for their
acknowledgement; on any other error the worker stops and commits nothing of the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from pipeline.kafka.reader import Record

Agent = Callable[[Any], Awaitable[None]]
"""Consumes a role's stream of :class:`~.record_batches.RecordBatch` events. Never returns."""


class Loop(Protocol):
    """Processes a role's batches."""

    max_batches: int
    """Maximum number of fetches per batch."""
    max_wait_s: float
    """Maximum time to wait for that many."""

    async def handle(self, records: Sequence[Record]) -> None:
        """Process one batch; returns only when its effect is durable, so it may be committed."""


class Control:
    """Runs a role's loop, stops it between two batches, and reports a fatal error to the worker."""

    def __init__(self) -> None:
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False
        self._callbacks: list[Callable[[], Awaitable[None]]] = []
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.records = 0
        """Number of records processed."""

    def report_failure(self, error: BaseException) -> None:
        """Make the worker stop with this error."""
        if not self.failed.done():
            self.failed.set_result(error)

    def on_shutdown(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Register a callback that runs after the last batch and before leaving the group."""
        self._callbacks.append(callback)

    async def drain(self, timeout: float) -> None:
        """Finish the current batch, for at most ``timeout`` seconds, and start no other.

        Raises ``TimeoutError``.
        """
        self._stopping = True
        async with asyncio.timeout(timeout):
            await self._idle.wait()
            for callback in self._callbacks:
                await callback()

    @asynccontextmanager
    async def processing(self) -> AsyncIterator[None]:
        """Guard the processing of a batch.

        Blocks forever after shutdown starts, and after an error, which it reports.
        """
        if self._stopping:
            await asyncio.Event().wait()
        self._idle.clear()
        try:
            yield
        except Exception as error:
            self.report_failure(error)
            await asyncio.Event().wait()
        finally:
            self._idle.set()

    async def run(self, stream: Any, loop: Loop) -> None:
        """Pass the stream's batches to the loop; acknowledge each once it has been processed."""
        async for events in stream.noack_take(loop.max_batches, within=loop.max_wait_s):
            async with self.processing():
                records = [record for event in events for record in event.value.records]
                await loop.handle(records)
                for event in events:
                    event.value.processed = True
                    await stream.ack(event)
                self.records += len(records)
