"""What became of the requests, as one log line a minute instead of one for each."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import structlog

from connectors.sdk.source import Source

_EVERY_S: Final = 60.0

log = structlog.get_logger("serve")


class Counts:
    """Counts of each instance since the last line."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}

    def add(self, source: Source, records: int, dead: int) -> None:
        """Count a request that was taken."""
        counter = self._of(source)
        counter["requests"] += 1
        counter["records"] += records
        counter["dead_letters"] += dead

    def add_refusal(self, source: Source, status: int) -> None:
        """Count a request that was refused."""
        self._of(source)[f"status_{status}"] += 1

    def add_robot(self, source: Source) -> None:
        """Count a submission of a program that fills in every field."""
        self._of(source)["robots"] += 1

    def _of(self, source: Source) -> Counter[str]:
        return self._counts.setdefault(f"{source.name}.{source.context.instance}", Counter())

    def say(self) -> None:
        """Write a line for each instance that was called."""
        counts, self._counts = self._counts, {}
        for label, counter in counts.items():
            log.info("received", instance=label, **{k: n for k, n in counter.items() if n})

    async def say_on_and_on(self) -> None:
        """Write them every minute."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self.say()
