"""One partition's alerts and state, in one Kafka transaction: after a crash both are there or none.

Whoever opens a partition's ledger shuts out who had it before: a worker that was thought dead and
comes back can publish nothing any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import structlog
from pydantic import ValidationError

from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.reader import Reader
from schemas.alert import Alert
from schemas.alerting_state import AlertingState
from schemas.brokers import pace
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import ALERTING, ALERTS, SIGNALS

_TIMEOUT_S: Final = 20.0
_STOP_S: Final = 5.0
_ENVELOPE_BYTES: Final = 1_000
_OPEN_TRANSACTION_MS: Final = 15_000  # so long may a dead worker hold up who reads the alerts

log = structlog.get_logger("worker")


class Fenced(Exception):
    """Another member of the group has the partition now."""


class Ledger:
    """The transactions of one partition of the signals; for one task at a time."""

    def __init__(self, bootstrap_servers: str, partition: int, reader: Reader) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._partition = partition
        self._reader = reader
        self._producer: Any = None
        self._last: bytes | None = None
        """The snapshot that was read or written last, as it is on Kafka."""

    async def open(self) -> AlertingState | None:
        """Shut out others and read the last snapshot; None where there is none, or none to read.

        Raises :class:`TransientError`, and :class:`PermanentError` for what no waiting mends.
        """
        await self._start()
        self._last = await self._read()
        if self._last is None:
            return None
        try:
            return AlertingState.from_payload(self._last)
        except ValidationError:
            log.error("alerting_state_lost", partition=self._partition, reason="it is damaged")
            return None

    async def partitions(self) -> int:
        """How many partitions the signals have."""
        return len(await self._producer.partitions_for(SIGNALS.name))

    async def write(self, state: AlertingState, alerts: Sequence[Alert]) -> None:
        """Publish alerts and the state that knows of them; returns when both are committed.

        A state that is too large is left out, with an error in the log. Raises :class:`Fenced`,
        :class:`TransientError`, after which the same may be written again, and
        :class:`PermanentError`.
        """
        payload: bytes | None = state.to_payload()
        if payload is not None and len(payload) > ALERTING.max_message_bytes - _ENVELOPE_BYTES:
            log.error("alerting_state_too_large", partition=self._partition, bytes=len(payload))
            payload = None
        if self._producer is None:
            # Whether the last try was committed could not be seen: it may have been.
            await self._start()
            there = await self._read()
            if payload is not None and there == payload:
                self._last = payload
                return
            if there != self._last:
                raise Fenced
        await self._commit(payload, alerts)
        self._last = payload if payload is not None else self._last

    async def close(self) -> None:
        """Disconnect; what is not committed never was."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(Exception):
                async with asyncio.timeout(_STOP_S):
                    await producer.stop()

    async def _commit(self, payload: bytes | None, alerts: Sequence[Alert]) -> None:
        from aiokafka.errors import KafkaError, ProducerFenced

        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._producer.begin_transaction()
                deliveries = [await self._send(alert) for alert in alerts]
                if payload is not None:
                    deliveries.append(
                        await self._producer.send(
                            ALERTING.name,
                            partition=self._partition,
                            key=str(self._partition).encode(),
                            value=payload,
                        )
                    )
                for outcome in await asyncio.gather(*deliveries, return_exceptions=True):
                    if isinstance(outcome, BaseException):
                        raise outcome
                await self._producer.commit_transaction()
        except ProducerFenced as error:
            await self.close()
            raise Fenced from error
        except (KafkaError, TimeoutError) as error:
            await self.close()
            raise _verdict("publishing alerts", error) from error
        except BaseException:
            await self.close()
            raise

    async def _send(self, alert: Alert) -> Any:
        partitions = len(await self._producer.partitions_for(ALERTS.name))
        return await self._producer.send(
            ALERTS.name,
            partition=int(alert.alert_id[:8], 16) % partitions,
            key=alert.alert_id.encode(),
            value=alert.to_payload(),
            headers=cloud_event_headers(
                event_id=f"{alert.alert_id}.{alert.revision}",
                source="alerts",
                event_type=ALERTS.ce_type,
                time=alert.updated_at,
            ),
        )

    async def _start(self) -> None:
        """A new producer; whatever an earlier one had begun is committed or undone by then."""
        from aiokafka import AIOKafkaProducer
        from aiokafka.errors import KafkaError

        await self.close()
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers,
            transactional_id=f"feedback-watch-{self._partition}",
            transaction_timeout_ms=_OPEN_TRANSACTION_MS,
            acks="all",
            max_batch_size=ALERTING.max_message_bytes,
            max_request_size=2 * ALERTING.max_message_bytes,
            request_timeout_ms=int(_TIMEOUT_S * 1000),
        )
        pace(producer.client)
        self._producer = producer
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await producer.start()
                there = await producer.partitions_for(ALERTING.name)
        except (KafkaError, TimeoutError) as error:
            await self.close()
            raise _verdict("opening the alerts' state", error) from error
        except BaseException:
            await self.close()
            raise
        if self._partition not in there:
            raise PermanentError(
                f"opening the alerts' state: {ALERTING.name} has {len(there)} partitions, "
                f"fewer than {SIGNALS.name}"
            )

    async def _read(self) -> bytes | None:
        try:
            record = await self._reader.last(ALERTING, self._partition)
        except TransientError:
            await self.close()
            raise
        return None if record is None else record.value


def _verdict(doing: str, error: BaseException) -> Exception:
    from aiokafka.errors import (
        TopicAuthorizationFailedError,
        TransactionalIdAuthorizationFailed,
        UnsupportedVersionError,
    )

    sentence = f"{doing}: {type(error).__name__}"
    refused = (
        TopicAuthorizationFailedError,
        TransactionalIdAuthorizationFailed,
        UnsupportedVersionError,
    )
    return PermanentError(sentence) if isinstance(error, refused) else TransientError(sentence)
