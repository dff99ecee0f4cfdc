"""``CursorTracker``: stores a cursor once everything before it is acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.runtime.cursors import cursor_message
from connectors.runtime.ports import Producer


class CursorTracker:
    """The position of one run; at most two groups of pages are in flight.

    While the broker acknowledges one group, the next is read and flushed.
    """

    def __init__(
        self, producer: Producer, source: str, instance: str | None, stored: str | None
    ) -> None:
        """``stored``: the position to resume from; without an ``instance`` none is stored."""
        self.stored = stored
        self._producer = producer
        self._source = source
        self._instance = instance
        self._reached: str | None = None
        self._in_flight: Sequence[Any] = ()
        self._position: str | None = None

    def reach(self, position: str | None) -> None:
        """Note the position after the last page that was sent; None if it is not to be stored."""
        self._reached = position

    def advance(self) -> None:
        """Flush what was sent, and store the position of the group before; raises ``Retry``."""
        flushed = self._producer.flush()
        self._producer.wait_for_acks(self._in_flight)
        self._store(self._position)
        self._in_flight = [*flushed, *self._producer.flush()]
        self._position = self._reached

    def finish(self) -> None:
        """Wait for everything, and store the last position; raises ``Retry``."""
        flushed = self._producer.flush()
        self._producer.wait_for_acks(self._in_flight)
        self._producer.wait_for_acks(flushed)
        self._store(self._reached)
        self._producer.wait_for_acks(self._producer.flush())

    def _store(self, position: str | None) -> None:
        if position is None or position == self.stored or self._instance is None:
            return
        self._producer.send(cursor_message(self._source, self._instance, position))
        self.stored = position
