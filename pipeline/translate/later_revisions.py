"""Later revisions of the comments that wait for a translation: edits, and above all deletions.

A translation may come long after its comment, and Elasticsearch forgets a deletion after a minute:
what was deleted meanwhile would be there again. So the Kafka topic is read ahead to its end before
a translation is sent for, and again before it is published.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from pipeline.kafka.reader import AsyncTopicReader, Record
from pipeline.settings import KafkaConnection
from pipeline.translate.selection import may_need_translation
from schemas.documents import document_version
from schemas.feedback import EnrichedFeedback, Operation
from schemas.kafka_topics import ENRICHED

_DELETE: Final = Operation.DELETE.encode()
_EVENT_ID: Final = re.compile(rb'"event_id":"([0-9a-f]{32})"')
_MAX_REMEMBERED: Final = 100_000


class LaterRevisions:
    """The revisions that the Kafka topic holds up to its end, as of the last look."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._reader = AsyncTopicReader(connection)
        self._positions: dict[int, int] = {}
        self._newest: dict[str, tuple[int, bool]] = {}

    async def close(self) -> None:
        """Disconnect."""
        await self._reader.close()

    def note(self, records: Iterable[Record]) -> None:
        """Remember the records of a batch, and to read on after them."""
        for record in records:
            self._remember(record.value or b"")
            position = self._positions.get(record.partition, 0)
            self._positions[record.partition] = max(position, record.offset + 1)

    async def read_ahead(self, partitions: Iterable[int]) -> None:
        """Read the partitions to their ends; raises ``TransientError``."""
        for partition in partitions:
            first, end = await self._reader.bounds(ENRICHED, partition)
            start = max(first, self._positions.get(partition, first))
            async for records in self._reader.read(ENRICHED, partition, start, end):
                self.note(records)

    def is_superseded(self, record: EnrichedFeedback) -> bool:
        """Return True if an edit or a deletion of the record is later than its translation."""
        version, is_deletion = self._newest.get(record.event_id, (-1, False))
        own = document_version(_fields_of_translation(record))
        return version > own or (is_deletion and version == own)

    def _has_earlier(self, payload: bytes) -> bool:
        """Return True if an earlier revision is remembered: an edit may be in English."""
        event_id = _EVENT_ID.search(payload)
        return event_id is not None and event_id[1].decode() in self._newest

    def _remember(self, payload: bytes) -> None:
        if not (_DELETE in payload or may_need_translation(payload) or self._has_earlier(payload)):
            return
        try:
            fields = orjson.loads(payload)
            event_id, version = fields["event_id"], document_version(fields)
            is_deletion = fields["operation"] == Operation.DELETE
        except (ValueError, KeyError, TypeError):
            return  # the index role dead-letters it
        newest = max((version, is_deletion), self._newest.pop(event_id, (-1, False)))
        self._newest[event_id] = newest
        if len(self._newest) > _MAX_REMEMBERED:
            del self._newest[next(iter(self._newest))]


def _fields_of_translation(record: EnrichedFeedback) -> Mapping[str, Any]:
    return {"operation": record.operation, "revision": record.revision, "translation": {}}


def list_partitions(records: Sequence[Record]) -> list[int]:
    """Return the partitions of the records."""
    return sorted({record.partition for record in records})
