"""Publishing a few records from a command: a producer for a moment, and errors as sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pipeline.errors import CommandError, Unavailable
from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.settings import KafkaConnection

_TIMEOUT_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 5.0


@asynccontextmanager
async def publishing(connection: KafkaConnection, what: str) -> AsyncIterator[BatchProducer]:
    """Yield a connected producer; ``what`` names the records in errors: "scores".

    Raises :class:`Unavailable` if the brokers do not answer within 30 seconds,
    :class:`CommandError` if they refuse.
    """
    producer = BatchProducer(connection)
    try:
        await producer.start()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                yield producer
        finally:
            await producer.discard(_STOP_TIMEOUT_S)
    except TimeoutError:
        raise Unavailable(
            f"publishing {what}: Kafka did not acknowledge within {_TIMEOUT_S:g} s"
        ) from None
    except TransientError as error:
        raise Unavailable(f"publishing {what}: {error}") from None
    except PermanentError as error:
        raise CommandError(f"publishing {what}: {error}") from None
