"""The supervisor: one process per busy role, so that each has an interpreter and a core.

In one process the roles share the interpreter's lock, and an enrichment batch delays the bulk
requests; measured in turns, two processes handle a good third more events. Roles with little to do
share one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, Final

import uvloop

from pipeline import logs
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.settings import Settings
from pipeline.streams.roles import PROCESSES, Role

_POLL_INTERVAL_S: Final = 0.5
_EXIT_TIMEOUT_S: Final = 30.0
_MIN_QUIET_POLLS: Final = 2


def run_roles(settings: Settings, roles: Sequence[Role], *, drain: bool = False) -> None:
    """Run the roles until SIGTERM or SIGINT, or with ``drain`` until everything has been read.

    Raises ``CommandError`` with the reason if a role fails; the others are stopped first.
    """
    is_drained = _DrainCheck(settings, roles) if drain else None
    shared = [[role for role in process if role in roles] for process in PROCESSES]
    processes = [process for process in shared if process]
    if len(processes) == 1:
        _run_in_process(settings, processes[0], is_drained=is_drained)
        return
    context = get_context("spawn")
    children = [_Child(context, settings, process) for process in processes]
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            child.terminate()

    with _on_signals(stop):
        while all(child.is_alive() for child in children):
            connection.wait([child.sentinel for child in children], timeout=_POLL_INTERVAL_S)
            if not stopping and is_drained is not None and is_drained():
                stop()
        stop()
        failures = [failure for child in children if (failure := child.join()) is not None]
    if failures:
        raise failures[0]


class _DrainCheck:
    """Tells if no record waited in any Kafka topic that the roles read, twice in a row."""

    def __init__(self, settings: Settings, roles: Sequence[Role]) -> None:
        self._settings = settings
        self._roles = roles
        self._quiet_polls = 0

    def __call__(self) -> bool:
        # A parent that does not drain needs no client of Kafka.
        from pipeline.streams.lag import count_waiting_records

        waiting = count_waiting_records(self._settings, self._roles)
        self._quiet_polls = self._quiet_polls + 1 if waiting == 0 else 0
        return self._quiet_polls >= _MIN_QUIET_POLLS


class _Child:
    """A child process and its roles."""

    def __init__(self, context: Any, settings: Settings, roles: Sequence[Role]) -> None:
        self._name = " and ".join(roles)
        self._reason, reason = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_run_child, args=(settings, roles, reason), name=self._name
        )
        self._process.start()
        reason.close()
        self._terminated = False
        self.sentinel: int = self._process.sentinel

    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def terminate(self) -> None:
        # Only once: a second signal could reach a process that has removed its handler.
        if not self._terminated and self._process.is_alive():
            self._process.terminate()
        self._terminated = True

    def join(self) -> CommandError | None:
        """Wait for its end; return the error it failed with, if any."""
        self._process.join(_EXIT_TIMEOUT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        status = self._process.exitcode
        # Told to stop before it had a handler for the signal, it had not begun to work either.
        if status == 0 or (self._terminated and status == -signal.SIGTERM):
            return None
        try:
            message, known = self._reason.recv()
            return CommandError(message, ExitStatus(known))
        except EOFError:
            return CommandError(f"running the {self._name} role: it ended with status {status}")


def _run_child(settings: Settings, roles: Sequence[Role], reason: Any) -> None:
    """Run roles in a child process; send the reason of a failure to the parent."""
    logs.configure(settings)
    try:
        _run_in_process(settings, roles)
    except CommandError as error:
        reason.send((str(error), int(error.status)))
        sys.exit(error.status)
    except Exception as error:
        reason.send((f"{type(error).__name__}: {error}", int(ExitStatus.FAILED)))
        raise


def _run_in_process(
    settings: Settings, roles: Sequence[Role], *, is_drained: Callable[[], bool] | None = None
) -> None:
    """Run roles in this process; raises ``CommandError``."""
    try:
        uvloop.run(_main(settings, roles, is_drained))
    except TransientError as error:
        raise Unavailable(str(error)) from error
    except PermanentError as error:
        raise CommandError(str(error)) from error


async def _main(
    settings: Settings, roles: Sequence[Role], is_drained: Callable[[], bool] | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = parent_process()
    if parent is not None:  # readable once the parent has ended, however it did
        loop.add_reader(parent.sentinel, stop.set)
    watch = asyncio.ensure_future(_stop_when(is_drained, stop)) if is_drained is not None else None
    ending = asyncio.ensure_future(_exit_after_timeout(stop))
    try:
        await _run_all(settings, roles, stop)
    finally:
        ending.cancel()
        if watch is not None:
            watch.cancel()


async def _run_all(settings: Settings, roles: Sequence[Role], stop: asyncio.Event) -> None:
    """Run roles concurrently; the first that ends stops the others."""
    # The parent, which only supervises, need not import what the roles do.
    from pipeline.worker.run import run

    async def run_one(role: Role) -> None:
        try:
            await run(settings, role, stop=stop)
        finally:
            stop.set()

    outcomes = await asyncio.gather(*map(run_one, roles), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise failures[0]


async def _exit_after_timeout(stop: asyncio.Event) -> None:
    """End the process by force if a server keeps a role from ending in time.

    aiokafka waits for a broker that is gone, and the parent may have ended already.
    """
    await stop.wait()
    # On a thread, since what blocks may block the event loop too.
    timer = threading.Timer(_EXIT_TIMEOUT_S, os._exit, args=[ExitStatus.UNAVAILABLE])
    timer.daemon = True
    timer.start()


async def _stop_when(is_drained: Callable[[], bool], stop: asyncio.Event) -> None:
    while not await asyncio.to_thread(is_drained):  # noqa: ASYNC110 - no event to wait for
        await asyncio.sleep(_POLL_INTERVAL_S)
    stop.set()


@contextmanager
def _on_signals(stop: Callable[..., None]) -> Iterator[None]:
    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
