"""Publishing a few records from a command: a Kafka sink for a moment, and errors as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.errors import CommandError, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.producer import KafkaSink


@asynccontextmanager
async def publishing(bootstrap_servers: str, what: str) -> AsyncIterator[KafkaSink]:
    """A sink that is connected within the block; ``what`` is published: "scores".

    Raises :class:`Unavailable` where the brokers do not answer, :class:`CommandError` where they
    refuse.
    """
    sink = KafkaSink(bootstrap_servers)
    try:
        await sink.start()
        try:
            yield sink
        finally:
            await sink.stop()
    except TransientError as error:
        raise Unavailable(f"publishing {what}: {error}") from None
    except PermanentError as error:
        raise CommandError(f"publishing {what}: {error}") from None
