"""The life of a role: start, run until a stop is requested, finish the current batch."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import structlog

from pipeline.kafka.clients import ensure_reachable
from pipeline.settings import Settings
from pipeline.streams.app import build_app
from pipeline.streams.loop import Agent, Control
from pipeline.streams.roles import Role

_SHUTDOWN_TIMEOUT_S: Final = 15.0
GC_THRESHOLDS: Final = (50_000, 20, 50)
"""A batch makes tens of thousands of objects and no cycles: by default the garbage collector would
run hundreds of times per batch."""

StartRole = Callable[[Settings, Control, AsyncExitStack], Awaitable[Agent]]
"""Opens what the role needs, for the stack to close, and returns its agent."""

_ROLE_MODULES: Final = {
    Role.ENRICH: "pipeline.enrich.role",
    Role.INDEX: "pipeline.index.role",
    Role.WATCH: "pipeline.watch.role",
    Role.NOTIFY: "pipeline.notify.role",
    Role.CASES: "pipeline.cases.role",
    Role.TRANSLATE: "pipeline.translate.role",
}
"""The module of each role. By name, so that a process imports its own roles only: importing all of
them takes 35 MB more in each process."""

log = structlog.get_logger(__name__)


async def run(settings: Settings, role: Role, *, stop: asyncio.Event) -> None:
    """Run a role until ``stop`` is set; raises the error that made it fail.

    Raises :class:`~pipeline.failures.TransientError` if Kafka does not answer at the start,
    :class:`~pipeline.failures.PermanentError` for errors that need an operator.
    """
    await asyncio.to_thread(ensure_reachable, settings.kafka)
    async with AsyncExitStack() as stack:
        control = Control()
        agent = await _load_starter(role)(settings, control, stack)
        app = build_app(settings, role, agent)
        await app.start()
        # Loaded objects stay: the garbage collector need not visit them again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        log.info("worker_ready", role=role)
        error = await _wait_for_exit(app, control, stop)
        with suppress(TimeoutError):
            await control.drain(_SHUTDOWN_TIMEOUT_S if error is None else 0)
        await _shut_down(app)
        log.info("worker_stopped", role=role, records=control.records)
        if error is not None:
            raise error


def _load_starter(role: Role) -> StartRole:
    starter: StartRole = importlib.import_module(_ROLE_MODULES[role]).start_role
    return starter


async def _wait_for_exit(app: Any, control: Control, stop: asyncio.Event) -> BaseException | None:
    """Wait for the stop, a failure of the loop or a crash of Faust; return the error, if any."""
    stopped = asyncio.ensure_future(stop.wait())
    ended = asyncio.ensure_future(app.wait_until_stopped())
    try:
        done, _ = await asyncio.wait(
            [stopped, ended, control.failed], return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        stopped.cancel()
        ended.cancel()
    if control.failed in done:
        return control.failed.result()
    if ended in done:
        crash: BaseException | None = app.crash_reason
        return crash or RuntimeError("running Faust: it stopped by itself")
    return None


async def _shut_down(app: Any) -> None:
    """Commit acknowledged offsets, leave the group and stop."""
    with suppress(Exception):
        await app.consumer.commit()
    await app.stop()
