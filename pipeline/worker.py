"""The worker's life: start the roles, run until told to stop, finish the batch in hand."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import structlog

from pipeline.app import Role, build_app
from pipeline.enrichment import Enrichment
from pipeline.lag import group_lags
from pipeline.settings import Settings
from pipeline.shell import Control, EnrichLoop, Handler, IndexLoop
from pipeline.sinks.elasticsearch import ElasticsearchSink
from pipeline.sinks.elasticsearch_client import connect_async
from pipeline.sinks.kafka import KafkaSink

_GRACE_S: Final = 15.0
_DRAIN_LOOK_S: Final = 0.5

log = structlog.get_logger("worker")


async def run(settings: Settings, roles: Sequence[Role], *, stop: asyncio.Event) -> None:
    """Run the roles until ``stop`` is set; raises what made a role fail."""
    async with AsyncExitStack() as stack:
        kafka = KafkaSink(settings.kafka_bootstrap_servers)
        await kafka.start()
        stack.push_async_callback(kafka.stop)
        running = [await _start(role, settings, kafka, stack) for role in roles]
        # What was loaded stays: the collector need not walk over it again and again.
        gc.collect()
        gc.freeze()
        log.info("worker_ready", roles=list(roles))
        error = await _until_stopped(running, stop)
        for _, control in running:
            with suppress(TimeoutError):
                await control.finish(_GRACE_S if error is None else 0)
        for app, _ in running:
            await _leave(app)
        log.info("worker_stopped", records={app.conf.id: c.records for app, c in running})
        if error is not None:
            raise error


async def _start(
    role: Role, settings: Settings, kafka: KafkaSink, stack: AsyncExitStack
) -> tuple[Any, Control]:
    control = Control()
    handle: Handler
    if role is Role.ENRICH:
        handle = EnrichLoop(Enrichment(settings.taxonomy), kafka).handle
    else:
        client = connect_async(settings)
        stack.push_async_callback(client.close)
        sink = ElasticsearchSink(client, bulk_bytes=settings.index_bulk_bytes)
        handle = IndexLoop(sink, kafka, batch=settings.index_batch).handle

    async def agent(stream: Any) -> None:
        await control.run(stream, handle)

    app = build_app(settings, role, agent)
    await app.start()
    return app, control


async def _until_stopped(
    running: Sequence[tuple[Any, Control]], stop: asyncio.Event
) -> BaseException | None:
    """Wait for the stop, a role's failure or Faust's own crash; the error, if it was one."""
    stopped = asyncio.ensure_future(stop.wait())
    crashed = {asyncio.ensure_future(app.wait_until_stopped()): app for app, _ in running}
    failed = [control.failed for _, control in running]
    try:
        done, _ = await asyncio.wait(
            [stopped, *failed, *crashed], return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in (stopped, *crashed):
            task.cancel()
    for future in failed:
        if future in done:
            return future.result()
    for task, app in crashed.items():
        if task in done:
            return app.crash_reason or RuntimeError("running Faust: it stopped by itself")
    return None


async def _leave(app: Any) -> None:
    """Commit what is acknowledged, leave the group and stop."""
    with suppress(Exception):
        await app.consumer.commit()
    await app.stop()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` at SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)


async def stop_when_drained(settings: Settings, stop: asyncio.Event) -> None:
    """Set ``stop`` once nothing waits in any Kafka topic that the worker reads, twice in a row."""
    from kafka.errors import KafkaError

    quiet = 0
    while quiet < 2:
        await asyncio.sleep(_DRAIN_LOOK_S)
        try:
            lags = await asyncio.to_thread(group_lags, settings)
        except KafkaError as error:
            log.warning("waiting", reason=f"reading the lag: {type(error).__name__}")
            lags = None
        quiet = quiet + 1 if lags and not any(lag["lag"] for lag in lags) else 0
    stop.set()
