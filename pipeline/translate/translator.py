"""Translations of texts: from the ledger, otherwise by the service, within the budget.

A service that does not answer is asked again, with growing waits, until the texts have waited too
long. A request that is refused is halved, until the text that causes it is alone; so is one at
which the service keeps failing, and not at another text.
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
_MIN_WAIT: Final = timedelta(seconds=1)
_MAX_WAIT_S: Final = 300.0
_MAX_GROWTH: Final = 10
_MIN_BOUND: Final = 1_000
"""A translation that is longer than ten times its text and this is none: models repeat themselves
without end, and it must fit a Kafka message."""
_LANGUAGES_LAST: Final = timedelta(days=1)
_MAX_FAILURES: Final = 3
_MAX_FAILURES_ALONE: Final = 6
"""Failures of a request, and of a text alone, after which another text is tried first: what is sent
may be billed, and the text may be the cause."""

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
            if entry is not None and not self._may_know_more(entry, text):
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

    def _may_know_more(self, entry: CachedTranslation, text: str) -> bool:
        """Return True if another service left the text as it was: this one may translate it."""
        return entry.service != self._service.name and not is_translated(entry.text, text)

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
        failures = 0

        async def ask(texts: Sequence[WaitingText]) -> dict[str, Outcome]:
            nonlocal failures
            most = _MAX_FAILURES if len(texts) > 1 else _MAX_FAILURES_ALONE
            if failures >= most:
                await self._probe()
            try:
                return await self._ask(texts)
            except ServiceUnavailable as error:
                failures += error.may_be_texts
                if not error.may_be_texts or failures <= most:
                    raise
                raise TextsRefused(f"{error}, {failures} times") from None

        try:
            late, translated = await self._wait_for(request, ask)
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
        except (ServiceUnavailable, TextsRefused) as error:
            if error.may_be_billed:
                await self._count_lost(texts)
            if len(request) == 1 and isinstance(error, TextsRefused):
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
            language = match_language(PROBE_LANGUAGE, self._languages or ())
            await self._service.translate([PROBE], language)
        except TextsRefused as error:
            wait = timedelta(seconds=_MAX_WAIT_S)
            message = f"{error}; are the settings right?"
            raise ServiceUnavailable(message, wait, may_be_texts=True) from None

    async def _count_lost(self, texts: Sequence[str]) -> None:
        """Count characters that have no translation and may be billed, as of an empty text."""
        lost = WaitingText("", None, self._now())
        entry = self._to_entry(lost, Translated("", None))
        characters = sum(map(len, texts))
        await self._ledger.add([entry.model_copy(update={"characters": characters})])
        self.characters += characters

    def _to_entry(self, request: WaitingText, translated: Translated) -> CachedTranslation:
        language = request.language or translated.detected or "und"
        is_absurd = len(translated.text) > _MIN_BOUND + _MAX_GROWTH * len(request.text)
        return CachedTranslation(
            text_id=derive_text_id(request.text),
            text="" if is_absurd else translated.text,
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


def is_translated(translation: str, text: str) -> bool:
    """Return True if the service translated anything."""
    return bool(translation.strip()) and translation.strip() != text.strip()


def _wait_s(error: TransientError, attempt: int) -> float:
    """Return the wait that the error asks for, otherwise, or if that is none, a growing one."""
    if error.retry_after is not None and error.retry_after >= _MIN_WAIT:
        return error.retry_after.total_seconds()
    return min(2.0 ** min(attempt, 16), _MAX_WAIT_S)
