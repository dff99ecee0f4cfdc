"""Roles of the worker in a thread of this process: no interpreters to start, no imports to repeat.

What is killed, or depends on signals, needs the processes of ``start_worker``.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pipeline.settings import Settings
from pipeline.streams.lag import count_waiting_records
from pipeline.streams.roles import Role
from pipeline.worker.run import run
from tests.support.pipeline import wait_until

_END_S: Final = 60.0


class WorkerThread:
    """Roles that run beside each other in a thread with an event loop of its own."""

    def __init__(self, settings: Settings, *roles: Role) -> None:
        self._settings = settings
        self._roles = roles
        self._thread = threading.Thread(target=self._run, name="roles", daemon=True)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._failures: list[BaseException] = []

    def start(self) -> None:
        """Start the roles without waiting until they read."""
        self._thread.start()

    def stop(self) -> None:
        """Have the roles finish what is in hand; raise what made one fail."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(_END_S)
        assert not self._thread.is_alive(), "a role does not end"
        if self._failures:
            raise self._failures[0]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with _process_state_restored():
            self._loop.run_until_complete(self._run_all())
        self._loop.close()

    async def _run_all(self) -> None:
        outcomes = await asyncio.gather(*map(self._run_role, self._roles), return_exceptions=True)
        self._failures += [each for each in outcomes if isinstance(each, BaseException)]

    async def _run_role(self, role: Role) -> None:
        try:
            await run(self._settings, role, stop=self._stop)
        finally:
            self._stop.set()


@contextmanager
def running_roles(settings: Settings, *roles: Role) -> Iterator[None]:
    """Run roles until the block ends; raise what made one fail."""
    worker = WorkerThread(settings, *roles)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def drain(settings: Settings, *roles: Role, seconds: float = 60) -> None:
    """Run roles until nothing is left to read, which is looked for twice."""

    def nothing_waits() -> bool:
        return count_waiting_records(settings, roles) == 0

    with running_roles(settings, *roles):
        for _ in range(2):
            wait_until(nothing_waits, seconds=seconds, what="drained")


@contextmanager
def _process_state_restored() -> Iterator[None]:
    """Undo what a role sets for its whole process; libraries' warnings are not the test's."""
    threshold = gc.get_threshold()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
