"""`feedback worker`: the roles that read Kafka."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.commands._context import settings
from pipeline.errors import CommandError, Unavailable

if TYPE_CHECKING:
    from pipeline.app import Role


class Roles(StrEnum):
    """What ``--role`` takes."""

    ENRICH = "enrich"
    INDEX = "index"
    ALL = "all"


def worker(
    role: Annotated[
        Roles, typer.Option("--role", help="Enrich raw feedback, index what is enriched, or both.")
    ] = Roles.ALL,
    drain: Annotated[
        bool, typer.Option("--drain", help="Stop once nothing is left to read.")
    ] = False,
) -> None:
    """Enrich and index feedback as it arrives, until SIGTERM or Ctrl-C.

    The batch in hand is finished before it stops. Start more workers to scale: Kafka shares the
    partitions among them.
    """
    from pipeline import logs
    from pipeline.app import Role
    from pipeline.setup import missing_kafka_topics

    logs.configure(settings())
    missing = missing_kafka_topics(settings())
    if missing:
        raise CommandError(
            f"starting the worker: there is no Kafka topic {missing[0]}; run `feedback setup`"
        )
    roles = list(Role) if role is Roles.ALL else [Role(role)]
    try:
        _run(roles, drain=drain)
    except CommandError:
        raise
    except Exception as error:
        from pipeline.sinks.failure import Fatal, Waiting

        if isinstance(error, Waiting):
            raise Unavailable(str(error)) from error
        if isinstance(error, Fatal):
            raise CommandError(str(error)) from error
        raise


def _run(roles: list[Role], *, drain: bool) -> None:
    import asyncio

    import uvloop

    from pipeline.worker import run, stop_on_signals, stop_when_drained

    async def main() -> None:
        stop = asyncio.Event()
        stop_on_signals(stop)
        drained = asyncio.create_task(stop_when_drained(settings(), stop)) if drain else None
        try:
            await run(settings(), roles, stop=stop)
        finally:
            if drained is not None:
                drained.cancel()

    uvloop.run(main())
