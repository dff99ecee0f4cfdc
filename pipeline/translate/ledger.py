"""The ledger of translations, on a Kafka topic: the cache, and the characters that were sent.

All workers write to it and read it, so that a text is paid for once and a budget is shared; a
restart forgets neither. It is not compacted: the same text may be paid for again after its
retention, which is longer than a month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from pydantic import ValidationError

from pipeline.failures import PermanentError, TransientError
from pipeline.kafka.producer import BatchProducer
from pipeline.kafka.reader import AsyncTopicReader
from pipeline.kafka.retry import retry_until_available
from pipeline.settings import KafkaConnection
from pipeline.translate.settings import TranslateSettings
from schemas.cached_translation import CachedTranslation
from schemas.cloud_events import cloud_event_headers
from schemas.kafka_topics import TRANSLATIONS
from schemas.message import Message

_SOURCE: Final = "feedback-translate"


class BudgetExhausted(TransientError):
    """The budget of the day or of the month is used up; ``retry_after`` is the time until the next.

    The settings may change it before.
    """


class Spent:
    """Characters that were sent, by service and day."""

    def __init__(self) -> None:
        self._by_day: Counter[tuple[str, date]] = Counter()

    def add(self, entry: CachedTranslation) -> None:
        """Count one translation."""
        self._by_day[entry.service, entry.at.astimezone(UTC).date()] += entry.characters

    def count_day(self, service: str, now: datetime) -> int:
        """Return the characters that a service got on this day (UTC)."""
        return self._by_day[service, now.astimezone(UTC).date()]

    def count_month(self, service: str, now: datetime) -> int:
        """Return the characters that a service got in this month (UTC)."""
        this = now.astimezone(UTC).replace(day=1).date()
        return sum(
            characters
            for (name, day), characters in self._by_day.items()
            if name == service and day.replace(day=1) == this
        )


def check_budget(settings: TranslateSettings, spent: Spent, characters: int, now: datetime) -> None:
    """Raise :class:`BudgetExhausted` if these characters are too many."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    next_day = midnight + timedelta(days=1)
    next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    for name, budget, used, end in (
        (
            "month",
            settings.characters_per_month,
            spent.count_month(settings.service, now),
            next_month,
        ),
        ("day", settings.characters_per_day, spent.count_day(settings.service, now), next_day),
    ):
        if budget is not None and used + characters > budget:
            message = f"the budget of {budget} characters a {name} is used up"
            raise BudgetExhausted(message, end - now)


class Ledger:
    """The ledger as of the last :meth:`refresh`; for one task at a time."""

    def __init__(
        self, connection: KafkaConnection, producer: BatchProducer | None, *, size: int
    ) -> None:
        """``size``: maximum number of translations in the cache. Without a producer, only read."""
        self._reader = AsyncTopicReader(connection)
        self._producer = producer
        self._size = size
        self._positions: dict[int, int] = {}
        self._cache: dict[str, CachedTranslation] = {}
        self.spent = Spent()

    async def close(self) -> None:
        """Disconnect."""
        await self._reader.close()

    async def refresh(self) -> None:
        """Read what was added; raises ``TransientError``."""
        for partition in await self._reader.list_partitions(TRANSLATIONS):
            first, end = await self._reader.bounds(TRANSLATIONS, partition)
            start = max(first, self._positions.get(partition, first))
            async for records in self._reader.read(TRANSLATIONS, partition, start, end):
                for record in records:
                    self._count(record.value)
                    self._positions[partition] = record.offset + 1

    def get(self, text_id: str) -> CachedTranslation | None:
        """Return the translation of a text, or None; it stays longest in the cache."""
        entry = self._cache.pop(text_id, None)
        if entry is not None:
            self._cache[text_id] = entry
        return entry

    async def add(self, entries: Sequence[CachedTranslation]) -> None:
        """Publish translations; returns when the brokers have them, and this ledger too."""
        assert self._producer is not None  # noqa: S101 - for the type checker
        messages = [_to_message(entry) for entry in entries]
        failures = await retry_until_available(partial(self._producer.write, messages))
        if failures:  # a translation is bounded by its text, and far below what fits
            raise PermanentError(failures[0].reason)
        await retry_until_available(self.refresh)

    def _count(self, payload: bytes | None) -> None:
        try:
            entry = CachedTranslation.from_payload(payload or b"")
        except ValidationError:
            return  # of another version
        self.spent.add(entry)
        if self._size:
            self._cache.pop(entry.text_id, None)
            self._cache[entry.text_id] = entry
            if len(self._cache) > self._size:
                del self._cache[next(iter(self._cache))]


def _to_message(entry: CachedTranslation) -> Message:
    headers = cloud_event_headers(
        event_id=entry.text_id, source=_SOURCE, event_type=TRANSLATIONS.ce_type, time=entry.at
    )
    return Message(TRANSLATIONS, entry.text_id.encode(), entry.to_payload(), headers)
