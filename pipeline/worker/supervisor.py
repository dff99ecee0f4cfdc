"""A process for each busy role of the worker: an interpreter, and a core, to itself.

In one process the roles share the interpreter's lock, and an enrichment batch holds up the bulk
requests; measured beside each other, two processes move a good third more events. Roles that have
little to do share one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, Final

from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.settings import Settings
from pipeline.streams.roles import PROCESSES, Role

_LOOK_S: Final = 0.5
_END_S: Final = 30.0
_QUIET_LOOKS: Final = 2


def run_roles(settings: Settings, roles: Sequence[Role], *, drain: bool = False) -> None:
    """Run the roles until SIGTERM or SIGINT, or with ``drain`` until nothing is left to read.

    Raises ``CommandError`` with the reason when a role fails; the others are stopped first.
    """
    drained = _Drained(settings, roles) if drain else None
    shared = [[role for role in process if role in roles] for process in PROCESSES]
    processes = [process for process in shared if process]
    if len(processes) == 1:
        _run_here(settings, processes[0], drained=drained)
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
            connection.wait([child.sentinel for child in children], timeout=_LOOK_S)
            if not stopping and drained is not None and drained():
                stop()
        stop()
        failures = [failure for child in children if (failure := child.end()) is not None]
    if failures:
        raise failures[0]


class _Drained:
    """Whether nothing waits in any Kafka topic that the roles read, twice in a row."""

    def __init__(self, settings: Settings, roles: Sequence[Role]) -> None:
        self._settings = settings
        self._roles = roles
        self._quiet = 0

    def __call__(self) -> bool:
        from pipeline.streams.lag import count_waiting_records

        waiting = count_waiting_records(self._settings, self._roles)
        self._quiet = self._quiet + 1 if waiting == 0 else 0
        return self._quiet >= _QUIET_LOOKS


class _Child:
    """A process with its roles."""

    def __init__(self, context: Any, settings: Settings, roles: Sequence[Role]) -> None:
        self._name = " and ".join(roles)
        self._reason, reason = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_child, args=(settings, roles, reason), name=self._name
        )
        self._process.start()
        reason.close()
        self._told = False
        self.sentinel: int = self._process.sentinel

    def is_alive(self) -> bool:
        return bool(self._process.is_alive())

    def terminate(self) -> None:
        # Once: a second signal could meet a process that has put its handler away.
        if not self._told and self._process.is_alive():
            self._process.terminate()
        self._told = True

    def end(self) -> CommandError | None:
        """Wait for its end; why it failed, if it did."""
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        status = self._process.exitcode
        if status == 0:
            return None
        try:
            message, known = self._reason.recv()
            return CommandError(message, ExitStatus(known))
        except EOFError:
            return CommandError(f"running the {self._name} role: it ended with status {status}")


def _child(settings: Settings, roles: Sequence[Role], reason: Any) -> None:
    """What a child process runs."""
    import sys

    from pipeline import logs

    logs.configure(settings)
    try:
        _run_here(settings, roles)
    except CommandError as error:
        reason.send((str(error), int(error.status)))
        sys.exit(error.status)
    except Exception as error:
        reason.send((f"{type(error).__name__}: {error}", int(ExitStatus.FAILED)))
        raise


def _run_here(
    settings: Settings, roles: Sequence[Role], *, drained: Callable[[], bool] | None = None
) -> None:
    """Run roles in this process; raises ``CommandError``."""
    import uvloop

    try:
        uvloop.run(_main(settings, roles, drained))
    except TransientError as error:
        raise Unavailable(str(error)) from error
    except PermanentError as error:
        raise CommandError(str(error)) from error


async def _main(
    settings: Settings, roles: Sequence[Role], drained: Callable[[], bool] | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = parent_process()
    if parent is not None:  # readable once the parent is gone, however it went
        loop.add_reader(parent.sentinel, stop.set)
    watch = asyncio.ensure_future(_stop_when(drained, stop)) if drained is not None else None
    ending = asyncio.ensure_future(_end_once_stopped(stop))
    try:
        await _run_all(settings, roles, stop)
    finally:
        ending.cancel()
        if watch is not None:
            watch.cancel()


async def _run_all(settings: Settings, roles: Sequence[Role], stop: asyncio.Event) -> None:
    """Run roles beside each other; the first that ends stops the others."""
    from pipeline.worker.run import run

    async def one(role: Role) -> None:
        try:
            await run(settings, role, stop=stop)
        finally:
            stop.set()

    outcomes = await asyncio.gather(*map(one, roles), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failures:
        raise failures[0]


async def _end_once_stopped(stop: asyncio.Event) -> None:
    """End the process by force where the servers let no role end in time.

    aiokafka waits for a broker that is gone, and nobody else may be left to end this process.
    """
    await stop.wait()
    # On a thread, since whatever hangs may hang the event loop too.
    last = threading.Timer(_END_S, os._exit, args=[ExitStatus.UNAVAILABLE])
    last.daemon = True
    last.start()


async def _stop_when(drained: Callable[[], bool], stop: asyncio.Event) -> None:
    while not await asyncio.to_thread(drained):  # noqa: ASYNC110 - nothing here could set an event
        await asyncio.sleep(_LOOK_S)
    stop.set()


@contextmanager
def _on_signals(stop: Callable[..., None]) -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
