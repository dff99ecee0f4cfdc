"""Whether feedback waits to be enriched: then time can't be told from the signals alone."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Final

from pipeline.errors import Unavailable
from pipeline.kafka.admin import connect_admin
from pipeline.settings import Settings
from pipeline.streams.roles import GROUP, READS, Role

_STEADY_S: Final = 60.0

Offsets = dict[Any, int]
"""An offset of each partition of the raw Kafka topics."""


class Upstream:
    """Until when all that was published is enriched, as it was when last looked at.

    In a steady stream something always waits; so each look asks whether what was there at an
    earlier one is done.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin: Any = None
        self._mark: tuple[float, Offsets] | None = None
        self._looked_at = 0.0
        self.done_until = 0.0
        """Seconds since 1970; all that was published before has its signals."""

    @property
    def behind(self) -> bool:
        """Whether feedback has waited for longer than it does in a steady stream."""
        return self._looked_at - self.done_until > _STEADY_S

    async def look(self, *, after: float = 0.0) -> None:
        """Look again, if the last look is older than ``after`` seconds."""
        at = time.time()
        if at - self._looked_at <= after:
            return
        found = await asyncio.to_thread(self._offsets)
        self._looked_at = at
        if found is None:
            return
        read, ends = found
        if _reaches(read, ends):
            self.done_until, self._mark = at, None
        elif self._mark is None:
            self._mark = (at, ends)
        elif _reaches(read, self._mark[1]):
            self.done_until, self._mark = self._mark[0], (at, ends)

    async def close(self) -> None:
        """Disconnect."""
        await asyncio.to_thread(self._close)

    def _offsets(self) -> tuple[Offsets, Offsets] | None:
        from kafka import TopicPartition
        from kafka.admin import OffsetSpec
        from kafka.errors import KafkaError

        group = GROUP[Role.ENRICH]
        try:
            if self._admin is None:
                self._admin = connect_admin(self._settings)
            committed = self._admin.list_group_offsets(group).get(group, {})
            places = [
                TopicPartition(topic["name"], partition["partition_index"])
                for topic in self._admin.describe_topics([t.name for t in READS[Role.ENRICH]])
                for partition in topic["partitions"]
            ]
            ends, starts = (
                self._admin.list_partition_offsets(dict.fromkeys(places, spec))
                for spec in (OffsetSpec.LATEST, OffsetSpec.EARLIEST)
            )
        except (KafkaError, OSError, Unavailable):
            self._close()
            return None
        read = {
            # What retention removed waits for nobody.
            place: max(starts[place].offset, committed[place].offset if place in committed else 0)
            for place in places
        }
        return read, {place: ends[place].offset for place in places}

    def _close(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            with suppress(Exception):
                admin.close()


def _reaches(read: Offsets, ends: Offsets) -> bool:
    return all(read.get(place, 0) >= end for place, end in ends.items())
