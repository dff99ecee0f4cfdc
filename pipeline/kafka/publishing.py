"""Publishing a few records from a command: a producer for a moment, and errors as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pipeline.errors import CommandError, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.settings import KafkaConnection


@asynccontextmanager
async def publishing(connection: KafkaConnection, what: str) -> AsyncIterator[BatchProducer]:
    """Yield a connected producer; ``what`` names the records in errors: "scores".

    Raises :class:`Unavailable` if the brokers do not answer, :class:`CommandError` if they refuse.
    """
    producer = BatchProducer(connection)
    try:
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()
    except TransientError as error:
        raise Unavailable(f"publishing {what}: {error}") from None
    except PermanentError as error:
        raise CommandError(f"publishing {what}: {error}") from None
