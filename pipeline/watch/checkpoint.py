"""One partition's alerts and detector state, in one Kafka transaction: both are stored, or neither.

Opening a partition's store fences its earlier owner: a worker that was presumed dead and comes
back can publish nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from pydantic import ValidationError

from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.producer import ENVELOPE_BYTES
from pipeline.kafka.reader import AsyncTopicReader
from pipeline.kafka.transactional_producer import Fenced, TransactionalProducer
from pipeline.settings import KafkaConnection
from schemas.alert import Alert
from schemas.alerting_state import AlertingState
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import ALERTING, ALERTS, SIGNALS
from schemas.message import Message

_MAX_STATE_BYTES: Final = ALERTING.max_message_bytes - ENVELOPE_BYTES

log = structlog.get_logger(__name__)


class TransactionalStateStore:
    """Alerts and state of one partition of the signals; for one task at a time."""

    def __init__(
        self, connection: KafkaConnection, partition: int, reader: AsyncTopicReader
    ) -> None:
        self._partition = partition
        self._reader = reader
        self._producer = TransactionalProducer(
            connection,
            f"feedback-watch-{partition}",
            max_message_bytes=ALERTING.max_message_bytes,
        )
        self._last: bytes | None = None
        """The snapshot that was last read or written, as it is on Kafka."""

    async def open(self) -> AlertingState | None:
        """Fence earlier owners; return the last snapshot, or None if none can be read.

        Raises :class:`TransientError`, and :class:`PermanentError` for errors that need an
        operator.
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

    async def signal_partition_count(self) -> int:
        """Return the number of partitions of the signals."""
        return len(await self._producer.partitions(SIGNALS.name))

    async def write(self, state: AlertingState, alerts: Sequence[Alert]) -> None:
        """Publish alerts and the state that includes them; returns when both are committed.

        A state that is too large is left out, with an error in the log. Raises :class:`Fenced`,
        :class:`PermanentError`, and :class:`TransientError`, after which the same may be written
        again.
        """
        payload: bytes | None = state.to_payload()
        if payload is not None and len(payload) > _MAX_STATE_BYTES:
            log.error(
                "alerting_state_too_large",
                partition=self._partition,
                reason="it is larger than its Kafka topic accepts",
                bytes=len(payload),
            )
            payload = None
        if not self._producer.is_started:
            # The outcome of the last attempt is unknown: it may have been committed.
            await self._start()
            stored = await self._read()
            if payload is not None and stored == payload:
                self._last = payload
                return
            if stored != self._last:
                raise Fenced
        snapshots = [] if payload is None else [(self._partition, self._to_message(payload))]
        await self._producer.commit(map(to_message, alerts), pinned=snapshots)
        self._last = payload if payload is not None else self._last

    async def close(self) -> None:
        """Disconnect; what is not committed never becomes visible."""
        await self._producer.close()

    async def _start(self) -> None:
        await self._producer.start()
        partitions = await self._producer.partitions(ALERTING.name)
        if self._partition not in partitions:
            raise PermanentError(
                f"opening the alerts' state: {ALERTING.name} has {len(partitions)} partitions, "
                f"fewer than {SIGNALS.name}"
            )

    async def _read(self) -> bytes | None:
        try:
            record = await self._reader.last_record(ALERTING, self._partition)
        except TransientError:
            await self.close()
            raise
        return None if record is None else record.value

    def _to_message(self, payload: bytes) -> Message:
        return Message(ALERTING, str(self._partition).encode(), payload, [])


def to_message(alert: Alert) -> Message:
    """Return the message of one revision of an alert."""
    headers = cloud_event_headers(
        event_id=f"{alert.alert_id}.{alert.revision}",
        source="alerts",
        event_type=ALERTS.ce_type,
        time=alert.updated_at,
    )
    return Message(ALERTS, alert.alert_id.encode(), alert.to_payload(), headers)
