"""The backlog of feedback that was published and is not enriched yet.

While there is one, event time cannot be derived from the signals alone.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from pipeline.failures import TransientError
from pipeline.kafka.admin import Progress, ProgressReader
from pipeline.kafka.reader import Offsets, TopicPartition
from pipeline.settings import KafkaConnection
from pipeline.streams.roles import CONSUMER_GROUPS, KAFKA_TOPICS_READ, Role

_MAX_STEADY_S: Final = 60.0


class EnrichBacklog:
    """The time until which everything published is enriched, as of the last look.

    In a steady stream something always waits; so each look checks whether the records that were
    there at an earlier one are done.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._reader = ProgressReader(connection)
        self._mark: tuple[float, Offsets] | None = None
        self._checked_at = 0.0
        self.enriched_until = 0.0
        """Unix time (s); everything published before has its signals."""

    @property
    def is_behind(self) -> bool:
        """True if feedback has waited longer than it does in a steady stream."""
        return self._checked_at - self.enriched_until > _MAX_STEADY_S

    async def refresh(self, *, max_age_s: float = 0.0) -> None:
        """Look again if the last look is older than ``max_age_s`` seconds."""
        now = time.time()
        if now - self._checked_at <= max_age_s:
            return
        progress = await asyncio.to_thread(self._read_progress)
        self._checked_at = now
        if progress is None:
            return
        read = {place: partition.read for place, partition in progress.items()}
        ends = {place: partition.end for place, partition in progress.items()}
        if _has_reached(read, ends):
            self.enriched_until, self._mark = now, None
        elif self._mark is None:
            self._mark = (now, ends)
        elif _has_reached(read, self._mark[1]):
            self.enriched_until, self._mark = self._mark[0], (now, ends)

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.to_thread(self._reader.close)

    def _read_progress(self) -> dict[TopicPartition, Progress] | None:
        names = [topic.name for topic in KAFKA_TOPICS_READ[Role.ENRICH]]
        try:
            return self._reader.read(CONSUMER_GROUPS[Role.ENRICH], names)
        except TransientError:
            return None


def _has_reached(read: Offsets, ends: Offsets) -> bool:
    return all(read.get(place, 0) >= end for place, end in ends.items())
