"""Outboxes kept between the runs of one process: to connect takes longer than most runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import Final, Self

from connectors.runtime.kafka import reach
from connectors.runtime.outbox import Outbox

_KEPT_S: Final = 300.0
"""Brokers close connections that nobody uses, and forget their producers."""


class Outboxes:
    """As many outboxes as there are runs at once, each for one run at a time."""

    def __init__(self, bootstrap_servers: str) -> None:
        """Touches no network."""
        self._servers = bootstrap_servers
        self._idle: list[tuple[float, Outbox]] = []
        self._lock = Lock()
        self._open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._open = False
        self._close_idle(0.0)

    @contextmanager
    def lent(self) -> Iterator[Outbox]:
        """An outbox for one run; one that was left in the middle of something is closed.

        Raises ``Retry`` where no broker answers.
        """
        with ExitStack() as stack:
            outbox = self._taken() or Outbox(self._servers)
            stack.push(outbox)
            yield outbox
            if outbox.is_at_rest:
                stack.pop_all()
                self._keep(outbox)

    def _taken(self) -> Outbox | None:
        """One that was kept, the latest."""
        reach(self._servers)
        self._close_idle(_KEPT_S)
        with self._lock:
            return self._idle.pop()[1] if self._idle else None

    def _keep(self, outbox: Outbox) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), outbox))
        self._close_idle(_KEPT_S if self._open else 0.0)

    def _close_idle(self, seconds: float) -> None:
        """Close what nobody has used for so long."""
        now = time.monotonic()
        with self._lock:
            old = [outbox for since, outbox in self._idle if now - since >= seconds]
            self._idle = [pair for pair in self._idle if now - pair[0] < seconds]
        for outbox in old:
            with outbox:
                pass
