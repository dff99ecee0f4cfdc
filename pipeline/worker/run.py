"""A role's life: start, run until told to stop, finish the batch in hand."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, Final

import structlog

from pipeline.elasticsearch.client import connect_async
from pipeline.enrich.enricher import Enricher
from pipeline.enrich.loading import load_analyzer
from pipeline.enrich.role import EnrichLoop
from pipeline.index.role import IndexLoop
from pipeline.index.sink import ElasticsearchSink
from pipeline.kafka.producer import BatchProducer
from pipeline.settings import Settings
from pipeline.streams.app import build_app
from pipeline.streams.loop import Agent, Control
from pipeline.streams.roles import Role

_GRACE_S: Final = 15.0
_COLLECT_AFTER: Final = (50_000, 20, 50)
"""A batch makes tens of thousands of objects and no cycles: the default looks hundreds of times."""

log = structlog.get_logger("worker")


async def run(settings: Settings, role: Role, *, stop: asyncio.Event) -> None:
    """Run a role until ``stop`` is set; raises what made it fail.

    Raises :class:`~pipeline.failures.TransientError` where Kafka does not answer at the start,
    :class:`~pipeline.failures.PermanentError` where nothing can be written.
    """
    async with AsyncExitStack() as stack:
        producer = BatchProducer(settings.kafka)
        await producer.start()
        stack.push_async_callback(producer.stop)
        app, control = await _start(role, settings, producer, stack)
        # What was loaded stays: the collector need not walk over it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        log.info("worker_ready", role=role)
        error = await _until_stopped(app, control, stop)
        with suppress(TimeoutError):
            await control.finish(_GRACE_S if error is None else 0)
        await _leave(app)
        log.info("worker_stopped", role=role, records=control.records)
        if error is not None:
            raise error


async def _start(
    role: Role, settings: Settings, producer: BatchProducer, stack: AsyncExitStack
) -> tuple[Any, Control]:
    control = Control()
    app = build_app(settings, role, await _agent_of(role, settings, producer, control, stack))
    await app.start()
    return app, control


async def _agent_of(
    role: Role, settings: Settings, producer: BatchProducer, control: Control, stack: AsyncExitStack
) -> Agent:
    """The wiring table of the roles. What a role opens, ``stack`` closes."""
    match role:
        case Role.ENRICH:
            analyzer = load_analyzer(settings)
            analyzer.warm_up()
            return partial(control.run, loop=EnrichLoop(Enricher(analyzer), producer))
        case Role.INDEX:
            client = connect_async(settings)
            stack.push_async_callback(client.close)
            sink = ElasticsearchSink(client, bulk_bytes=settings.index_bulk_bytes)
            loop = IndexLoop(sink, producer, batch=settings.index_batch)
            return partial(control.run, loop=loop)
        case Role.WATCH:
            from pipeline.watch.role import begin as begin_watching

            return await begin_watching(settings, control, stack)
        case Role.NOTIFY:
            from pipeline.notify.role import begin as begin_telling

            return await begin_telling(settings, control, stack)
        case Role.CASES:
            from pipeline.cases.role import begin as begin_cases

            return await begin_cases(settings, control, stack)


async def _until_stopped(app: Any, control: Control, stop: asyncio.Event) -> BaseException | None:
    """Wait for the stop, the loop's failure or Faust's own crash; the error, if it was one."""
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


async def _leave(app: Any) -> None:
    """Commit what is acknowledged, leave the group and stop."""
    with suppress(Exception):
        await app.consumer.commit()
    await app.stop()
