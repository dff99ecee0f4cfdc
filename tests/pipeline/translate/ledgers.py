"""A ledger without Kafka, and a clock that moves only when something sleeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.settings import KafkaConnection
from pipeline.translate.batching import WaitingText
from pipeline.translate.ledger import Ledger
from pipeline.translate.services import create_service
from pipeline.translate.settings import build_translate_settings
from pipeline.translate.translator import Outcome, Translator
from schemas.cached_translation import CachedTranslation
from tests.support.fake_service import Served
from tests.support.translators import FakeTranslator

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class LocalLedger(Ledger):
    """Keeps in memory what the other publishes."""

    def __init__(self, size: int = 100) -> None:
        super().__init__(KafkaConnection("127.0.0.1:9"), None, size=size)
        self.entries: list[CachedTranslation] = []

    async def refresh(self) -> None:
        """Read nothing."""

    async def add(self, entries: Sequence[CachedTranslation]) -> None:
        """Keep the translations."""
        self.entries += entries
        for entry in entries:
            self._count(entry.to_payload())


class Clock:
    """The time, and the sleeps that moved it."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class Desk:
    """A translator of a fake service, with its ledger and its clock."""

    def __init__(self, translator: Translator, ledger: LocalLedger, clock: Clock) -> None:
        self.translator, self.ledger, self.clock = translator, ledger, clock

    async def translate(
        self, *texts: str, language: str | None = "de", hours: float = 24
    ) -> dict[str, Outcome]:
        """Return the outcome of each text; they wait for these hours at most."""
        until = self.clock.now + timedelta(hours=hours)
        outcomes: dict[str, Outcome] = {}
        waiting = [WaitingText(text, language, until) for text in texts]
        async for some in self.translator.translate_all(waiting):
            assert not outcomes.keys() & some.keys()
            outcomes.update(some)
        return outcomes


@asynccontextmanager
async def open_desk(
    fake: FakeTranslator, ledger: LocalLedger | None = None, **changes: Any
) -> AsyncIterator[Desk]:
    """Serve the fake, and yield a translator that asks it."""
    with Served(fake.app) as served:
        table = fake.settings(**{"url": served.url, **changes})
        settings = build_translate_settings({"translate": table}, lambda _: None)
        assert settings is not None
        service, api = create_service(settings)
        ledger, clock = ledger or LocalLedger(settings.cache), Clock()
        translator = Translator(settings, service, ledger, sleep=clock.sleep, now=lambda: clock.now)
        try:
            yield Desk(translator, ledger, clock)
        finally:
            await api.close()
