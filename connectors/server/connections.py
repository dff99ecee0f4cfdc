"""The open connections: how many there may be, and which one makes room for the next.

Pure but for its log. A connection waits until the headers of a request are complete, and again once
it is answered: the one that has waited longest is dropped first, so that thousands of connections
that send nothing keep out none that does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

import structlog

_LOG_INTERVAL_S: Final = 60.0

log = structlog.get_logger(__name__)


class Connection(Protocol):
    """An open connection."""

    def drop(self) -> None:
        """Close it at once."""


class Connections:
    """The open connections, by client."""

    def __init__(
        self, max_total: int, max_per_client: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_total = max_total
        self._max_per_client = max_per_client
        self._now = now
        self._clients: dict[Connection, str] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Connection, None] = {}
        self._waiting_by_client: dict[str, dict[Connection, None]] = {}
        self._dropped: Counter[str] = Counter()
        self._logged_at = -_LOG_INTERVAL_S

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, connection: Connection, client: str | None) -> None:
        """Add a connection, which waits; drop the one that is too many, maybe this one.

        ``client`` is None for a proxy, which speaks for many: its connections are not counted.
        """
        name = client or ""
        self._clients[connection] = name
        self._counts[name] += 1
        if name and self._counts[name] > self._max_per_client:
            self._drop_oldest(connection, self._waiting_by_client.get(name), "client")
        elif len(self._clients) > self._max_total:
            self._drop_oldest(connection, self._waiting, "total")
        self.wait(connection)

    def wait(self, connection: Connection) -> None:
        """Note that a connection waits for headers."""
        if connection in self._clients and connection not in self._waiting:
            self._waiting[connection] = None
            self._waiting_by_client.setdefault(self._clients[connection], {})[connection] = None

    def work(self, connection: Connection) -> None:
        """Note that the headers of a request are complete."""
        if connection in self._waiting:
            del self._waiting[connection]
            client = self._clients[connection]
            waiting = self._waiting_by_client[client]
            del waiting[connection]
            if not waiting:
                del self._waiting_by_client[client]

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self.work(connection)
        client = self._clients.pop(connection, None)
        if client is not None:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]

    def _drop_oldest(
        self, newest: Connection, waiting: dict[Connection, None] | None, reason: str
    ) -> None:
        oldest = next(iter(waiting or ()), newest)
        self.remove(oldest)
        oldest.drop()
        self.note_dropped(f"too_many_of_{reason}")

    def note_dropped(self, reason: str) -> None:
        """Count a connection that was dropped; log the counts once per minute at most."""
        self._dropped[reason] += 1
        if self._now() - self._logged_at >= _LOG_INTERVAL_S:
            self._logged_at = self._now()
            log.warning("connections_dropped", reason="limits of the server", **self._dropped)
            self._dropped.clear()
