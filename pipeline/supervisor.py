"""A process for each role of the worker: each has an interpreter, and a core, to itself.

In one process the roles share the interpreter's lock, and an enrichment batch holds up the bulk
requests; measured beside each other, two processes move a good third more events.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Any, Final

from pipeline.app import Role
from pipeline.errors import CommandError, ExitStatus, Unavailable
from pipeline.settings import Settings
from pipeline.sinks.failure import Fatal, Waiting

_LOOK_S: Final = 0.5
_END_S: Final = 30.0
_QUIET_LOOKS: Final = 2


def run_roles(settings: Settings, roles: Sequence[Role], *, drain: bool = False) -> None:
    """Run the roles until SIGTERM or SIGINT, or with ``drain`` until nothing is left to read.

    Raises ``CommandError`` with the reason when a role fails; the others are stopped first.
    """
    if len(roles) == 1:
        _run_role(settings, roles[0], drained=_Drained(settings, roles) if drain else None)
        return
    context = get_context("spawn")
    children = [_Child(context, settings, role) for role in roles]
    drained = _Drained(settings, roles) if drain else None
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
        from pipeline.lag import records_waiting

        waiting = records_waiting(self._settings, self._roles)
        self._quiet = self._quiet + 1 if waiting == 0 else 0
        return self._quiet >= _QUIET_LOOKS


class _Child:
    """One role in a process of its own."""

    def __init__(self, context: Any, settings: Settings, role: Role) -> None:
        self._role = role
        self._reason, reason = context.Pipe(duplex=False)
        self._process = context.Process(target=_child, args=(settings, role, reason), name=role)
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
            return CommandError(f"running the {self._role} role: it ended with status {status}")


def _child(settings: Settings, role: Role, reason: Any) -> None:
    """What a child process runs."""
    import sys

    from pipeline import logs

    logs.configure(settings)
    try:
        _run_role(settings, role)
    except CommandError as error:
        reason.send((str(error), int(error.status)))
        sys.exit(error.status)
    except Exception as error:
        reason.send((f"{type(error).__name__}: {error}", int(ExitStatus.FAILED)))
        raise


def _run_role(settings: Settings, role: Role, *, drained: Callable[[], bool] | None = None) -> None:
    """Run one role in this process; raises ``CommandError``."""
    import uvloop

    try:
        uvloop.run(_main(settings, role, drained))
    except Waiting as error:
        raise Unavailable(str(error)) from error
    except Fatal as error:
        raise CommandError(str(error)) from error


async def _main(settings: Settings, role: Role, drained: Callable[[], bool] | None) -> None:
    from pipeline.worker import run

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = parent_process()
    if parent is not None:  # readable once the parent is gone, however it went
        loop.add_reader(parent.sentinel, stop.set)
    watch = asyncio.ensure_future(_stop_when(drained, stop)) if drained is not None else None
    try:
        await run(settings, role, stop=stop)
    finally:
        if watch is not None:
            watch.cancel()


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
