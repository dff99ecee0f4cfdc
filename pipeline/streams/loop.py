"""The only stream loops: decode, process, send, acknowledge, in that order.

Loops never propagate exceptions to Faust, which would acknowledge and drop the batch. A role
retries transient errors, publishes permanent ones as dead letters and waits for their
acknowledgement; on any other error the worker stops and commits nothing of the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

Agent = Callable[[Any], Awaitable[None]]
"""Consumes a role's stream of :class:`~.record_batches.RecordBatch` events. Never returns."""


class Loop(Protocol):
    """What a role does with a batch, and how much it likes to be handed at once."""

    most_batches: int
    """Fetches in one batch."""
    within_s: float
    """How long to wait for so many, in seconds."""

    async def handle(self, records: Sequence[Any]) -> None:
        """Do the work; returns only when its effect is there, so that it may be committed."""


class Control:
    """Stops a loop between two batches, and carries a fatal error to the worker."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()
        self._stopping = False
        self._last: list[Callable[[], Awaitable[None]]] = []
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self.records = 0

    def fail(self, error: BaseException) -> None:
        """Tell the worker that it must stop."""
        if not self.failed.done():
            self.failed.set_result(error)

    def at_last(self, do: Callable[[], Awaitable[None]]) -> None:
        """Have this done once the last batch has ended, before the group is left."""
        self._last.append(do)

    async def finish(self, timeout: float) -> None:
        """Let the batch in hand end, at most ``timeout`` seconds, and begin no other."""
        self._stopping = True
        async with asyncio.timeout(timeout):
            await self._free.wait()
            for do in self._last:
                await do()

    @asynccontextmanager
    async def in_hand(self) -> AsyncIterator[None]:
        """Where a batch is handled: ends never once the worker stops, or on an error."""
        if self._stopping:
            await asyncio.Event().wait()
        self._free.clear()
        try:
            yield
        except Exception as error:
            self.fail(error)
            await asyncio.Event().wait()
        finally:
            self._free.set()

    async def run(self, stream: Any, loop: Loop) -> None:
        """Hand the stream's batches to the loop, and acknowledge each after its effect."""
        async for events in stream.noack_take(loop.most_batches, within=loop.within_s):
            async with self.in_hand():
                records = [record for event in events for record in event.value.records]
                await loop.handle(records)
                for event in events:
                    event.value.handled = True
                    await stream.ack(event)
                self.records += len(records)
