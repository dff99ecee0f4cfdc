"""Translations of texts: from the ledger, otherwise by the service, within the budget.

A service that does not answer is asked again, with growing waits, until the texts have waited too
long. A request that is refused is halved, until the text that causes it is alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import structlog

from pipeline.failures import TransientError
from pipeline.kafka.retry import retry_until_available
from pipeline.translate.batching import WaitingText, match_language, pack_requests
from pipeline.translate.ledger import BudgetExhausted, Ledger, check_budget
from pipeline.translate.service import (
    ServiceUnavailable,
    TextsRefused,
    Translated,
    TranslationService,
)
from pipeline.translate.settings import TranslateSettings
from schemas.cached_translation import CachedTranslation, derive_text_id

PROBE: Final = "Guten Tag."
"""A text that every service translates; it shows whether the settings or the texts are at fault."""
PROBE_LANGUAGE: Final = "de"
_MAX_WAIT_S: Final = 300.0
_LANGUAGES_LAST: Final = timedelta(days=1)

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Untranslated(StrEnum):
    """Reason why a text has no translation."""

    LANGUAGE = "language"
    """The service does not translate from its language."""
    TOO_LONG = "too_long"
    TOO_LATE = "too_late"
    """It waited for the service, or for the budget, for as long as the settings allow."""
    REFUSED = "refused"


Outcome = CachedTranslation | Untranslated


class _OverBudget(Exception):
    """The texts of a request do not fit what is left of the budget; some of them may."""


class Translator:
    """Translates texts; for one task at a time."""

    def __init__(
        self,
        settings: TranslateSettings,
        service: TranslationService,
        ledger: Ledger,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._service = service
        self._ledger = ledger
        self._sleep = sleep
        self._now = now
        self._languages: frozenset[str] | None = None
        self._languages_at: datetime | None = None
        self.characters = 0
        """Number of characters sent to the service."""

    async def translate_all(
        self, texts: Sequence[WaitingText]
    ) -> AsyncIterator[dict[str, Outcome]]:
        """Yield outcomes by text, as they arrive; every distinct text is in one of them.

        A translation is in the ledger before it is yielded.
        """
        waiting = {each.text: each for each in texts}
        await retry_until_available(self._ledger.refresh)
        now = self._now()
        outcomes: dict[str, Outcome] = {}
        for text, each in waiting.items():
            entry = self._ledger.get(derive_text_id(text))
            if entry is not None:
                outcomes[text] = entry
            elif len(text) > self._settings.max_length:
                outcomes[text] = Untranslated.TOO_LONG
            elif each.until <= now:
                outcomes[text] = Untranslated.TOO_LATE
        if outcomes:
            yield outcomes
        rest = [each for text, each in waiting.items() if text not in outcomes]
        async for outcomes in self._ask_for_all(rest):
            yield outcomes

    async def _ask_for_all(self, texts: Sequence[WaitingText]) -> AsyncIterator[dict[str, Outcome]]:
        if not texts:
            return
        without, languages = await self._wait_for(texts, self._list_languages)
        requests = []
        for each in texts:
            if each.text in without:
                continue
            code = match_language(each.language, languages) if languages and each.language else None
            if languages and each.language and code is None:
                without[each.text] = Untranslated.LANGUAGE
            else:
                requests.append(each._replace(language=code))
        if without:
            yield without
        for request in pack_requests(requests, self._service.limits):
            async for outcomes in self._send(request):
                yield outcomes

    async def _send(self, request: list[WaitingText]) -> AsyncIterator[dict[str, Outcome]]:
        """Yield the outcomes of one request, or of its halves."""
        try:
            late, translated = await self._wait_for(request, self._ask)
        except (TextsRefused, _OverBudget) as error:
            if len(request) == 1:
                log.warning("translation_refused", reason=str(error))
                yield {request[0].text: Untranslated.REFUSED}
                return
            middle = len(request) // 2
            for half in (request[:middle], request[middle:]):
                async for outcomes in self._send(half):
                    yield outcomes
            return
        yield {**late, **(translated or {})}

    async def _ask(self, request: Sequence[WaitingText]) -> dict[str, Outcome]:
        """Ask the service once.

        Raises ``TransientError``, :class:`TextsRefused` or :class:`_OverBudget`.
        """
        texts = [each.text for each in request]
        await self._ledger.refresh()  # other workers spend too
        try:
            check_budget(self._settings, self._ledger.spent, sum(map(len, texts)), self._now())
        except BudgetExhausted:
            if len(request) == 1:
                raise
            raise _OverBudget from None
        try:
            answers = await self._service.translate(texts, request[0].language)
        except TextsRefused:
            if len(request) == 1:
                await self._probe()
            raise
        entries = [
            self._to_entry(each, translated)
            for each, translated in zip(request, answers, strict=True)
        ]
        self.characters += sum(entry.characters for entry in entries)
        await self._ledger.add(entries)
        return {each.text: entry for each, entry in zip(request, entries, strict=True)}

    async def _probe(self) -> None:
        """Raise :class:`ServiceUnavailable` if the service refuses any text."""
        try:
            await self._service.translate([PROBE], PROBE_LANGUAGE)
        except TextsRefused as error:
            wait = timedelta(seconds=_MAX_WAIT_S)
            raise ServiceUnavailable(f"{error}; are the settings right?", wait) from None

    def _to_entry(self, request: WaitingText, translated: Translated) -> CachedTranslation:
        language = request.language or translated.detected or "und"
        return CachedTranslation(
            text_id=derive_text_id(request.text),
            text=translated.text,
            language=language.lower().partition("-")[0],
            service=self._service.name,
            characters=len(request.text),
            at=self._now(),
        )

    async def _list_languages(self, _: Sequence[object]) -> frozenset[str]:
        """Return the service's languages; empty if it does not tell them."""
        now = self._now()
        is_old = self._languages_at is None or now - self._languages_at > _LANGUAGES_LAST
        if self._languages is None or is_old:
            try:
                self._languages = await self._service.list_languages()
            except TextsRefused:
                self._languages = frozenset()
            self._languages_at = now
        return self._languages

    async def _wait_for(
        self,
        texts: Sequence[WaitingText],
        attempt: Callable[[Sequence[WaitingText]], Awaitable[T]],
    ) -> tuple[dict[str, Outcome], T | None]:
        """Attempt it for the texts until it succeeds, or all of them have waited too long.

        Return those that have, and the result of the attempt for the others.
        """
        late: dict[str, Outcome] = {}
        rest, number = list(texts), 0
        while True:
            try:
                return late, await attempt(rest)
            except TransientError as error:
                number += 1
                wait_s = min(_wait_s(error, number), self._seconds_left(rest))
                log.warning(
                    "translation_delayed", reason=str(error), attempt=number, texts=len(rest)
                )
                await self._sleep(wait_s)
            now = self._now()
            late.update({each.text: Untranslated.TOO_LATE for each in rest if each.until <= now})
            rest = [each for each in rest if each.until > now]
            if not rest:
                return late, None

    def _seconds_left(self, texts: Sequence[WaitingText]) -> float:
        first = min(each.until for each in texts)
        return max(0.0, (first - self._now()).total_seconds())


def _wait_s(error: TransientError, attempt: int) -> float:
    """Return the wait that the error asks for, otherwise a growing one with jitter."""
    if error.retry_after is not None:
        return error.retry_after.total_seconds()
    return min(2.0 ** min(attempt, 16), _MAX_WAIT_S)
