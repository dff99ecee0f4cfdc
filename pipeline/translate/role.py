"""Role ``translate``: enriched records in another language in; the same with a translation out.

An offset is committed once each comment of the batch has its translation on the Kafka topic, or is
left as it is for a reason that is counted. A batch that is read again finds its translations in the
ledger, and publishes the same events again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

import structlog
from pydantic import ValidationError

from pipeline.enrich.analyzer import CommentAnalyzer
from pipeline.enrich.loading import load_analyzer
from pipeline.enrich.role import to_message
from pipeline.failures import Failure
from pipeline.kafka.dead_letters import publish_dead_letters
from pipeline.kafka.producer import BatchProducer, open_producer
from pipeline.kafka.reader import Record
from pipeline.kafka.retry import retry_until_available
from pipeline.settings import Settings
from pipeline.streams.loop import Agent, Control
from pipeline.translate.batching import WaitingText
from pipeline.translate.judging import judge_translation
from pipeline.translate.later_revisions import LaterRevisions, list_partitions
from pipeline.translate.ledger import Ledger
from pipeline.translate.selection import may_need_translation, needs_translation, source_language
from pipeline.translate.services import create_service
from pipeline.translate.settings import TranslateSettings, require_translate_settings
from pipeline.translate.translator import Outcome, Translator, Untranslated, is_translated
from schemas.cached_translation import CachedTranslation
from schemas.feedback import EnrichedFeedback

_STAGE: Final = "translate"

log = structlog.get_logger(__name__)


class Candidate(NamedTuple):
    """A comment to translate, and its place in the batch."""

    place: int
    record: EnrichedFeedback


async def start_role(settings: Settings, control: Control, stack: AsyncExitStack) -> Agent:
    """Return the role's agent; raises ``CommandError`` without ``[translate]``."""
    options = require_translate_settings(settings)
    analyzer = load_analyzer(settings)
    producer = await open_producer(settings.kafka, stack)
    service, api = create_service(options)
    stack.push_async_callback(api.close)
    ledger = Ledger(settings.kafka, producer, size=options.cache)
    stack.push_async_callback(ledger.close)
    later = LaterRevisions(settings.kafka)
    stack.push_async_callback(later.close)
    translator = Translator(options, service, ledger)
    loop = TranslateLoop(options, translator, analyzer, producer, later)
    return partial(control.run, loop=loop)


class TranslateLoop:
    """Processes batches of enriched payloads."""

    # Texts of half a second share requests; a translation is not awaited by anyone.
    max_batches = 24
    max_wait_s = 0.5

    def __init__(
        self,
        settings: TranslateSettings,
        translator: Translator,
        analyzer: CommentAnalyzer,
        producer: BatchProducer,
        later: LaterRevisions,
    ) -> None:
        self._settings = settings
        self._translator = translator
        self._analyzer = analyzer
        self._producer = producer
        self._later = later

    async def handle(self, records: Sequence[Record]) -> None:
        """Translate a batch; returns when the brokers have all of it."""
        candidates = self._select(records)
        self._later.note(records)
        if candidates:
            await self._translate(records, candidates)

    def _select(self, records: Sequence[Record]) -> list[Candidate]:
        candidates = []
        for index, record in enumerate(records):
            payload = record.value or b""
            if not may_need_translation(payload):
                continue
            try:
                enriched = EnrichedFeedback.from_payload(payload)
            except ValidationError:
                continue  # the index role dead-letters it
            if needs_translation(enriched, self._settings.languages):
                candidates.append(Candidate(index, enriched))
        return candidates

    async def _translate(self, records: Sequence[Record], candidates: Sequence[Candidate]) -> None:
        partitions = list_partitions([records[each.place] for each in candidates])
        current = await self._drop_superseded(candidates, partitions)
        by_text: dict[str, list[Candidate]] = {}
        for each in current:
            by_text.setdefault(each.record.text, []).append(each)
        texts = [
            WaitingText(
                text,
                source_language(group[0].record),
                max(each.record.enriched_at for each in group) + self._settings.give_up_after,
            )
            for text, group in by_text.items()
        ]
        sent = self._translator.characters
        left: Counter[str] = Counter()
        translated = 0
        async for outcomes in self._translator.translate_all(texts):
            of_outcomes = [each for text in outcomes for each in by_text[text]]
            translated += await self._publish(records, outcomes, of_outcomes, partitions)
            left.update(await self._leave(records, outcomes, of_outcomes))
        log.info(
            "comments_translated",
            comments=translated,
            superseded=len(candidates) - len(current),
            characters=self._translator.characters - sent,
            texts=len(texts),
        )
        for reason, comments in left.items():
            log.warning("comments_left_untranslated", reason=reason, comments=comments)

    async def _drop_superseded(
        self, candidates: Sequence[Candidate], partitions: Sequence[int]
    ) -> list[Candidate]:
        await retry_until_available(partial(self._later.read_ahead, partitions))
        return [each for each in candidates if not self._later.is_superseded(each.record)]

    async def _publish(
        self,
        records: Sequence[Record],
        outcomes: Mapping[str, Outcome],
        candidates: Sequence[Candidate],
        partitions: Sequence[int],
    ) -> int:
        """Publish the translated comments; return their number once the brokers have them."""
        judged, failures = self._judge(outcomes, candidates)
        await publish_dead_letters(self._producer, _STAGE, records, failures)
        if not judged:
            return 0
        await retry_until_available(partial(self._later.read_ahead, partitions))
        messages = [to_message(each) for each in judged if not self._later.is_superseded(each)]
        too_large = await retry_until_available(partial(self._producer.write, messages))
        for failure in too_large:
            log.warning("translation_dropped", reason=failure.reason)
        return len(messages) - len(too_large)

    def _judge(
        self, outcomes: Mapping[str, Outcome], candidates: Sequence[Candidate]
    ) -> tuple[list[EnrichedFeedback], list[Failure]]:
        """Return the records with their translations, and those that a stage cannot judge."""
        at = datetime.now(UTC)
        judged, failures = [], []
        for each in candidates:
            entry, text = outcomes[each.record.text], each.record.text
            if not isinstance(entry, CachedTranslation) or not is_translated(entry.text, text):
                continue
            try:
                judged.append(judge_translation(self._analyzer, each.record, entry, at))
            except Exception as error:  # a failing stage must not stop the stream
                kind = type(error).__name__
                reason = f"judging a translation: {kind}"
                failures.append(Failure(each.place, reason, kind, retryable=False))
        return judged, failures

    async def _leave(
        self,
        records: Sequence[Record],
        outcomes: Mapping[str, Outcome],
        candidates: Sequence[Candidate],
    ) -> Counter[str]:
        """Dead-letter what the service refuses; return the comments that stay as they are."""
        left: Counter[str] = Counter()
        refused = []
        for each in candidates:
            outcome = outcomes[each.record.text]
            if isinstance(outcome, CachedTranslation):
                left["unchanged"] += not is_translated(outcome.text, each.record.text)
                continue
            left[outcome.value] += 1
            if outcome is Untranslated.REFUSED:
                reason = "translating a comment: the service refuses the text"
                refused.append(Failure(each.place, reason, "TextsRefused", retryable=False))
        await publish_dead_letters(self._producer, _STAGE, records, refused)
        return +left
